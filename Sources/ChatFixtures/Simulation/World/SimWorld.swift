// A whole world in one thread: devices, sockets, nodes and a disk, under a seeded scheduler. The same seed gives the same
// world, step by step, in every process.
import ChatClient
import ChatCore
import ChatProtocol

final class SimWorld {
    /// What is wrong everywhere at present.
    struct Weather {
        var losesPublished = false
    }

    let seed: UInt64
    let mutant: Mutant?
    let settings: SimSettings
    let scheduler = SimScheduler()
    let trace: SimTrace
    var history = SimHistory()
    var weather = Weather()
    var random: SimRandom
    private(set) var nodes: [SimNode] = []
    private(set) var devices: [SimDevice] = []
    /// Conversations in which nothing happens but one message, in the middle of a fault.
    private(set) var quietRooms: [ConversationID] = []
    private var disk: SimStore?
    private var lastID: UInt64 = 1_000
    private var lastLink = 0

    init(seed: UInt64, mutant: Mutant?, keepsTrace: Bool) {
        self.seed = seed
        self.mutant = mutant
        trace = SimTrace(isKept: keepsTrace)
        random = SimRandom(seed: seed)
        settings = SimSettings(&random)
        let log = MemoryLog(epoch: "epoch", limits: settings.limits, mergesBatches: settings.mergesBatches)
        disk = SimStore(self, log, random.fork())
        settle()
    }

    var store: SimStore {
        guard let disk else { preconditionFailure("the disk is made first, and outlives everything") }
        return disk
    }

    func nextLink() -> Int {
        lastLink += 1
        return lastLink
    }

    func makeID<ID: EntityID>() -> ID {
        lastID += 1
        guard let id = ID(rawValue: lastID << 8 | UInt64(random.below(256))) else {
            preconditionFailure("such numbers are identifiers")
        }
        return id
    }

    // MARK: - The beginning

    /// People, their devices and their first conversations.
    private func settle() {
        let people: [UserID] = (0..<settings.people).map { _ in makeID() }
        for (index, user) in people.enumerated() {
            store.log.addUser(User(id: user, handle: "user\(index)", name: "User \(index)"))
        }
        let everybody = Array(people.dropFirst())
        _ = create(NewConversation(kind: .group, name: "hot", members: everybody), by: people[0])
        _ = create(NewConversation(kind: .channel, name: "open", isPublic: true, members: [people[2]]), by: people[1])
        _ = create(NewConversation(kind: .direct, members: [people[1]]), by: people[0])
        for _ in 0..<3 {
            let room = create(NewConversation(kind: .group, name: "quiet", members: everybody), by: people[0])
            if let room { quietRooms.append(room) }
        }
        for number in 0..<settings.nodes { nodes.append(SimNode(self, number: number, random.fork())) }
        for (index, user) in people.enumerated() {
            for number in 0..<settings.devicesPerPerson + (index == 0 ? 1 : 0) { addDevice(of: user, number) }
        }
    }

    private func create(_ new: NewConversation, by user: UserID) -> ConversationID? {
        // The first conversations break no rule.
        guard let changed = try? store.log.create(new, id: makeID(), by: user, now: store.now) else { return nil }
        history.stored(changed.commit, at: scheduler.now)
        return changed.value.conversation.id
    }

    private func addDevice(of user: UserID, _ number: Int) {
        let session: SessionID = makeID()
        let token = "token-\(session)"
        history.stored(store.log.addSession(session, of: user, tokenHash: Array(token.utf8), now: store.now), at: 0)
        var configuration = ClientConfiguration()
        configuration.bootstrap = random.chance(75) ? .everything : .newest(random.within(0...20))
        // Where answers take long, small pages would take for ever.
        let isFar = settings.latencyMs.upperBound > 100
        configuration.syncLimit = random.pick([isFar ? 20 : 2, isFar ? 50 : 7, 50, nil]) ?? nil
        configuration.sendsInFlight = random.pick([1, 1, 4]) ?? 1
        configuration.backoffMinimumMs = 100
        configuration.backoffMaximumMs = 2_000
        configuration.replyTimeoutMs = 8_000
        configuration.connectTimeoutMs = 4_000
        let device = SimDevice(
            self,
            number: devices.count,
            user: user,
            token: token,
            configuration: configuration,
            random.fork()
        )
        devices.append(device)
    }

    // MARK: - The run

    func run() {
        for node in nodes { node.start() }
        for device in devices {
            scheduler.after(random.within(0...500)) { device.connect() }
        }
        let workload = SimWorkload(self, random.fork())
        workload.begin()
        let nemesis = SimNemesis(self, workload, random.fork())
        nemesis.begin()
        scheduler.run(until: settings.workMs)
        workload.end()
        nemesis.heal()
        var isCalm = false
        let limit = settings.workMs + settings.settleMs
        while scheduler.now < limit, !isCalm {
            scheduler.run(until: scheduler.now + 500)
            isCalm = scheduler.now > settings.workMs + 3_000 && devices.allSatisfy(\.isAtRest)
        }
        // What is on its way after that: held rows of the own log, the commit log's last reading.
        scheduler.run(until: scheduler.now + 2_500)
    }

    /// Lets go of everything that waits, so that nothing holds the world.
    func end() {
        for node in nodes { node.crash() }
        scheduler.clear()
    }
}

extension SimDevice {
    /// Online, complete as far as it knows, and everything said.
    var isAtRest: Bool { machine.isSettled && machine.outboxCount == 0 }
}
