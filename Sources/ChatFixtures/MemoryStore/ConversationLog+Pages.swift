// What is read of a conversation's log: history by `seq`, changes by `rev`.
package import ChatCore
package import ChatProtocol

extension ConversationLog {
    /// A row of any kind.
    private enum Row {
        case conversation
        case member(MemberRow)
        case message(MessageRow)
    }

    /// Rows above a position in `rev` order over all kinds.
    private func rows(since: Int64) -> [(rev: Int64, row: Row)] {
        var rows: [(rev: Int64, row: Row)] = []
        for member in members where member.rev > since { rows.append((member.rev, .member(member))) }
        // Of a deleted conversation only the departures are left to tell.
        guard !isDeleted else { return rows.sorted { $0.rev < $1.rev } }
        if rev > since { rows.append((rev, .conversation)) }
        for message in messages where message.rev > since { rows.append((message.rev, .message(message))) }
        return rows.sorted { $0.rev < $1.rev }
    }

    /// The log above a position for everybody; `nil` if there is nothing above it.
    package func event(since: Int64, limit: Int = .max) -> LogEvent? {
        guard head > since else { return nil }
        let all = rows(since: since)
        let shown = all.prefix(limit)
        var event = LogEvent(
            conversation: id,
            after: since,
            rev: all.count > limit ? shown.last?.rev ?? since : head,
            memberCount: memberCount
        )
        for (_, row) in shown {
            switch row {
            case .conversation:
                event.row = view()
            case .message(let message):
                event.messages.append(view(message))
            case .member(let member):
                event.members.append(view(member))
                if member.isPresent, member.joinedRev > since { event.arrivals.append(member.user) }
                if !member.isPresent { event.departures.append(Self.departure(member)) }
            }
        }
        return event
    }

    private static func departure(_ member: MemberRow) -> LogEvent.Departure {
        LogEvent.Departure(user: member.user, reason: member.leftReason ?? .left)
    }

    /// Rows above a position for one reader.
    package func changes(since: Int64, limit: Int, reader: UserID) -> ChangesPage {
        guard since <= head else { return ChangesPage(conversation: id, upTo: head, head: head, reset: true) }
        let tellsMembers = memberCount <= Int64(FixedLimits.memberEventMembers)
        let all = rows(since: since).filter { _, row in
            guard case .member(let member) = row else { return true }
            return tellsMembers && (since > 0 || member.isPresent)
        }
        let shown = all.prefix(limit)
        var page = ChangesPage(conversation: id, upTo: head, head: head)
        if all.count > limit {
            page.more = true
            page.upTo = shown.last?.rev ?? since
        }
        for (_, row) in shown {
            switch row {
            case .conversation: page.row = view()
            case .message(let message): page.messages.append(view(message, reader: reader))
            case .member(let member): page.members.append(view(member))
            }
        }
        return page
    }

    package func history(_ bound: HistoryBound, limit: Int, reader: UserID) throws(ChatError) -> HistoryPage {
        let count = messages.count
        let range: Range<Int>
        let more: Bool
        switch bound {
        case .newest:
            range = max(0, count - limit)..<count
            more = range.lowerBound > 0
        case .before(let seq):
            let end = Int(max(0, min(seq - 1, Int64(count))))
            range = max(0, end - limit)..<end
            more = range.lowerBound > 0
        case .after(let seq):
            let start = Int(min(max(0, seq), Int64(count)))
            range = start..<min(count, start + limit)
            more = range.upperBound < count
        case .around(let seq):
            guard seq >= 1, seq <= count else { throw .notFound }
            let start = max(0, Int(seq) - 1 - limit / 2)
            range = start..<min(count, Int(seq) - 1 + (limit + 1) / 2)
            more = range.lowerBound > 0 || range.upperBound < count
        case .at(let time):
            let start = messages.firstIndex { $0.sentAt >= time } ?? count
            range = start..<min(count, start + limit)
            more = range.upperBound < count
        }
        return HistoryPage(messages: messages[range].map { view($0, reader: reader) }, more: more)
    }
}
