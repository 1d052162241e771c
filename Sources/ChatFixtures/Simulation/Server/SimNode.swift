// A server process: loops, writers and a reader of the commit log. It can crash (everything here is forgotten) and pause
// (time goes on without it).
import ChatCore
import ChatProtocol

final class SimNode {
    unowned let world: SimWorld
    let number: Int
    /// Counts starts; work of a former life is not done.
    private(set) var incarnation = 0
    private(set) var isUp = false
    private(set) var isPaused = false
    private var backlog: [() -> Void] = []
    private(set) var loops: [SimLoop] = []
    private var writers: [SimWriter] = []
    private var nextLoop = 0
    private var cursor: Int64 = 0
    var rates = TokenBuckets<UserID>(capacity: 1_000)
    var random: SimRandom

    init(_ world: SimWorld, number: Int, _ random: SimRandom) {
        self.world = world
        self.number = number
        self.random = random
    }

    var name: String { "n\(number)" }
    var now: Int64 { world.scheduler.now }
    var store: SimStore { world.store }

    // MARK: - Life

    func start() {
        guard !isUp else { return }
        isUp = true
        incarnation += 1
        loops = (0..<world.settings.loops).map { SimLoop(self, number: $0) }
        // Batches of different lives must not be taken for each other.
        writers = (0..<world.settings.writers).map { SimWriter(self, name: "\(name).\(incarnation)", number: $0) }
        cursor = 0
        readCommits()
    }

    func crash() {
        guard isUp else { return }
        isUp = false
        isPaused = false
        incarnation += 1
        backlog = []
        for loop in loops { loop.die() }
        loops = []
        writers = []
    }

    func pause() { isPaused = true }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        let late = backlog
        backlog = []
        for work in late { post(after: 0, work) }
    }

    /// Does something in this process, unless it crashes before; after a pause, if it pauses.
    func post(after ms: Int64, life: Int? = nil, _ work: @escaping () -> Void) {
        let life = life ?? incarnation
        world.scheduler.after(ms) { [self] in
            guard isUp, incarnation == life else { return }
            if isPaused { backlog.append(work) } else { work() }
        }
    }

    // MARK: - Connections

    /// A client comes in.
    func accept(_ link: SimLink) -> SimConnection {
        nextLoop += 1
        return loops[nextLoop % loops.count].accept(link)
    }

    /// Appends a message; conversations keep to their writer.
    func append(_ request: AppendRequest, answer: @escaping (Result<Appended, ChatError>) -> Void) {
        let number = Int(truncatingIfNeeded: request.send.conversation.rawValue % UInt64(writers.count))
        writers[number].append(request, answer: answer)
    }

    // MARK: - Delivery

    /// Tells all loops here, and the other nodes, what was committed.
    func publish(_ commit: Commit) {
        guard !commit.isEmpty else { return }
        if world.weather.losesPublished, random.chance(50) {
            world.history.faults.lostPublished += 1
            return
        }
        for loop in loops { announce(commit, to: loop, on: self) }
        for other in world.nodes where other !== self && other.isUp {
            guard !random.chance(world.settings.busLoss) else { continue }
            let life = other.incarnation
            other.post(after: random.within(1...40), life: life) {
                for loop in other.loops { other.announce(commit, to: loop, on: other) }
            }
        }
    }

    /// Commits overtake one another on their way to a loop.
    private func announce(_ commit: Commit, to loop: SimLoop, on node: SimNode) {
        let delay = node.random.chance(10) ? node.random.within(0...60) : 0
        node.post(after: delay) { loop.receive(commit) }
    }

    /// Reads the commit log now and then every so often.
    private func readCommits() {
        readOnce()
        post(after: world.settings.readCommitsEveryMs) { [self] in readCommits() }
    }

    /// Commits may have been missed: looks without waiting for the next time.
    func inspect() { readOnce() }

    private func readOnce() {
        guard world.mutant != .noCommitLog else { return }
        let from = cursor
        store.read(from: self) {
            .success($0.commits(after: from, limit: 200))
        } then: { [self] result in
            guard case .success(let page) = result, page.cursor > cursor else { return }
            cursor = page.cursor
            for loop in loops { post(after: 0) { loop.hear(page) } }
            readOnce()
        }
    }
}
