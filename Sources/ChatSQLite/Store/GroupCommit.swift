// One transaction for all writes that wait: one fsync answers many. No timer: a write that comes alone goes alone.
import ChatCore
import ChatProtocol
import GRDB
import Synchronization

/// What one commit did, for metrics.
package struct CommitReport: Sendable {
    /// Writes that shared the transaction.
    package var writes: Int
    /// Rows of work they stood for.
    package var weight: Int
    /// Rows that were inserted, updated or deleted.
    package var changedRows: Int
    /// From the beginning of the transaction until it was durable.
    package var duration: Duration
    /// Of that, the commit itself.
    package var commitDuration: Duration
}

/// Runs writes on the one writing connection, all that wait in one transaction, each in a savepoint of its own.
final class GroupCommit: Sendable {
    /// Writes that may wait; over it, `unavailable`.
    static let maximumWaiting = 8_192
    /// Rows of work of one transaction, so that nobody waits long for the others.
    static let maximumWeight = 1_024

    private struct State {
        var waiting: [any PendingWrite] = []
        var isRunning = false
        var isClosed = false
        /// To be done on the connection between two batches.
        var between: (@Sendable (Database) -> Void)?
        /// Resumed when the last batch is done.
        var whenIdle: [CheckedContinuation<Void, Never>] = []
    }

    private let pool: DatabasePool
    private let report: @Sendable (CommitReport, GroupCommit) -> Void
    private let state = Mutex(State())

    init(pool: DatabasePool, report: @escaping @Sendable (CommitReport, GroupCommit) -> Void) {
        self.pool = pool
        self.report = report
    }

