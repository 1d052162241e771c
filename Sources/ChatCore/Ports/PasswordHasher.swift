// Slow hashing of passwords. Adapters compute on threads of their own and refuse (`unavailable`) rather than queue long.
import ChatProtocol

/// Hashes and checks passwords.
package struct PasswordHasher: Sendable {
    /// A PHC string for a password's bytes. - Throws: `unavailable` when too many wait.
    package var hash: @Sendable (_ password: [UInt8]) async throws(ChatError) -> String
    /// Whether the password is the one that was hashed. - Throws: `unavailable` when too many wait.
    package var verify: @Sendable (_ password: [UInt8], _ phc: String) async throws(ChatError) -> Bool
    /// Whether a hash was made with other parameters than those of today.
    package var needsRehash: @Sendable (_ phc: String) -> Bool
    /// A hash of nothing, with the parameters of today: checking it costs what checking a real one costs.
    package var dummy: String

    package init(
        hash: @escaping @Sendable (_ password: [UInt8]) async throws(ChatError) -> String,
        verify: @escaping @Sendable (_ password: [UInt8], _ phc: String) async throws(ChatError) -> Bool,
        needsRehash: @escaping @Sendable (_ phc: String) -> Bool,
        dummy: String
    ) {
        self.hash = hash
        self.verify = verify
        self.needsRehash = needsRehash
        self.dummy = dummy
    }
}

extension ChatError {
    /// Too many passwords wait to be hashed, or the machine has no memory for it.
    package static func hashingBusy(_ underlying: (any Error)?) -> ChatError {
        ChatError(
            .unavailable,
            "Too many are signing in at this moment. Try again.",
            retryAfterMs: 1_000,
            underlying: underlying
        )
    }
}
