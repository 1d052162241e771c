// What a client holds of a conversation, made of events or of pages; both must come to the same.
import ChatCore
import ChatProtocol
import Testing

/// Rows by key; the higher `rev` wins.
struct LogReplica: Equatable {
    private(set) var messages: [Int64: Message] = [:]
    private(set) var members: [UserID: Member] = [:]
    private(set) var row: Conversation?
    private(set) var position: Int64 = 0

    /// Applies one step of the log; it must join on.
    mutating func apply(_ event: LogEvent) {
        #expect(event.after == position)
        #expect(event.rev > event.after)
        let revs = event.messages.map(\.rev) + event.members.map(\.rev)
        #expect(revs.allSatisfy { $0 > event.after && $0 <= event.rev })
        apply(event.messages, event.members, event.row)
        position = event.rev
    }

    /// Applies one page of sync.
    mutating func apply(_ page: ChangesPage) {
        #expect(!page.reset)
        #expect(page.upTo >= position)
        let revs = page.messages.map(\.rev) + page.members.map(\.rev) + (page.row.map { [$0.rev] } ?? [])
        #expect(revs.allSatisfy { $0 > position && $0 <= page.upTo })
        #expect(page.messages.map(\.rev) == page.messages.map(\.rev).sorted())
        #expect(page.members.map(\.rev) == page.members.map(\.rev).sorted())
        if page.more { #expect(revs.max() == page.upTo) } else { #expect(page.upTo == page.head) }
        apply(page.messages, page.members, page.row)
        position = page.upTo
    }

    private mutating func apply(_ newMessages: [Message], _ newMembers: [Member], _ newRow: Conversation?) {
        for var message in newMessages where message.rev > messages[message.seq]?.rev ?? 0 {
            message.mine = nil
            messages[message.seq] = message
        }
        for var member in newMembers where member.rev > members[member.user]?.rev ?? 0 {
            member.readSeq = nil
            members[member.user] = member
        }
        if var newRow, newRow.rev > row?.rev ?? 0 {
            // Derived: no part of the row's state.
            newRow.head = 0
            newRow.lastSeq = 0
            newRow.memberCount = 0
            row = newRow
        }
    }

    /// Without members who left: what a client shows.
    var shown: LogReplica {
        var copy = self
        copy.members = members.filter { $0.value.leftAt == nil }
        return copy
    }
}

/// What a device holds of its user's own log.
struct OwnReplica: Equatable {
    enum Key: Hashable {
        case membership(ConversationID)
        case settings
        case session(SessionID)
        case reaction(ConversationID, Int64)
    }

    private(set) var rows: [Key: OwnRow] = [:]
    private(set) var position: Int64 = 0

    mutating func apply(_ event: OwnEvent) {
        #expect(event.after == position)
        #expect(event.rev > event.after)
        #expect(event.rows.map(\.rev) == event.rows.map(\.rev).sorted())
        #expect(event.rows.last?.rev == event.rev)
        apply(event.rows)
        position = event.rev
    }

    mutating func apply(_ page: OwnPage) {
        #expect(!page.reset)
        #expect(page.rows.map(\.rev) == page.rows.map(\.rev).sorted())
        #expect(page.rows.allSatisfy { $0.rev > position && $0.rev <= page.upTo })
        apply(page.rows)
        position = page.upTo
    }

    private mutating func apply(_ new: [OwnRow]) {
        for row in new where row.rev > rows[Self.key(row)]?.rev ?? 0 {
            rows[Self.key(row)] = Self.withoutDerived(row)
        }
    }

    private static func key(_ row: OwnRow) -> Key {
        switch row {
        case .membership(let row): .membership(row.conversation)
        case .settings: .settings
        case .session(let row): .session(row.id)
        case .reaction(let row): .reaction(row.conversation, row.seq)
        }
    }

    /// Unread counts go with the conversation's log, not with the row.
    private static func withoutDerived(_ row: OwnRow) -> OwnRow {
        guard case .membership(var membership) = row else { return row }
        membership.state.unread = 0
        membership.state.mentions = 0
        return .membership(membership)
    }

    /// Without what is over: memberships, sessions, and reactions where one is no member or the message is gone.
    func shown(deleted: [ConversationID: Set<Int64>]) -> OwnReplica {
        var copy = self
        copy.rows = rows.filter { _, row in
            switch row {
            case .membership(let row): !row.left
            case .session(let row): !row.ended
            case .settings: true
            case .reaction(let row): isMember(row.conversation) && deleted[row.conversation]?.contains(row.seq) != true
            }
        }
        return copy
    }

    private func isMember(_ conversation: ConversationID) -> Bool {
        guard case .membership(let row)? = rows[.membership(conversation)] else { return false }
        return !row.left
    }
}
