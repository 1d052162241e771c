// Counts the open connections of a listener: to refuse in good time, and to know when the last one is gone.
import Synchronization

/// The open connections of one listener.
package final class ConnectionCount: Sendable {
    private struct State {
        var open = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// How many are open now.
    package var open: Int { self.state.withLock { $0.open } }

    /// Counts one more and says how many there are with it.
    func enter() -> Int {
        self.state.withLock {
            $0.open += 1
            return $0.open
        }
    }

    /// Counts one less.
    func leave() {
        let waiting = self.state.withLock { state in
            state.open -= 1
            guard state.open == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting {
            continuation.resume()
        }
    }

    /// Waits until no connection is open. Hummingbird's server returns when its tasks have ended, and a WebSocket has
    /// none: who shuts down calls this before closing what sessions stand on. It ends by itself: the listener drops
    /// what is still open after its quiescing time.
    package func drained() async {
        await withCheckedContinuation { continuation in
            let isDrained = self.state.withLock { state in
                guard state.open > 0 else { return true }
                state.waiting.append(continuation)
                return false
            }
            if isDrained {
                continuation.resume()
            }
        }
    }
}
