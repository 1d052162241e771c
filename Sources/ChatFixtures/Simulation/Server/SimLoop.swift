// One event loop: a hub and its connections, driven as LoopHub drives them.
import ChatCore
import ChatProtocol

final class SimLoop {
    unowned let node: SimNode
    let number: Int
    var hub = Hub()
    private(set) var connections: [UInt64: SimConnection] = [:]
    private var bySlot: [SimConnection?] = []
    private var lastConnection: UInt64 = 0

    init(_ node: SimNode, number: Int) {
        self.node = node
        self.number = number
    }

    var world: SimWorld { node.world }

    // MARK: - Connections

    func accept(_ link: SimLink) -> SimConnection {
        lastConnection += 1
        let connection = SimConnection(self, number: lastConnection, link: link)
        connections[lastConnection] = connection
        return connection
    }

    func remove(_ connection: SimConnection) {
        connections[connection.number] = nil
        guard let slot = connection.slot else { return }
        bySlot[Int(slot)] = nil
        hub.disconnect(slot)
    }

    /// The process is gone: so are its sockets.
    func die() {
        for connection in connections.values.sorted(by: { $0.number < $1.number }) { connection.die() }
        connections = [:]
        bySlot = []
    }

    func open(_ connection: SimConnection, _ opening: Opening, watch: Watch) -> Int32 {
        let (slot, actions) = hub.open(opening, watch: watch, now: node.now)
        note(7, "opens \(connection.link.device.name) as \(slot)")
        while bySlot.count <= Int(slot) { bySlot.append(nil) }
        bySlot[Int(slot)] = connection
        perform(actions)
        return slot
    }

    // MARK: - What the hub is told

    func receive(_ commit: Commit) {
        note(5, "hears " + commit.events.map { "\($0.conversation) (\($0.after), \($0.rev)]" }.joined(separator: " "))
        perform(hub.receive(mutated(commit), now: node.now))
    }

    func hear(_ page: CommitLogPage) {
        note(6, "reads " + page.heads.map { "\($0.conversation) \($0.rev)" }.joined(separator: " "))
        perform(hub.hear(page.heads, own: world.mutant == .ownLost ? [] : page.ownHeads))
    }

    func setCongested(_ slot: Int32, _ isCongested: Bool) {
        perform(hub.setCongested(slot, isCongested))
    }

    func caughtUp(_ slot: Int32, _ conversation: ConversationID, upTo: Int64, watch: Watch) {
        perform(hub.caughtUp(slot, conversation, upTo: upTo, watch: watch))
    }

    private func mutated(_ commit: Commit) -> Commit {
        var commit = commit
        switch world.mutant {
        case .staleMembership:
            for index in commit.events.indices { commit.events[index].departures = [] }
        case .ownLost, .noJoined:
            commit.own = []
        default: break
        }
        return commit
    }

    func note(_ kind: UInt64, _ text: @autoclosure () -> String) {
        world.trace.note(node.now, kind, [], "\(node.name).\(number) \(text())")
    }

    // MARK: - What the hub asks for

    func perform(_ actions: [HubAction]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: HubAction) {
        switch action {
        case .send(let event, let slots):
            send(event, slots)
        case .close(let slot, let code):
            bySlot[Int(slot)]?.close(code, "The session has ended; sign in again.")
        case .fetch(let conversation, let since):
            node.store.read(from: node) { log in
                .success(log.event(conversation: conversation, since: since, limit: FixedLimits.pageMaximum))
            } then: { [self] (result: Result<LogEvent?, ChatError>) in
                let event = result.map { event in event.flatMap { mutated(Commit(events: [$0])).events.first } }
                perform(hub.fetched(conversation, event, now: node.now))
            }
        case .fetchOwn(let user, let since):
            node.store.read(from: node) {
                .success($0.ownPage(user, since: since, limit: FixedLimits.pageMaximum))
            } then: {
                [self] in
                perform(hub.fetchedOwn(user, since: since, $0, now: node.now))
            }
        case .loadJoined(let user, let conversation, let watch):
            guard world.mutant != .noJoined else { return hub.endReading(watch) }
            node.store.read(from: node) {
                .success($0.joined(user, conversation: conversation))
            } then: { [self] in
                perform(hub.loaded(user, conversation, $0, watch: renewed(watch), now: node.now))
            }
        case .timer(let timer, let afterMs):
            if world.mutant == .noGapRepair { guard case .ownHold = timer else { return } }
            node.post(after: afterMs) { [self] in perform(hub.fired(timer, now: node.now)) }
        }
    }

    /// The bug: what happened while a snapshot was read is not kept.
    func renewed(_ watch: Watch) -> Watch {
        guard world.mutant == .dropRecent else { return watch }
        hub.endReading(watch)
        return hub.beginReading()
    }

    private func send(_ event: Event, _ slots: [Int32]) {
        let frame = SimFrame(event)
        if world.mutant == .noLeft, case .left = event { return }
        for slot in slots { bySlot[Int(slot)]?.deliver(frame) }
        guard world.mutant == .crossWire, case .message = event, node.random.chance(5) else { return }
        let strangers = bySlot.indices.filter { bySlot[$0] != nil && !slots.contains(Int32($0)) }
        if let stranger = node.random.pick(strangers) { bySlot[stranger]?.deliver(frame) }
    }
}
