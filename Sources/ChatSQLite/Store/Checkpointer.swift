// Moves the write-ahead log into the database on a connection and thread of its own, off the writer's path.
import Dispatch
import GRDB
import Synchronization

/// Checkpoints after so many changed rows. Passive ones block nobody; only when the log has grown far (readers or the
/// writer never left a gap) one waits for them, so that the file cannot grow without bound.
final class Checkpointer: Sendable {
    /// Rows changed since the last checkpoint that start the next.
    private static let changedRows = 2_000
    /// Frames (pages) of the log that must be there before waiting for others is worth it: 64 MiB.
    private static let manyFrames = 16_384

    private struct State {
        var changedRows = 0
        var isRunning = false
        var isClosed = false
    }

    private let queue: DatabaseQueue
    private let state = Mutex(State())

    init(queue: DatabaseQueue) {
        self.queue = queue
    }

    /// Is told each commit.
    func noteCommit(changedRows: Int) {
        let starts = state.withLock { state in
            state.changedRows += changedRows
            guard state.changedRows >= Self.changedRows, !state.isRunning, !state.isClosed else { return false }
            state.changedRows = 0
            state.isRunning = true
            return true
        }
        guard starts else { return }
        queue.asyncWriteWithoutTransaction { db in
            self.checkpoint(db)
            self.state.withLock { $0.isRunning = false }
        }
    }

    /// Waits for a checkpoint in work and closes the connection.
    func close() {
        state.withLock { $0.isClosed = true }
        // Closing fails only where statements are still in use; the process ends the connection then.
        try? queue.close()
    }

    private func checkpoint(_ db: Database) {
        // A checkpoint that fails (busy, full disk) loses nothing: the log keeps everything, the next one tries again.
        guard let passive = try? db.checkpoint(.passive) else { return }
        if passive.walFrameCount > Self.manyFrames {
            _ = try? db.checkpoint(.restart)  // See above.
        }
    }
}
