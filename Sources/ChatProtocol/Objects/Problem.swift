// Errors over HTTP: `application/problem+json` (RFC 9457) with the protocol's code.

/// The body of an HTTP error.
public struct Problem: Error, Sendable, Equatable {
    /// The media type of the body.
    public static let mediaType = "application/problem+json"

    /// A URI of the kind of problem; `about:blank`: the code says it all.
    public var type: String
    /// A short sentence about the code.
    public var title: String
    /// The HTTP status.
    public var status: Int64
    /// A code of the protocol.
    public var code: ErrorCode
    /// What to do.
    public var detail: String
    /// When it may be tried again.
    public var retryAfterMs: Int64?

    /// Creates a problem; the status is the code's own unless another is named (`invalid` also goes with 405, 415, …).
    public init(code: ErrorCode, detail: String, status: Int? = nil, retryAfterMs: Int64? = nil) {
        type = "about:blank"
        title = code.text
        self.status = Int64(status ?? code.httpStatus)
        self.code = code
        self.detail = detail
        self.retryAfterMs = retryAfterMs
    }
}

extension Problem: JSONEncodable, JSONDecodable {
    /// Reads a problem.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "problem")
        let type = try fields.optionalString("type")
        let title = try fields.optionalString("title")
        let status = try fields.optionalInteger("status")
        self.init(
            code: ErrorCode(rawValue: try fields.string("code")),
            detail: try fields.optionalString("detail") ?? "",
            retryAfterMs: try fields.optionalInteger("retryAfterMs")
        )
        self.type = type ?? self.type
        self.title = title ?? self.title
        self.status = status ?? self.status
    }

    /// Writes a problem.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("type", type)
        writer.field("title", title)
        writer.field("status", status)
        writer.field("code", code.rawValue)
        writer.field("detail", detail)
        writer.optional("retryAfterMs", retryAfterMs)
        writer.endObject()
    }
}
