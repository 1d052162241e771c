// What a call answers, before it becomes a response: a status, a body, and fields of its own.
import ChatProtocol
import HTTPTypes

/// The answer to a call.
struct Answer: Sendable {
    enum Body: Sendable {
        /// Nothing to show.
        case none
        case bytes([UInt8])
        /// Piece by piece, for what may be large; makes a source of pieces for one response.
        case pieces(@Sendable () -> PieceSource)
    }

    /// The next piece; `nil` after the last.
    typealias PieceSource = () async throws -> [UInt8]?

    var status: HTTPResponse.Status
    var body: Body
    var contentType: String
    /// Answers are not to be stored unless they say otherwise.
    var cacheControl = "no-store"
    var headers = HTTPFields()

    /// An object.
    static func json(_ value: some JSONEncodable, status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status: status, body: .bytes(value.encoded()), contentType: "application/json")
    }

    /// Nothing is left to show.
    static var nothing: Answer { Answer(status: .noContent, body: .none, contentType: "") }

    /// Text of any kind.
    static func text(_ bytes: [UInt8], contentType: String) -> Answer {
        Answer(status: .ok, body: .bytes(bytes), contentType: contentType)
    }

    /// Adds a field beside those of the same name.
    mutating func add(_ name: HTTPField.Name, _ value: String) {
        headers.append(HTTPField(name: name, value: value))
    }
}
