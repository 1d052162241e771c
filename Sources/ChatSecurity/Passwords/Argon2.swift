// Argon2id through libargon2: the one file that calls C. A hash is a PHC string, which names its own parameters.
import CArgon2

/// Argon2id with fixed parameters.
package struct Argon2: Sendable {
    /// The cost of a hash.
    package struct Parameters: Sendable, Equatable {
        package var memoryKiB: UInt32
        package var iterations: UInt32
        package var parallelism: UInt32

        package init(memoryKiB: UInt32, iterations: UInt32, parallelism: UInt32) {
            self.memoryKiB = memoryKiB
            self.iterations = iterations
            self.parallelism = parallelism
        }

        /// OWASP's second choice: 19 MiB, two passes, one lane (28 ms on the machine this was written on).
        package static let standard = Parameters(memoryKiB: 19_456, iterations: 2, parallelism: 1)
    }

    /// Why the library refused.
    package struct Failure: Error, CustomStringConvertible {
        package var code: Int32
        package var description: String { "argon2 failed with code \(code)" }
    }

    private static let saltBytes = 16
    private static let digestBytes = 32

    package let parameters: Parameters

    package init(_ parameters: Parameters = .standard) {
        self.parameters = parameters
    }

    /// The PHC string of a password under a fresh salt.
    package func hash(_ password: [UInt8], salt: [UInt8]) throws(Failure) -> String {
        precondition(salt.count == Self.saltBytes, "a salt has 16 bytes")
        let length = argon2_encodedlen(
            parameters.iterations,
            parameters.memoryKiB,
            parameters.parallelism,
            UInt32(Self.saltBytes),
            UInt32(Self.digestBytes),
            Argon2_id
        )
        var encoded = [CChar](repeating: 0, count: length)
        let code = argon2id_hash_encoded(
            parameters.iterations,
            parameters.memoryKiB,
            parameters.parallelism,
            password,
            password.count,
            salt,
            salt.count,
            Self.digestBytes,
            &encoded,
            encoded.count
        )
        guard code == ARGON2_OK.rawValue else { throw Failure(code: code) }
        return String(decoding: encoded.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether the password is the one that was hashed. What is no argon2id hash of sane cost matches nothing.
    package func verify(_ password: [UInt8], against phc: String) throws(Failure) -> Bool {
        guard let cost = Self.parameters(of: phc), cost.memoryKiB <= 1 << 20, cost.iterations <= 64 else {
            return false
        }
        let code = argon2id_verify(phc, password, password.count)
        switch code {
        case ARGON2_OK.rawValue: return true
        case ARGON2_MEMORY_ALLOCATION_ERROR.rawValue, ARGON2_THREAD_FAIL.rawValue: throw Failure(code: code)
        default: return false
        }
    }

    /// Whether a hash was made with other parameters than these.
    package func needsRehash(_ phc: String) -> Bool {
        Self.parameters(of: phc) != parameters
    }

    /// A well-formed hash of no password: checking it costs what checking a real one costs.
    package var dummy: String {
        let cost = "m=\(parameters.memoryKiB),t=\(parameters.iterations),p=\(parameters.parallelism)"
        return "$argon2id$v=19$\(cost)$\(String(repeating: "A", count: 22))$\(String(repeating: "A", count: 43))"
    }

    /// Makes the memory of hashes go back to the system as soon as they are done. For the process; once is enough.
    static func returnMemoryAtOnce() { vibetalk_return_large_blocks() }

    /// Reads `$argon2id$v=19$m=…,t=…,p=…$salt$digest`.
    package static func parameters(of phc: String) -> Parameters? {
        let parts = phc.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id", parts[2] == "v=19" else { return nil }
        let costs = parts[3].split(separator: ",", omittingEmptySubsequences: false)
        guard costs.count == 3, costs[0].hasPrefix("m="), costs[1].hasPrefix("t="), costs[2].hasPrefix("p="),
            let memory = UInt32(costs[0].dropFirst(2)), let iterations = UInt32(costs[1].dropFirst(2)),
            let parallelism = UInt32(costs[2].dropFirst(2))
        else { return nil }
        return Parameters(memoryKiB: memory, iterations: iterations, parallelism: parallelism)
    }
}
