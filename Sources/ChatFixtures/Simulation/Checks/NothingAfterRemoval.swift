// Nobody sees what was written after they were out, by the log's own order; nor what was never theirs.
import ChatProtocol

extension SimChecks {
    static func nothingAfterRemoval(_ evidence: SimEvidence) -> [String] {
        var wrong: [String] = []
        for connection in evidence.history.connections {
            for received in connection.received {
                let seen = SimSeen(received)
                var numbers = seen.messages.map { ($0.conversation, $0.rev) }
                numbers += seen.members.map { ($0.conversation, $0.rev) }
                if case .event(let event) = seen, let place = event.place { numbers.append(place) }
                for (conversation, rev) in numbers
                where !evidence.maySee(connection.user, conversation, rev: rev, at: received.at) {
                    wrong.append("d\(connection.device) saw rev \(rev) of \(conversation) at \(received.at)")
                }
            }
        }
        return wrong
    }
}

extension Event {
    /// The conversation whose log it is a step of, and how far that step goes.
    fileprivate var place: (ConversationID, Int64)? {
        switch self {
        case .message(let conversation, _, let rev, _), .member(let conversation, _, let rev, _),
            .conversation(let conversation, _, let rev, _), .skip(let conversation, _, let rev),
            .changes(let conversation, _, let rev, _, _, _):
            (conversation, rev)
        case .joined(let conversation, let row): (conversation, row.rev)
        default: nil
        }
    }
}
