// The store on SQLite: one value plays all parts. Writes go through GroupCommit, reads through a pool of snapshots.
package import ChatCore
import ChatProtocol
import Foundation
import GRDB
import Synchronization

/// Everything that is kept, in one SQLite file.
package final class SQLiteStore: Sendable {
    /// A random string of this database; changed by every restore that may have lost commits.
    package let epoch: String
    /// 32 random bytes of this database, for fingerprints that must not be guessed.
    package let secret: [UInt8]
    let context: StoreContext
    private let pool: DatabasePool
    private let groupCommit: GroupCommit
    private let checkpointer: Checkpointer
    private let readsInWork = Mutex(0)

    /// Reads that may wait for a connection; over it, `unavailable`.
    private static let maximumReads = 10_000

    init(
        pool: DatabasePool,
        checkpointer: Checkpointer,
        identity: Schema.Identity,
        environment: Environment,
        sealer: any Sealer,
        limits: Limits,
        onCommit: @escaping @Sendable (CommitReport) -> Void
    ) {
        self.pool = pool
        self.checkpointer = checkpointer
        epoch = identity.epoch
        secret = identity.secret
        context = StoreContext(
            environment: environment,
            sealer: sealer,
            limits: limits,
            bucketSize: identity.bucketSize
        )
        groupCommit = GroupCommit(pool: pool) { report, groupCommit in
            checkpointer.noteCommit(changedRows: report.changedRows) { groupCommit.between($0) }
            onCommit(report)
        }
    }

    /// Runs a change in a transaction, together with others that wait. It is answered after the commit is durable.
    ///
    /// The body may run more than once (after a failed commit of the whole batch): it must depend on nothing but the
    /// transaction and constants. `weight` is how many rows of work it stands for.
    func write<Value: Sendable>(
        weight: Int = 1,
        _ body: @escaping @Sendable (inout Transaction) throws -> Value
    ) async throws(ChatError) -> Changed<Value> {
        let context = context
        return try await groupCommit.run(weight: weight) { db in
            var transaction = Transaction(db, context)
            let value = try body(&transaction)
            return Changed(value, try transaction.finish())
        }
    }

    /// Runs a read on a snapshot of its own.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(ChatError) -> Value {
        let isAdmitted = readsInWork.withLock { count in
            guard count < Self.maximumReads else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw .unavailable }
        let result: Result<Value, ChatError> = await withCheckedContinuation { continuation in
            pool.asyncRead { database in
                continuation.resume(returning: Result { try body(try database.get()) }.mapError(ChatError.init(store:)))
            }
        }
        readsInWork.withLock { $0 -= 1 }
        return try result.get()
    }

    /// How many writes wait for a transaction.
    package var waitingWrites: Int { groupCommit.depth }

    /// Waits for what is in work, then closes all connections. Later calls answer `unavailable`.
    package func close() async throws(ChatError) {
        await groupCommit.close()
        checkpointer.close()
        do {
            try pool.close()
        } catch {
            throw ChatError(store: error)
        }
    }
}

/// What transactions and reads need besides the database.
struct StoreContext: Sendable {
    let environment: Environment
    let sealer: any Sealer
    let limits: Limits
    let bucketSize: Int64

    func bucket(of seq: Int64) -> Int64 { (seq - 1) / bucketSize }
}
