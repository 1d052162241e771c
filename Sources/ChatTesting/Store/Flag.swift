// A flag that one task raises and others see.
import Synchronization

package final class Flag: Sendable {
    private let state = Mutex(false)

    package init() {}

    package var isRaised: Bool { state.withLock { $0 } }

    package func raise() { state.withLock { $0 = true } }
}
