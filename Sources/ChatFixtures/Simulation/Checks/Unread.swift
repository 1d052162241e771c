// Unread counts, by counting: messages of others above the marker that are not deleted. And markers that never go back.
import ChatClient
import ChatProtocol

extension SimChecks {
    static func unread(_ evidence: SimEvidence) -> [String] {
        var wrong: [String] = []
        for device in evidence.devices {
            for log in evidence.log.logs {
                guard let member = log.member(device.user), let replica = device.machine.replica(of: log.id) else {
                    continue
                }
                let count = Int64(
                    log.messages.filter { $0.seq > member.readSeq && $0.sender != device.user && !$0.isDeleted }.count
                )
                if log.unread(member) != count {
                    wrong.append(
                        "\(log.unread(member)) are unread in \(log.id) for \(device.user), by counting \(count)"
                    )
                }
                guard device.configuration.bootstrap == .everything, replica.unread != count else { continue }
                wrong.append("\(device.name) has \(replica.unread) unread in \(log.id), by counting \(count)")
            }
        }
        for connection in evidence.history.connections {
            for received in connection.received {
                guard case .event(.own(_, _, let rows)) = SimSeen(received) else { continue }
                for case .membership(let row) in rows where row.state.unread < 0 || row.state.mentions < 0 {
                    wrong.append("\(row.state.unread) unread were told at \(received.at)")
                }
            }
        }
        return wrong + markers(evidence)
    }

    /// A marker that was answered is there at the end, unless its owner left in between.
    private static func markers(_ evidence: SimEvidence) -> [String] {
        evidence.history.operations.compactMap { operation in
            // What cannot be read (try?) is another command's answer.
            guard case .read(let conversation, .upTo) = operation.command, case .success(let json)? = operation.result,
                let state = try? ReadState(json: json), let log = evidence.log.conversation(conversation),
                let member = log.member(operation.user)
            else { return nil }
            let key = SimEvidence.MemberKey(conversation: conversation, user: operation.user)
            guard let stay = evidence.stays[key]?.last, stay.joinedAt <= operation.at else { return nil }
            guard member.readSeq < state.readSeq else { return nil }
            return "the marker \(state.readSeq) of \(operation.user) went back to \(member.readSeq)"
        }
    }
}
