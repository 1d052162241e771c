// How rows enter a replica: the higher `rev` wins, what is outside the loaded ranges is dropped.

import ChatProtocol

extension ConversationReplica {
    /// Takes a message's row. Answers the row as it is now if anything changed that the app can see.
    mutating func apply(_ message: Message, sentBy reader: UserID?) -> Message? {
        var message = message
        if let mine = earlyMine.removeValue(forKey: message.seq), message.mine == nil, !message.isDeleted,
            rows[message.seq] == nil
        {
            message.mine = mine
        }
        lastSeq = max(lastSeq, message.seq)
        // Sending moves the marker to one's own message.
        if message.sender == reader, let readSeq = own?.readSeq, readSeq < message.seq { own?.readSeq = message.seq }
        if var last = lastMessage, last.seq >= message.seq {
            if last.seq == message.seq, MessageRows.merge(message, into: &last) { lastMessage = last }
        } else {
            lastMessage = message
        }
        guard ranges.contains(message.seq) else {
            if reads > 0 { remember(message) }
            return nil
        }
        return rows.merge(message) ? rows[message.seq] : nil
    }

    /// Takes a membership's row. Answers the row as it is now if anything changed.
    mutating func apply(_ member: Member) -> Member? {
        guard var stored = memberRows[member.user] else {
            memberRows[member.user] = member
            return member
        }
        let readSeq = max(stored.readSeq ?? 0, member.readSeq ?? 0)
        let changed = member.rev > stored.rev || readSeq > (stored.readSeq ?? 0)
        guard changed else { return nil }
        if member.rev > stored.rev { stored = member }
        if readSeq > 0 { stored.readSeq = readSeq }
        memberRows[member.user] = stored
        return stored
    }

    /// Takes the conversation's row, as `sync` and events tell it. Answers whether anything changed.
    mutating func apply(row new: Conversation) -> Bool {
        lastSeq = max(lastSeq, new.lastSeq)
        var changed = false
        if new.head >= memberCountAt {
            memberCountAt = new.head
            changed = row.memberCount != new.memberCount
            row.memberCount = new.memberCount
        }
        guard new.rev > row.rev else { return changed }
        let memberCount = row.memberCount
        row = new
        row.memberCount = memberCount
        row.own = nil
        row.members = nil
        row.lastMessage = nil
        return true
    }

    /// Takes somebody's read marker. Answers whether anything changed.
    mutating func apply(readSeq: Int64, of user: UserID) -> Bool {
        guard let known = memberRows[user], readSeq > known.readSeq ?? 0 else { return false }
        memberRows[user]?.readSeq = readSeq
        return true
    }

    /// Takes a page of `history`: messages without holes. Answers the rows that are new or changed.
    mutating func load(_ page: [Message], sentBy reader: UserID?) -> [Message] {
        var changed: [Int64] = []
        // Too much was heard meanwhile to know that the page is up to date: its range is not loaded.
        let runs = isHeardIncomplete ? [] : Self.runs(page)
        for run in runs { ranges.insert(run) }
        for message in page where apply(overridden(message), sentBy: reader) != nil { changed.append(message.seq) }
        // What was heard meanwhile may be newer. It comes second, for it says nothing of the reader's reactions.
        for (seq, message) in heardRows where runs.contains(where: { $0.contains(seq) }) {
            heardRows[seq] = nil
            if rows.merge(message) { changed.append(seq) }
        }
        return Set(changed).sorted().compactMap { rows[$0] }
    }

    /// Applies rows that an event or a read brought. - Returns: those that changed something, as they are now.
    mutating func apply(_ messages: [Message], reader: UserID?) -> [Message] {
        var changed: [Message] = []
        for message in messages {
            if let row = apply(overridden(message), sentBy: reader) { changed.append(row) }
        }
        return changed
    }

    /// A row that a read brought, with the reader's reactions heard since the read was asked for.
    func overridden(_ message: Message) -> Message {
        guard message.mine != nil, let mine = heardMine[message.seq] else { return message }
        var message = message
        message.mine = mine
        return message
    }

    /// A read is under way: until it ends, rows and reactions that come meanwhile are remembered.
    mutating func beginRead() { reads += 1 }

    /// A read has ended and its rows were applied.
    mutating func endRead() {
        reads = max(0, reads - 1)
        if reads == 0 { forgetReads() }
    }

    /// No read is under way (any more).
    mutating func forgetReads() {
        reads = 0
        heardRows = [:]
        heardMine = [:]
        isHeardIncomplete = false
        forgetFormerMembers()
    }

    /// Memberships that had begun by `rev` and are not among the present ones have ended.
    mutating func forgetMembers(upTo rev: Int64, but present: [Member]) {
        let kept = Set(present.map(\.user))
        memberRows = memberRows.filter { $0.value.rev > rev || kept.contains($0.key) }
    }

    /// Memberships that ended need not be remembered once no older row can come.
    private mutating func forgetFormerMembers() {
        guard memberRows.values.contains(where: { $0.leftAt != nil }) else { return }
        memberRows = memberRows.filter { $0.value.leftAt == nil }
    }

    /// Drops rows of messages until at most `limit` are held: those farthest from `anchor`, without one the oldest.
    /// Answers the ranges that are not held any more.
    mutating func trim(to limit: Int, near anchor: ClosedRange<Int64>?) -> [ClosedRange<Int64>] {
        var dropped: [ClosedRange<Int64>] = []
        while rows.all.count > limit, let first = rows.all.first?.seq, let last = rows.all.last?.seq {
            let excess = rows.all.count - limit
            let below = anchor.map { max(0, $0.lowerBound - first) } ?? .max
            let above = anchor.map { max(0, last - $0.upperBound) } ?? 0
            if below >= above {
                // Not more than what is below the anchor, as long as there is something.
                var bound = rows.all[excess - 1].seq
                if let anchor, first < anchor.lowerBound { bound = min(bound, anchor.lowerBound - 1) }
                rows.remove { $0 <= bound }
                ranges.removeBelow(bound + 1)
                dropped.append(first...bound)
            } else {
                // Not more than what is above the anchor, so that the anchor itself goes last.
                let from = max(rows.all[rows.all.count - excess].seq, (anchor?.upperBound ?? 0) + 1)
                rows.remove { $0 >= from }
                ranges.removeFrom(from, tail: lastSeq + 1)
                dropped.append(from...lastSeq)
            }
        }
        return dropped
    }

    private mutating func remember(_ message: Message) {
        guard var stored = heardRows[message.seq] else {
            if heardRows.count < Self.heardLimit {
                heardRows[message.seq] = message
            } else {
                isHeardIncomplete = true
            }
            return
        }
        if MessageRows.merge(message, into: &stored) { heardRows[message.seq] = stored }
    }

    /// The ranges of consecutive `seq` in a page.
    private static func runs(_ page: [Message]) -> [ClosedRange<Int64>] {
        var runs: [ClosedRange<Int64>] = []
        for seq in page.map(\.seq).sorted() {
            if let last = runs.last, last.upperBound >= seq - 1 {
                runs[runs.count - 1] = last.lowerBound...max(last.upperBound, seq)
            } else {
                runs.append(seq...seq)
            }
        }
        return runs
    }
}
