// Whoever was told that a message is stored finds it there, once, with the number that was told.
import ChatClient
import ChatCore
import ChatProtocol

extension SimChecks {
    static func acknowledgedOnce(_ evidence: SimEvidence) -> [String] {
        var wrong: [String] = []
        var stored: [SimHistory.SendKey: [Int64]] = [:]
        for (conversation, messages) in evidence.posted.sorted(by: { $0.key < $1.key }) {
            for (_, message) in messages {
                let key = SimHistory.SendKey(user: message.sender, conversation: conversation, nonce: message.nonce)
                stored[key, default: []].append(message.seq)
                if stored[key]?.count == 2 { wrong.append("\(message.nonce) in \(conversation) is stored twice") }
            }
        }
        for sending in evidence.sendings {
            for (at, reply) in sending.acknowledged {
                let seqs = stored[sending.key] ?? []
                if seqs != [reply.seq] {
                    wrong.append("\(sending.key.nonce) was acknowledged as \(reply.seq) at \(at), but is at \(seqs)")
                    continue
                }
                let row = evidence.posted[sending.key.conversation]?[Int(reply.seq) - 1].message
                if row?.sentAt != reply.sentAt { wrong.append("\(sending.key.nonce) was told another time") }
                let key = SimEvidence.RowKey(conversation: sending.key.conversation, seq: reply.seq, rev: reply.rev)
                if evidence.rows[key] == nil { wrong.append("\(sending.key.nonce) never had rev \(reply.rev)") }
            }
        }
        for (device, change, at) in evidence.history.outbox {
            guard case .acknowledged(let send, let reply) = change else { continue }
            let key = SimHistory.SendKey(
                user: evidence.devices[device].user,
                conversation: send.conversation,
                nonce: send.nonce
            )
            if stored[key] != [reply.seq] { wrong.append("the outbox of d\(device) lost \(send.nonce) at \(at)") }
        }
        // What the log lost again would be lost to whoever comes later.
        for log in evidence.log.logs where !log.isDeleted {
            let posted = evidence.posted[log.id] ?? []
            if posted.count != log.messages.count {
                wrong.append("\(posted.count) messages were committed to \(log.id), \(log.messages.count) are there")
            }
        }
        return wrong
    }
}
