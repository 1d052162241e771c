// The WebSocket close codes (protocol.md, section 5): the range of a code says what to do, also for codes of newer servers.
// The same table is in Protocol/codes.json for other languages; a test keeps the two equal.

/// Why a connection was closed.
public struct CloseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number on the wire.
    public let rawValue: UInt16
    /// Wraps a number, known or not.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Closed in agreement.
    public static let normal = CloseCode(rawValue: 1000)
    /// The peer goes away.
    public static let goingAway = CloseCode(rawValue: 1001)
    /// The peer broke RFC 6455.
    public static let protocolError = CloseCode(rawValue: 1002)
    /// A binary frame.
    public static let unsupportedData = CloseCode(rawValue: 1003)
    /// The connection was lost without a close frame; never on the wire.
    public static let lost = CloseCode(rawValue: 1006)
    /// A text frame that is not UTF-8.
    public static let invalidPayload = CloseCode(rawValue: 1007)
    /// A frame above `frameBytes`, or of more than 256 fragments.
    public static let tooLarge = CloseCode(rawValue: 1009)
    /// Not a JSON object with an integer `id` and a string `do`, or an invalid `hello`.
    public static let malformed = CloseCode(rawValue: 4000)
    /// The first command was not `hello`.
    public static let notHello = CloseCode(rawValue: 4001)
    /// The page's origin is not allowed.
    public static let originNotAllowed = CloseCode(rawValue: 4003)
    /// Another device took the place of this longest-idle one.
    public static let tooManyConnections = CloseCode(rawValue: 4010)
    /// The token is unknown or expired.
    public static let unauthenticated = CloseCode(rawValue: 4100)
    /// The session was ended.
    public static let sessionEnded = CloseCode(rawValue: 4101)
    /// No `hello` in time, or a frame that was not finished.
    public static let helloTimeout = CloseCode(rawValue: 4200)
    /// The client does not read what is sent.
    public static let readsNothing = CloseCode(rawValue: 4201)
    /// Too many refused commands.
    public static let tooManyCommands = CloseCode(rawValue: 4202)
    /// The node drains.
    public static let draining = CloseCode(rawValue: 4203)
    /// The node is overloaded.
    public static let overloaded = CloseCode(rawValue: 4204)

    /// What a client does after a close.
    public enum Action: String, Sendable, CaseIterable {
        /// Tell the user; do not reconnect.
        case stop
        /// Sign in or refresh, then resume.
        case signIn
        /// Resume, after `afterMs` of the reason if given.
        case resume
        /// Mend the fault, then resume.
        case fix
        /// Resume with backoff and jitter.
        case backoff
    }

    /// What to do, by the range of the number.
    public var action: Action {
        switch rawValue {
        case 4000...4099: .stop
        case 4100...4199: .signIn
        case 4200...4299: .resume
        case 1002, 1003, 1007, 1009: .fix
        default: .backoff
        }
    }

    private struct Definition: Sendable {
        var code: CloseCode
        var name: String
        var text: String
    }

    private static let definitions: [Definition] = [
        Definition(code: .normal, name: "normal", text: "Closed."),
        Definition(code: .goingAway, name: "goingAway", text: "The peer goes away."),
        Definition(code: .protocolError, name: "protocolError", text: "Not by RFC 6455."),
        Definition(code: .unsupportedData, name: "unsupportedData", text: "Binary frames are not taken."),
        Definition(code: .lost, name: "lost", text: "The connection was lost."),
        Definition(code: .invalidPayload, name: "invalidPayload", text: "Text that is not UTF-8."),
        Definition(code: .tooLarge, name: "tooLarge", text: "The frame is too large."),
        Definition(code: .malformed, name: "malformed", text: "Malformed frame."),
        Definition(code: .notHello, name: "notHello", text: "The first command must be hello."),
        Definition(code: .originNotAllowed, name: "originNotAllowed", text: "This origin is not allowed."),
        Definition(
            code: .tooManyConnections,
            name: "tooManyConnections",
            text: "Too many connections; another device took this one's place."
        ),
        Definition(code: .unauthenticated, name: "unauthenticated", text: "The token is unknown or expired."),
        Definition(code: .sessionEnded, name: "sessionEnded", text: "The session was ended."),
        Definition(code: .helloTimeout, name: "helloTimeout", text: "No hello, or no whole frame, in time."),
        Definition(code: .readsNothing, name: "readsNothing", text: "The client reads nothing."),
        Definition(code: .tooManyCommands, name: "tooManyCommands", text: "Too many commands."),
        Definition(code: .draining, name: "draining", text: "The node drains."),
        Definition(code: .overloaded, name: "overloaded", text: "The node is overloaded."),
    ]

    /// Every code of this version, by number.
    public static let allKnown: [CloseCode] = definitions.map(\.code)

    private var definition: Definition? { Self.definitions.first { $0.code == self } }

    /// The code's name in code and logs; "unknown" for codes of a newer server.
    public var name: String { definition?.name ?? "unknown" }
    /// A short sentence about the code, below 124 bytes so that it fits into a close frame.
    public var text: String { definition?.text ?? "Closed." }
    /// The number and the name.
    public var description: String { "\(rawValue) \(name)" }
}

/// The reason of a close that tells when to come back: `{"afterMs": …}`.
public struct CloseReason: Sendable, Equatable {
    /// When to reconnect.
    public var afterMs: Int64
    /// Creates a reason.
    public init(afterMs: Int64) { self.afterMs = afterMs }
}
