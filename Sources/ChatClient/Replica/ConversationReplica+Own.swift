// The reader's own state in a conversation: rows of the own log, and numbers that come without a `rev`.

import ChatProtocol

extension ConversationReplica {
    /// Takes a row of the own log: the higher `rev` wins; the marker never goes back. Answers whether anything changed.
    mutating func apply(_ membership: OwnRow.Membership) -> Bool {
        guard membership.rev > ownRev, !membership.left else { return false }
        ownRev = membership.rev
        return replaceOwn(membership.state)
    }

    /// Takes the own state that came with the conversation's row. Answers whether anything changed.
    mutating func replaceOwn(_ state: OwnState) -> Bool {
        let former = own
        own = state
        if let readSeq = former?.readSeq, readSeq > state.readSeq { own?.readSeq = readSeq }
        return own != former
    }

    /// Takes a line of the index. Answers whether anything changed.
    mutating func apply(_ entry: IndexEntry) -> Bool {
        lastSeq = max(lastSeq, entry.lastSeq)
        guard let former = own else { return false }
        own?.readSeq = max(former.readSeq, entry.readSeq)
        own?.unread = entry.unread
        own?.mentions = entry.mentions
        own?.unreadFrom = entry.unreadFrom == 0 ? nil : entry.unreadFrom
        return own != former
    }

    /// Takes the answer to `read`.
    /// - Parameter isNewest: whether no row of the own log came since it was asked for; otherwise that row knows better.
    mutating func apply(_ state: ReadState, isNewest: Bool) -> Bool {
        guard let former = own else { return false }
        own?.readSeq = max(former.readSeq, state.readSeq)
        if isNewest {
            own?.unreadFrom = state.unreadFrom
            own?.unread = state.unread
        }
        return own != former
    }

    /// Takes the reader's reactions to a message. Answers the row if it is held and has changed.
    mutating func apply(_ reaction: OwnRow.ReactionRow) -> Message? {
        if reads > 0 { heardMine[reaction.seq] = reaction.mine }
        if lastMessage?.seq == reaction.seq, lastMessage?.isDeleted == false { lastMessage?.mine = reaction.mine }
        if rows[reaction.seq] == nil, ranges.contains(reaction.seq),
            earlyMine[reaction.seq] != nil || earlyMine.count < Self.earlyLimit
        {
            earlyMine[reaction.seq] = reaction.mine
        }
        return rows.setMine(reaction.mine, seq: reaction.seq) ? rows[reaction.seq] : nil
    }
}
