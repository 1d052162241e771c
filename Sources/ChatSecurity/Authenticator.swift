// Keyed fingerprints (HMAC-SHA-256).
import Crypto

/// HMAC-SHA-256.
package enum Authenticator {
    /// The 32 bytes of HMAC-SHA-256 of a message under a key.
    @Sendable package static func code(key: [UInt8], message: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }
}
