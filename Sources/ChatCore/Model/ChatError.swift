// The one error of the rules of chat: a stable code, a constant message that says what to do, and what lies beneath.
package import ChatProtocol

/// Why something was refused or failed. `description` shows nothing a user or an operator must not see.
package struct ChatError: Error, Sendable, CustomStringConvertible {
    package var code: ErrorCode
    /// Says what to do; never user data, SQL or secrets.
    package var message: String
    package var retryAfterMs: Int64?
    /// For logs at debug level only.
    package var underlying: (any Error)?

    package init(
        _ code: ErrorCode,
        _ message: String,
        retryAfterMs: Int64? = nil,
        underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.retryAfterMs = retryAfterMs
        self.underlying = underlying
    }

    package init(_ error: WireError) {
        self.init(error.code, error.message)
    }

    package var description: String { "\(code.rawValue): \(message)" }

    package static let notFound = ChatError(.notFound, "There is nothing of that name here for you.")
    package static let forbidden = ChatError(.forbidden, "Your role in this conversation does not allow that.")
    package static let gone = ChatError(.gone, "The message was deleted.")
    package static let unauthenticated = ChatError(.unauthenticated, "Sign in, or refresh the access token.")
    package static let unavailable = ChatError(
        .unavailable,
        "The store cannot be reached; nothing was stored. Try again."
    )
    package static let unknown = ChatError(.unknown, "It may have been stored. Ask again with the same nonce.")
    package static func invalid(_ message: String) -> ChatError { ChatError(.invalid, message) }
}

extension ErrorBody {
    /// The error as it is told to a client.
    package init(_ error: ChatError) {
        self.init(code: error.code, message: error.message, retryAfterMs: error.retryAfterMs)
    }
}
