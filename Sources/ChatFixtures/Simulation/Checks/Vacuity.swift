// A run in which little happened proves nothing, and does not pass.
import ChatProtocol

extension SimChecks {
    static func vacuity(_ evidence: SimEvidence) -> [String] {
        var wrong: [String] = []
        let counts = SimCounts(evidence)
        if counts.acknowledged < 8 { wrong.append("only \(counts.acknowledged) messages were acknowledged") }
        if counts.delivered < 20 { wrong.append("only \(counts.delivered) events were delivered") }
        if counts.connections < evidence.devices.count { wrong.append("only \(counts.connections) connections") }
        return wrong
    }
}

/// How much a run did.
package struct SimCounts: Sendable {
    package var operations = 0
    package var acknowledged = 0
    package var delivered = 0
    package var connections = 0
    package var behind = 0
    package var joined = 0
    package var left = 0
    package var syncs = 0
    package var quiet = 0
    package var refused = 0
    package var faults: [String: Int] = [:]

    init(_ evidence: SimEvidence) {
        let history = evidence.history
        operations = history.operations.count
        connections = history.connections.count
        quiet = history.quiet.count
        for sending in evidence.sendings {
            acknowledged += sending.acknowledged.isEmpty ? 0 : 1
            refused += sending.refused.count
        }
        for connection in history.connections {
            for received in connection.received {
                switch received.content {
                case .frame(.event(let event)):
                    delivered += 1
                    switch event {
                    case .behind: behind += 1
                    case .joined: joined += 1
                    case .left: left += 1
                    default: break
                    }
                default:
                    if case .sync = received.command { syncs += 1 }
                }
            }
        }
        let counts = history.faults
        faults = [
            "crashes": counts.crashes, "pauses": counts.pauses, "cuts": counts.cuts, "stalls": counts.stalls,
            "congestions": counts.congestions, "lostAnswers": counts.lostAnswers, "lostPublished": counts.lostPublished,
            "restarts": counts.restarts, "outages": counts.outages, "clockJumps": counts.clockJumps,
        ]
    }
}
