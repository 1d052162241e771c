// The password port on argon2id and threads of its own.
package import ChatCore
import Foundation

extension PasswordHasher {
    /// Argon2id on at most as many threads as there are cores; 50 may wait, then `unavailable`. Tests take a lower cost.
    package static func argon2(
        _ parameters: Argon2.Parameters = .standard,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        queue: Int = 50,
        random: @escaping @Sendable (_ count: Int) -> [UInt8] = SecureRandom.bytes
    ) -> PasswordHasher {
        Argon2.returnMemoryAtOnce()
        let argon2 = Argon2(parameters)
        let pool = WorkerThreads(name: "argon2", count: max(1, threads), queue: queue)
        return PasswordHasher(
            hash: { (password) async throws(ChatError) -> String in
                let salt = random(16)
                return try await finished(pool) { () throws(Argon2.Failure) -> String in
                    try argon2.hash(password, salt: salt)
                }
            },
            verify: { (password, phc) async throws(ChatError) -> Bool in
                try await finished(pool) { () throws(Argon2.Failure) -> Bool in
                    try argon2.verify(password, against: phc)
                }
            },
            needsRehash: { argon2.needsRehash($0) },
            dummy: argon2.dummy
        )
    }

    private static func finished<Value: Sendable>(
        _ pool: WorkerThreads,
        _ work: @escaping @Sendable () throws(Argon2.Failure) -> Value
    ) async throws(ChatError) -> Value {
        let result = await pool.run { () -> Result<Value, Argon2.Failure> in
            do throws(Argon2.Failure) { return .success(try work()) } catch { return .failure(error) }
        }
        switch result {
        case nil: throw .hashingBusy(nil)
        case .success(let value): return value
        case .failure(let failure): throw .hashingBusy(failure)
        }
    }
}
