// One message in the middle of a fault, and then silence: it is with everybody in the end, though nothing after it could
// show that it was missing.
import ChatClient
import ChatProtocol

extension SimChecks {
    static func quietMessage(_ evidence: SimEvidence) -> [String] {
        var wrong: [String] = []
        for key in evidence.history.quiet {
            guard let log = evidence.log.conversation(key.conversation),
                let row = log.messages.first(where: { $0.sender == key.user && $0.nonce == key.nonce })
            else {
                wrong.append("\(key.nonce) was never stored")
                continue
            }
            for device in evidence.devices where log.member(device.user) != nil {
                let replica = device.machine.replica(of: key.conversation)
                if replica?.lastSeq ?? 0 < row.seq { wrong.append("\(key.nonce) is not on \(device.name)") }
            }
        }
        return wrong
    }
}
