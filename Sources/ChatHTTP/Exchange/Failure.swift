// Errors as `application/problem+json` (RFC 9457), the same for every call.
import ChatCore
import ChatProtocol
import HTTPTypes

/// An error on its way out: the problem, and the fields that go with its status.
struct Failure: Error {
    var problem: Problem
    var headers: HTTPFields

    init(_ status: Int, _ code: ErrorCode, _ detail: String, headers: HTTPFields = [:]) {
        problem = Problem(code: code, detail: detail, status: status)
        self.headers = headers
    }

    init(_ error: ChatError) {
        problem = Problem(code: error.code, detail: error.message, retryAfterMs: error.retryAfterMs)
        headers = [:]
    }

    /// Something that must not happen; says nothing but where to ask.
    init(incident: String) {
        self.init(500, .internal, "The server failed. Give the operator this id: \(incident)")
    }

    /// The body is not what calls take.
    static let mediaType = Failure(415, .invalid, "Send the body as Content-Type: application/json.").closing

    /// The rest of the body is not worth reading: the connection ends with the answer.
    var closing: Failure {
        var failure = self
        failure.headers[.connection] = "close"
        return failure
    }

    var answer: Answer {
        var answer = Answer(
            status: HTTPResponse.Status(code: Int(problem.status)),
            body: .bytes(problem.encoded()),
            contentType: Problem.mediaType,
            headers: headers
        )
        if let retryAfterMs = problem.retryAfterMs {
            answer.headers[.retryAfter] = String(max(1, (retryAfterMs + 999) / 1_000))
        }
        if problem.code == .unauthenticated { answer.headers[.wwwAuthenticate] = "Bearer" }
        return answer
    }
}
