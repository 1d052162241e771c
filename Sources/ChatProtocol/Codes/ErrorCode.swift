// The error codes of replies and HTTP problems (protocol.md, section 4). The same table is in Protocol/codes.json for other
// languages; a test keeps the two equal.

/// What went wrong, as a word on the wire. Words of a newer server are kept as they came.
public struct ErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word on the wire.
    public let rawValue: String
    /// Wraps a word, known or not.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Not well-formed; the message names the field.
    public static let invalid = ErrorCode(rawValue: "invalid")
    /// Longer than a limit.
    public static let tooLarge = ErrorCode(rawValue: "too_large")
    /// Not signed in, or not any more.
    public static let unauthenticated = ErrorCode(rawValue: "unauthenticated")
    /// Not allowed.
    public static let forbidden = ErrorCode(rawValue: "forbidden")
    /// Does not exist, or is nothing that one may know of.
    public static let notFound = ErrorCode(rawValue: "not_found")
    /// Contradicts what is stored.
    public static let conflict = ErrorCode(rawValue: "conflict")
    /// Too often.
    public static let rateLimited = ErrorCode(rawValue: "rate_limited")
    /// Existed, but was deleted.
    public static let gone = ErrorCode(rawValue: "gone")
    /// Cannot be done now; nothing was stored.
    public static let unavailable = ErrorCode(rawValue: "unavailable")
    /// May have been stored: ask again with the same nonce.
    public static let unknown = ErrorCode(rawValue: "unknown")
    /// A fault of the server; the message has an id for the operator.
    public static let `internal` = ErrorCode(rawValue: "internal")

    /// What a client does about an error.
    public enum Retry: String, Sendable, CaseIterable {
        /// Nothing: the same again gives the same answer.
        case no
        /// Sign in or refresh, then again.
        case signIn
        /// The same again, after `retryAfterMs`.
        case wait
        /// The same again, with the same nonce.
        case sameNonce
    }

    private struct Definition: Sendable {
        var code: ErrorCode
        var httpStatus: Int
        var retry: Retry
        var text: String
    }

    private static let definitions: [Definition] = [
        Definition(code: .invalid, httpStatus: 400, retry: .no, text: "The request is not well-formed."),
        Definition(code: .tooLarge, httpStatus: 413, retry: .no, text: "The request is larger than a limit allows."),
        Definition(code: .unauthenticated, httpStatus: 401, retry: .signIn, text: "Sign in first."),
        Definition(code: .forbidden, httpStatus: 403, retry: .no, text: "This is not allowed."),
        Definition(code: .notFound, httpStatus: 404, retry: .no, text: "There is no such thing."),
        Definition(code: .conflict, httpStatus: 409, retry: .no, text: "This contradicts what is stored."),
        Definition(code: .rateLimited, httpStatus: 429, retry: .wait, text: "Too often; wait before trying again."),
        Definition(code: .gone, httpStatus: 410, retry: .no, text: "This was deleted."),
        Definition(
            code: .unavailable,
            httpStatus: 503,
            retry: .sameNonce,
            text: "Cannot be done now; nothing was stored."
        ),
        Definition(
            code: .unknown,
            httpStatus: 504,
            retry: .sameNonce,
            text: "It is not known whether this was stored; ask again with the same nonce."
        ),
        Definition(code: .internal, httpStatus: 500, retry: .no, text: "The server failed."),
    ]

    /// Every code of this version, in the order of the protocol's text.
    public static let allKnown: [ErrorCode] = definitions.map(\.code)

    private var definition: Definition? { Self.definitions.first { $0.code == self } }

    /// The HTTP status that goes with the code; 500 for codes of a newer server.
    public var httpStatus: Int { definition?.httpStatus ?? 500 }
    /// What a client does about it; nothing for codes of a newer server.
    public var retry: Retry { definition?.retry ?? .no }
    /// A short sentence about the code alone.
    public var text: String { definition?.text ?? "The request failed." }
    /// The word on the wire.
    public var description: String { rawValue }
}
