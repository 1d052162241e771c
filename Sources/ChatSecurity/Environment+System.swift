// The machine's clocks, randomness and SHA-256, as the rules of chat want them.
package import ChatCore
import Crypto
import Dispatch
import Foundation

extension Environment {
    /// The real thing: wall clock, monotonic clock, the system's random bytes, SHA-256.
    package static func system() -> Environment {
        Environment(
            now: { Int64(Date().timeIntervalSince1970 * 1_000) },
            monotonic: { Int64(DispatchTime.now().uptimeNanoseconds / 1_000_000) },
            random: SecureRandom.bytes,
            digest: { Array(SHA256.hash(data: $0)) }
        )
    }
}
