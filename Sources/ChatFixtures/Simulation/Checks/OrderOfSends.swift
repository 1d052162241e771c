// Whoever was answered before another one wrote stands before them; and what one connection pipelined keeps its order.
import ChatProtocol

extension SimChecks {
    static func orderOfSends(_ evidence: SimEvidence) -> [String] {
        realTimeOrder(evidence) + pipelinedOrder(evidence)
    }

    private static func realTimeOrder(_ evidence: SimEvidence) -> [String] {
        struct Known {
            var firstAt: Int64
            var ackAt: Int64
            var seq: Int64
            var nonce: String
        }
        var wrong: [String] = []
        var byRoom: [ConversationID: [Known]] = [:]
        for sending in evidence.sendings {
            guard let first = sending.acknowledged.min(by: { $0.at < $1.at }) else { continue }
            byRoom[sending.key.conversation, default: []].append(
                Known(firstAt: sending.firstAt, ackAt: first.at, seq: first.reply.seq, nonce: sending.key.nonce)
            )
        }
        for (_, known) in byRoom.sorted(by: { $0.key < $1.key }) {
            let byAck = known.sorted { ($0.ackAt, $0.seq) < ($1.ackAt, $1.seq) }
            var next = 0
            var highest: Known?
            for later in known.sorted(by: { ($0.firstAt, $0.seq) < ($1.firstAt, $1.seq) }) {
                while next < byAck.count, byAck[next].ackAt < later.firstAt {
                    if byAck[next].seq > highest?.seq ?? 0 { highest = byAck[next] }
                    next += 1
                }
                if let highest, highest.seq > later.seq {
                    wrong.append(
                        "\(later.nonce) (\(later.seq)) was written after \(highest.nonce) (\(highest.seq)) was stored"
                    )
                }
            }
        }
        return wrong
    }

    private static func pipelinedOrder(_ evidence: SimEvidence) -> [String] {
        struct Room: Hashable {
            var connection: Int
            var conversation: ConversationID
        }
        var wrong: [String] = []
        let attempts = attempts(evidence)
        var last: [Room: Int64] = [:]
        for connection in evidence.history.connections {
            var replies: [Int64: Int64] = [:]
            for received in connection.received {
                guard case .frame(.reply(let reply)) = received.content else { continue }
                if case .sent(let answer, _) = SimSeen(received) { replies[reply.re] = answer.seq }
            }
            for (_, frame) in connection.sent {
                guard case .send(let send) = frame.command else { continue }
                let key = SimHistory.SendKey(user: connection.user, conversation: send.conversation, nonce: send.nonce)
                // Only what went out once: a repetition finds its place taken, or has lost it.
                guard attempts[key] == 1, let seq = replies[frame.id] else { continue }
                let room = Room(connection: connection.number, conversation: send.conversation)
                if let before = last[room], before > seq { wrong.append("\(send.nonce) (\(seq)) overtook \(before)") }
                last[room] = seq
            }
        }
        return wrong
    }
}
