// Moves the write-ahead log into the database on a connection and thread of its own, off the writer's path.
import Dispatch
import GRDB
import Synchronization

/// Checkpoints after so many changed rows. They are passive and block nobody; but while writes never pause, they never
/// catch up, and the log begins anew only when they do. So when it has grown far, what is left after a passive one (little)
/// is done on the writing connection between two batches.
final class Checkpointer: Sendable {
    /// Rows changed since the last checkpoint that start the next.
    private static let changedRows = 2_000
    /// Frames (pages) at which the log has grown far: 32 MiB.
    private static let manyFrames = 8_192

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

    /// Is told each commit. `onWriter` does something on the writing connection between two batches.
    func noteCommit(
        changedRows: Int,
        onWriter: @escaping @Sendable (@escaping @Sendable (Database) -> Void) -> Void
    ) {
        let starts = state.withLock { state in
            state.changedRows += changedRows
            guard state.changedRows >= Self.changedRows, !state.isRunning, !state.isClosed else { return false }
            state.changedRows = 0
            state.isRunning = true
            return true
        }
        guard starts else { return }
        queue.asyncWriteWithoutTransaction { db in
            // A checkpoint that fails (busy, full disk) loses nothing: the log keeps everything, the next one tries again.
            if let passive = try? db.checkpoint(.passive), passive.walFrameCount > Self.manyFrames {
                onWriter { db in
                    _ = try? db.checkpoint(.restart)  // See above.
                }
            }
            self.state.withLock { $0.isRunning = false }
        }
    }

    /// Waits for a checkpoint in work and closes the connection.
    func close() {
        state.withLock { $0.isClosed = true }
        // Closing fails only where statements are still in use; the process ends the connection then.
        try? queue.close()
    }
}
