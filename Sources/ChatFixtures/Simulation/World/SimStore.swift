// The disk and the way to it: transactions happen in one moment, calls take time, and answers can be lost. It outlives
// every server.
import ChatCore
import ChatProtocol

final class SimStore {
    /// What the disk and the way to it are like at present.
    struct Weather {
        var isAway = false
        /// Added to every call, at most.
        var slowMs: Int64 = 0
        /// Writes whose answer is lost, percent.
        var lost = 0
        /// What the clock is off by.
        var clockOffset: Int64 = 0
    }

    var log: MemoryLog
    var weather = Weather()
    private unowned let world: SimWorld
    private var random: SimRandom

    init(_ world: SimWorld, _ log: MemoryLog, _ random: SimRandom) {
        self.world = world
        self.log = log
        self.random = random
    }

    /// The store's wall clock.
    var now: Milliseconds { 1_800_000_000_000 + world.scheduler.now + weather.clockOffset }

    /// A transaction that reads.
    func read<Value>(
        from node: SimNode,
        _ body: @escaping (MemoryLog) -> Result<Value, ChatError>,
        then finish: @escaping (Result<Value, ChatError>) -> Void
    ) {
        let there = delay()
        let back = delay()
        guard !weather.isAway else { return node.post(after: there) { finish(.failure(.unavailable)) } }
        let incarnation = node.incarnation
        world.scheduler.after(there) { [self] in
            let result = body(log)
            node.post(after: back, life: incarnation) { finish(result) }
        }
    }

    /// A transaction that writes. What it commits is recorded as the truth.
    func write<Value>(
        from node: SimNode,
        _ body: @escaping (inout MemoryLog, Milliseconds) -> Result<Changed<Value>, ChatError>,
        then finish: @escaping (Result<Changed<Value>, ChatError>) -> Void
    ) {
        let there = delay()
        let back = delay()
        let isLost = random.chance(weather.lost)
        let isDone = random.chance(60)
        let lateness = random.within(0...400)
        guard !weather.isAway else { return node.post(after: there) { finish(.failure(.unavailable)) } }
        let incarnation = node.incarnation
        if isLost {
            world.history.faults.lostAnswers += 1
            node.post(after: there + back) { finish(.failure(.unknown)) }
            // It may happen all the same, even after the answer was given up.
            guard isDone else { return }
            return world.scheduler.after(there + lateness) { [self] in _ = commit(body) }
        }
        world.scheduler.after(there) { [self] in
            let result = commit(body)
            node.post(after: back, life: incarnation) { finish(result) }
        }
    }

    private func commit<Value>(
        _ body: (inout MemoryLog, Milliseconds) -> Result<Changed<Value>, ChatError>
    ) -> Result<Changed<Value>, ChatError> {
        let result = body(&log, now)
        if case .success(let changed) = result {
            let told = changed.commit.events.map { "\($0.conversation) (\($0.after), \($0.rev)]" }
            world.trace.note(world.scheduler.now, 8, [], "commit \(told.joined(separator: " "))")
        }
        if case .success(let changed) = result { world.history.stored(changed.commit, at: world.scheduler.now) }
        return result
    }

    private func delay() -> Int64 {
        random.within(world.settings.storeMs) + (weather.slowMs > 0 ? random.within(0...weather.slowMs) : 0)
    }
}
