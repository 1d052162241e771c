// A few threads for work that blocks or burns: never the event loops, never Swift's own pool. What waits is bounded;
// beyond the bound work is refused at once.
import Dispatch
import Foundation
import Synchronization

/// A fixed number of threads with a short queue.
package final class WorkerThreads: Sendable {
    private let core: Core

    /// Starts `count` threads, for which so much work may wait as `queue` says.
    package init(name: String, count: Int, queue: Int) {
        precondition(count > 0 && queue >= 0, "at least one thread")
        core = Core(capacity: count + queue)
        for number in 0..<count {
            // The thread holds the core alone: when the pool goes, the core is stopped and the thread ends.
            let thread = Thread { [core] in core.work() }
            thread.name = "\(name)-\(number)"
            thread.start()
        }
    }

    deinit { core.stop() }

    /// Runs work on one of the threads; `nil` if too much waits already.
    package func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result? {
        await withCheckedContinuation { continuation in
            let isTaken = core.add { continuation.resume(returning: work()) }
            if !isTaken { continuation.resume(returning: nil) }
        }
    }
}

/// What the threads share.
private final class Core: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var unfinished = 0
        var isStopped = false
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)
    /// Running and waiting together.
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    func add(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isStopped, state.unfinished < capacity else { return false }
            state.unfinished += 1
            state.waiting.append(job)
            return true
        }
        if isTaken { signal.signal() }
        return isTaken
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        signal.signal()
    }

    /// The life of one thread: until stopped and nothing waits.
    func work() {
        while true {
            signal.wait()
            let job = state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
            guard let job else {
                // Woken for the end: wake the next thread too.
                signal.signal()
                return
            }
            job()
            state.withLock { $0.unfinished -= 1 }
        }
    }
}
