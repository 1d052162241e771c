// Every way in which a call fails, told as one kind of answer.
import ChatCore
import ChatProtocol
import Logging

enum Refusals {
    /// Whether an error says that something does not exist.
    static func isNotFound(_ error: any Error) -> Bool {
        switch error {
        case let error as WireError: error.code == .notFound
        case let error as ChatError: error.code == .notFound
        default: false
        }
    }

    /// What to answer with. What nobody expected is logged with its id; the answer shows the id alone.
    static func failure(_ error: any Error, request: String, logger: Logger) -> Failure {
        switch error {
        case let failure as Failure: return failure
        case let error as WireError: return Failure(ChatError(error))
        case let error as ChatError where error.code != .internal: return Failure(error)
        default:
            logger.error(
                "A call failed.",
                metadata: .keys([.incidentID: "\(request)", .errorType: "\(type(of: error))"])
            )
            logger.debug(
                "Why a call failed.",
                metadata: .keys([.incidentID: "\(request)", .errorType: "\(String(reflecting: error))"])
            )
            return Failure(incident: request)
        }
    }
}
