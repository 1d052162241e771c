// Letters to an event loop from other threads: however many come at once, the loop is woken once.
import NIOCore
import Synchronization

/// Work for one event loop, done in the order in which it was posted.
final class LoopMailbox: Sendable {
    typealias Letter = @Sendable (LoopHub) -> Void

    private struct State: Sendable {
        var letters: [Letter] = []
        var isScheduled = false
    }

    private let state = Mutex(State())
    let eventLoop: any EventLoop
    private let box: NIOLoopBoundBox<LoopHub?>

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        box = NIOLoopBoundBox.makeEmptyBox(eventLoop: eventLoop)
    }

    /// Who reads the letters; on the event loop. `nil`: nobody any more.
    var hub: LoopHub? {
        get { box.value }
        set { box.value = newValue }
    }

    /// Posts from any thread.
    func post(_ letter: @escaping Letter) {
        let mustWake = state.withLock { state in
            state.letters.append(letter)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustWake { eventLoop.execute { self.drain() } }
    }

    private func drain() {
        let letters = state.withLock { state in
            defer {
                state.letters = []
                state.isScheduled = false
            }
            return state.letters
        }
        guard let hub = box.value else { return }
        for letter in letters { letter(hub) }
    }
}