    /// Runs a write with whatever else waits, and answers after the commit. Answers come in the order of commits.
    func run<Value: Sendable>(
        weight: Int,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(ChatError) -> Value {
        let result: Result<Value, ChatError> = await withCheckedContinuation { continuation in
            enqueue(Write(weight: weight, body: body) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// How many writes wait.
    var depth: Int { state.withLock { $0.waiting.count } }

    /// Does something on the writing connection, outside a transaction, before the next batch. The last one asked for wins.
    func between(_ work: @escaping @Sendable (Database) -> Void) {
        let starts = state.withLock { state in
            guard !state.isClosed else { return false }
            state.between = work
            guard !state.isRunning else { return false }
            state.isRunning = true
            return true
        }
        if starts { schedule() }
    }

    /// Refuses further writes and waits for those that were accepted. A closed connection must not be touched again.
    func close() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isClosed = true
                if state.isRunning { state.whenIdle.append(continuation) }
                return !state.isRunning
            }
            if isIdle { continuation.resume() }
        }
    }

    private func enqueue(_ write: any PendingWrite) {
        enum Next { case refuse, start, wait }
        let next: Next = state.withLock { state in
            guard !state.isClosed, state.waiting.count < Self.maximumWaiting else { return .refuse }
            state.waiting.append(write)
            guard !state.isRunning else { return .wait }
            state.isRunning = true
            return .start
        }
        switch next {
        case .refuse: write.answer(.unavailable)
        case .start: schedule()
        case .wait: break
        }
    }

    private func schedule() {
        pool.asyncWriteWithoutTransaction { db in
            self.runBatch(db)
        }
    }

    private func runBatch(_ db: Database) {
        let between = state.withLock { state in
            defer { state.between = nil }
            return state.between
        }
        between?(db)
        let batch = state.withLock { state in
            var weight = 0
            let end = state.waiting.firstIndex { write in
                defer { weight += write.weight }
                return weight > 0 && weight + write.weight > Self.maximumWeight
            }
            let batch = Array(state.waiting.prefix(end ?? state.waiting.count))
            state.waiting.removeFirst(batch.count)
            return batch
        }
        if batch.count > 1, let failures = together(batch, db) {
            for (write, failure) in zip(batch, failures) { write.answer(failure) }
        } else {
            for write in batch { write.answer(alone(write, db)) }
        }
        var closing: [CheckedContinuation<Void, Never>] = []
        let goesOn = state.withLock { state in
            state.isRunning = !state.waiting.isEmpty || state.between != nil
            if !state.isRunning { swap(&closing, &state.whenIdle) }
            return state.isRunning
        }
        if goesOn { schedule() }
        for continuation in closing { continuation.resume() }
    }

    /// Commits all in one transaction. - Returns: each write's failure, or `nil` if nothing was committed and each must
    /// be tried alone.
    private func together(_ batch: [any PendingWrite], _ db: Database) -> [ChatError?]? {
        let clock = ContinuousClock()
        let start = clock.now
        let changesBefore = db.totalChangesCount
        do {
            try db.beginTransaction(.immediate)
            var failures: [ChatError?] = []
            failures.reserveCapacity(batch.count)
            for write in batch {
                try db.cachedStatement(sql: "SAVEPOINT write").execute()
                do {
                    try write.run(db)
                    failures.append(nil)
                } catch {
                    // Some errors (a full disk) roll the whole transaction back: then nobody's part was kept.
                    guard db.isInsideTransaction else { return nil }
                    try db.cachedStatement(sql: "ROLLBACK TO write").execute()
                    failures.append(ChatError(store: error))
                }
                try db.cachedStatement(sql: "RELEASE write").execute()
            }
            let commitStart = clock.now
            try db.commit()
            tell(batch, changed: db.totalChangesCount - changesBefore, clock.now - start, clock.now - commitStart)
            return failures
        } catch {
            rollBack(db)
            return nil
        }
    }

    private func alone(_ write: any PendingWrite, _ db: Database) -> ChatError? {
        let clock = ContinuousClock()
        let start = clock.now
        let changesBefore = db.totalChangesCount
        do {
            try db.beginTransaction(.immediate)
            try write.run(db)
        } catch {
            rollBack(db)
            return ChatError(store: error)
        }
        let commitStart = clock.now
        do {
            try db.commit()
            tell([write], changed: db.totalChangesCount - changesBefore, clock.now - start, clock.now - commitStart)
            return nil
        } catch {
            rollBack(db)
            return ChatError(commit: error)
        }
    }

    private func tell(_ batch: [any PendingWrite], changed: Int, _ duration: Duration, _ commit: Duration) {
        let weight = batch.reduce(0) { $0 + $1.weight }
        report(
            CommitReport(
                writes: batch.count,
                weight: weight,
                changedRows: changed,
                duration: duration,
                commitDuration: commit
            ),
            self
        )
    }

    private func rollBack(_ db: Database) {
        guard db.isInsideTransaction else { return }
        // Fails only where SQLite has rolled back by itself, which is what is wanted.
        try? db.rollback()
    }
}

/// A write of any value.
private protocol PendingWrite: Sendable {
    var weight: Int { get }
    /// Does the work and keeps its value; may be called again after a rollback.
    func run(_ db: Database) throws
    /// Answers with the value of the last run, or the failure.
    func answer(_ failure: ChatError?)
}

private final class Write<Value: Sendable>: PendingWrite {
    let weight: Int
    private let body: @Sendable (Database) throws -> Value
    private let complete: @Sendable (Result<Value, ChatError>) -> Void
    private let value = Mutex<Value?>(nil)

    init(
        weight: Int,
        body: @escaping @Sendable (Database) throws -> Value,
        complete: @escaping @Sendable (Result<Value, ChatError>) -> Void
    ) {
        self.weight = weight
        self.body = body
        self.complete = complete
    }

    func run(_ db: Database) throws {
        let value = try body(db)
        self.value.withLock { $0 = value }
    }

    func answer(_ failure: ChatError?) {
        if let failure {
            complete(.failure(failure))
        } else if let value = value.withLock({ $0 }) {
            complete(.success(value))
        } else {
            complete(.failure(ChatError(.internal, "A write ended without a value.")))
        }
    }
}
