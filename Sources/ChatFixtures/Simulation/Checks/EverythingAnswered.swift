// Whatever was asked for got an answer, unless whoever asked was killed; nobody waits for ever.
import ChatProtocol

extension SimChecks {
    static func everythingAnswered(_ evidence: SimEvidence) -> [String] {
        evidence.history.operations.compactMap { operation in
            guard operation.result == nil, !operation.isAbandoned else { return nil }
            return "d\(operation.device) asked at \(operation.at) and got no answer: \(operation.command)"
        }
    }
}
