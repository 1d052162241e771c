// Something that has happened or has not, for all tasks of a test to see.
import Synchronization

final class Signal: Sendable {
    private let state = Mutex(false)
    var isRaised: Bool { state.withLock { $0 } }
    func raise() { state.withLock { $0 = true } }
}
