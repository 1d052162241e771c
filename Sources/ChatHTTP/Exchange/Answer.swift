// What a call answers, before it becomes a response: a status, a body that is already bytes, and fields of its own.
import ChatProtocol
import HTTPTypes

/// The answer to a call.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    /// `nil`: nothing to show.
    var body: [UInt8]?
    var contentType: String
    /// Answers are not to be stored unless they say otherwise.
    var cacheControl = "no-store"
    var headers = HTTPFields()

    /// An object.
    static func json(_ value: some JSONEncodable, status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status: status, body: value.encoded(), contentType: "application/json")
    }

    /// Nothing is left to show.
    static var nothing: Answer { Answer(status: .noContent, body: nil, contentType: "") }

    /// Text of any kind.
    static func text(_ bytes: [UInt8], contentType: String) -> Answer {
        Answer(status: .ok, body: bytes, contentType: contentType)
    }
}
