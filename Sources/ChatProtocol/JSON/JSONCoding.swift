// How types become JSON and come out of it. Written by hand per type: one place says exactly what is on the wire.

/// Something with a form on the wire.
public protocol JSONEncodable {
    /// Appends the value's JSON text.
    func write(to writer: inout JSONWriter)
}

/// Something that can be read from the wire.
public protocol JSONDecodable {
    /// Reads the value; unknown fields are ignored.
    /// - Throws: ``WireError`` that names the field.
    init(json: JSON) throws(WireError)
}

/// Why something from outside could not be read. The `message` names the field and says what to do.
public struct WireError: Error, Sendable, Equatable {
    /// `invalid`, `not_found` (a malformed identifier) or `too_large`.
    public var code: ErrorCode
    /// Names the field.
    public var message: String
    /// Creates an error.
    public init(_ code: ErrorCode = .invalid, _ message: String) {
        self.code = code
        self.message = message
    }
}
