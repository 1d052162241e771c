// Everything that reached a device was committed exactly so, and everything committed was written by somebody.
import ChatProtocol

extension SimChecks {
    static func noInvention(_ evidence: SimEvidence) -> [String] {
        deliveredRows(evidence) + committedMessages(evidence)
    }

    private static func deliveredRows(_ evidence: SimEvidence) -> [String] {
        var wrong: [String] = []
        for connection in evidence.history.connections {
            for received in connection.received {
                let seen = SimSeen(received)
                if case .unreadable = seen { wrong.append("a frame at \(received.at) cannot be read") }
                for message in seen.messages {
                    let key = SimEvidence.RowKey(conversation: message.conversation, seq: message.seq, rev: message.rev)
                    var plain = message
                    plain.mine = nil
                    guard let row = evidence.rows[key] else {
                        wrong.append(
                            "d\(connection.device) saw \(message.seq) with rev \(message.rev), which never was"
                        )
                        continue
                    }
                    if plain != row { wrong.append("d\(connection.device) saw \(plain) instead of \(row)") }
                }
            }
        }
        return wrong
    }

    private static func committedMessages(_ evidence: SimEvidence) -> [String] {
        var wrong: [String] = []
        var byKey: [SimHistory.SendKey: SimHistory.Sending] = [:]
        for sending in evidence.sendings { byKey[sending.key] = sending }
        let attempts = attempts(evidence)
        for (conversation, messages) in evidence.posted.sorted(by: { $0.key < $1.key }) {
            for (_, message) in messages {
                let key = SimHistory.SendKey(user: message.sender, conversation: conversation, nonce: message.nonce)
                guard let sending = byKey[key] else {
                    wrong.append("\(message.nonce) was never written")
                    continue
                }
                if !sending.sends.contains(where: { $0.body == message.body && $0.replyTo == message.replyTo }) {
                    wrong.append("\(message.nonce) has a text that was never written: \(message.body)")
                }
                let isRefused = sending.acknowledged.isEmpty && !sending.isUncertain && !sending.refused.isEmpty
                if isRefused, attempts[key] == 1 {
                    wrong.append("\(message.nonce) was refused (\(sending.refused[0]))")
                }
            }
        }
        let edits = Set(
            evidence.history.operations.compactMap { operation -> String? in
                guard case .edit(let conversation, let seq, let body, _) = operation.command else { return nil }
                return "\(operation.user) \(conversation) \(seq) \(body)"
            }
        )
        for row in evidence.rows.values where row.editedAt != nil && !row.isDeleted {
            if !edits.contains("\(row.sender) \(row.conversation) \(row.seq) \(row.body)") {
                wrong.append("an edit of \(row.nonce) was never asked for")
            }
        }
        return wrong.sorted()
    }

    /// How often each message went out.
    static func attempts(_ evidence: SimEvidence) -> [SimHistory.SendKey: Int] {
        var attempts: [SimHistory.SendKey: Int] = [:]
        for connection in evidence.history.connections {
            for (_, frame) in connection.sent {
                guard case .send(let send) = frame.command else { continue }
                let key = SimHistory.SendKey(
                    user: connection.user,
                    conversation: send.conversation,
                    nonce: send.nonce
                )
                attempts[key, default: 0] += 1
            }
        }
        return attempts
    }
}
