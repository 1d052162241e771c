// Thousands of random steps against a server in memory: at rest every client's rows equal the server's.

import ChatProtocol
import Foundation
import Testing

@testable import ChatClient

@Suite("Simulation")
struct SimulationTests {
    /// How many runs of each kind; more with `SIMULATION_SEEDS`.
    static let seeds: [UInt64] = {
        let wanted = ProcessInfo.processInfo.environment["SIMULATION_SEEDS"].flatMap { UInt64($0) }
        return Array(1...max(1, wanted ?? 12))
    }()

    func everything() -> ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.bootstrap = .everything
        configuration.syncLimit = 7
        return configuration
    }

    func newest(_ count: Int64, kept: Int = 2_000, lag: Int64 = 10_000) -> ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.bootstrap = .newest(count)
        configuration.messagesPerConversation = kept
        configuration.maximumLag = lag
        return configuration
    }

    func positionsOnly() -> ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.keepsRows = false
        return configuration
    }

    func run(_ simulation: inout ClientSimulation, steps: Int) {
        for _ in 0..<steps { simulation.step() }
        simulation.settle()
    }

    @Test("A quiet network: rows equal the server's", arguments: seeds)
    func quiet(seed: UInt64) {
        var simulation = ClientSimulation(
            seed: seed,
            configurations: [(alice, everything()), (alice, newest(5)), (bob, positionsOnly())]
        )
        simulation.cutPercent = 0
        run(&simulation, steps: 1_000)
        check(simulation)
    }

    @Test("Cuts, lost answers, refusals, slow connections: rows equal the server's", arguments: seeds)
    func faults(seed: UInt64) {
        var simulation = ClientSimulation(
            seed: seed,
            configurations: [(alice, everything()), (alice, newest(10)), (bob, everything()), (bob, positionsOnly())]
        )
        simulation.cutPercent = 8
        simulation.server.syncLimit = 9
        simulation.server.faults = FakeServer.Faults(
            lostEvents: 0,
            behind: 4,
            refusedSends: 15,
            refusedSyncs: 10,
            unknownSends: 15
        )
        run(&simulation, steps: 2_000)
        check(simulation)
    }

    @Test("Lost events: found by the next event or the next hello", arguments: seeds)
    func lostEvents(seed: UInt64) {
        var simulation = ClientSimulation(
            seed: seed,
            configurations: [(alice, everything()), (alice, newest(3)), (bob, newest(0))]
        )
        simulation.server.faults = FakeServer.Faults(
            lostEvents: 10,
            behind: 2,
            refusedSends: 5,
            refusedSyncs: 5,
            unknownSends: 5
        )
        for _ in 0..<1_500 { simulation.step() }
        simulation.settle()
        // What was lost last is found by the next hello.
        for index in simulation.devices.indices { simulation.cut(index) }
        simulation.settle()
        check(simulation)
    }

    @Test("Bounded memory and giving up on what is far behind: what is held equals the server's", arguments: seeds)
    func bounded(seed: UInt64) {
        var simulation = ClientSimulation(
            seed: seed,
            configurations: [(alice, newest(8, kept: 16, lag: 12)), (bob, newest(4, kept: 40, lag: 30))]
        )
        simulation.cutPercent = 8
        simulation.server.faults = FakeServer.Faults(behind: 3, refusedSends: 5, refusedSyncs: 5, unknownSends: 5)
        run(&simulation, steps: 2_000)
        check(simulation)
        for room in simulation.rooms {
            #expect(simulation.devices[0].machine.replica(of: room)?.messages.count ?? 0 <= 16)
        }
    }

    @Test("A restored store: everything afresh, the outbox kept", arguments: seeds)
    func restored(seed: UInt64) {
        var simulation = ClientSimulation(
            seed: seed,
            configurations: [(alice, everything()), (alice, newest(10)), (bob, positionsOnly())]
        )
        simulation.server.faults = FakeServer.Faults(behind: 2, refusedSends: 10, refusedSyncs: 5, unknownSends: 10)
        for _ in 0..<700 { simulation.step() }
        simulation.backup = simulation.server.store
        for _ in 0..<400 { simulation.step() }
        simulation.restore()
        for _ in 0..<700 { simulation.step() }
        simulation.settle()
        check(simulation, isRestored: true)
        for device in simulation.devices { #expect(device.isReset) }
    }

    @Test("One seed, one run", arguments: [3, 4] as [UInt64])
    func deterministic(seed: UInt64) {
        func trace() -> ([ClientSnapshot], Int64) {
            var simulation = ClientSimulation(
                seed: seed,
                configurations: [(alice, everything()), (alice, newest(10)), (bob, positionsOnly())]
            )
            simulation.cutPercent = 8
            simulation.server.faults = FakeServer.Faults(
                behind: 4,
                refusedSends: 15,
                refusedSyncs: 10,
                unknownSends: 15
            )
            run(&simulation, steps: 800)
            return (simulation.devices.map(\.machine.snapshot), simulation.now)
        }
        let first = trace()
        let second = trace()
        #expect(first.0 == second.0)
        #expect(first.1 == second.1)
    }

    // MARK: The law

    func check(_ simulation: ClientSimulation, isRestored: Bool = false) {
        for device in simulation.devices {
            let mine = simulation.server.store.index(for: device.user).map(\.conversation)
            #expect(device.machine.conversations == mine)
            #expect(device.machine.ownPosition == simulation.server.store.owns[device.user]?.head ?? 0)
            for room in mine { check(room, of: device, in: simulation) }
            checkSends(of: device, in: simulation, isRestored: isRestored)
        }
        // A run in which nothing happened proves nothing.
        #expect(simulation.server.acknowledged.count > 20)
        for room in simulation.rooms {
            let nonces = simulation.server.store.rooms[room]?.messages.map { "\($0.sender) \($0.nonce)" } ?? []
            #expect(Set(nonces).count == nonces.count)
        }
    }

    func check(_ id: ConversationID, of device: ClientSimulation.Device, in simulation: ClientSimulation) {
        let store = simulation.server.store
        guard let room = store.rooms[id], let truth = store.conversation(id, for: device.user) else { return }
        #expect(device.machine.position(of: id) == room.head)
        guard device.machine.configuration.keepsRows else { return }
        guard let replica = device.machine.replica(of: id) else {
            Issue.record("no copy of \(id)")
            return
        }
        #expect(replica.position == room.head)
        #expect(replica.lastSeq == room.lastSeq)
        let held = replica.loaded.flatMap { range in range.map { $0 } }
        #expect(replica.messages.map(\.seq) == held)
        if device.machine.configuration.bootstrap == .everything, room.lastSeq > 0 {
            #expect(replica.loaded == [1...room.lastSeq])
        }
        for message in replica.messages {
            #expect(same(message, store.message(room.messages[Int(message.seq - 1)], for: device.user)))
        }
        // What was delivered makes the same rows.
        for message in replica.messages {
            #expect(
                device.mirror[id]?[message.seq] == message,
                "\(message.seq) of \(device.machine.configuration.bootstrap)"
            )
        }
        #expect(replica.members.map { $0.user } == truth.members?.map(\.user))
        #expect(replica.members.map { $0.rev } == truth.members?.map(\.rev))
        #expect(replica.row.name == truth.name)
        #expect(replica.row.rev == truth.rev)
        #expect(replica.memberCount == truth.memberCount)
        #expect(replica.own?.readSeq == truth.own?.readSeq)
        #expect(replica.own?.unreadFrom == truth.own?.unreadFrom)
        #expect(replica.unread == truth.own?.unread)
        if let last = replica.lastMessage { #expect(last.seq == room.lastSeq) }
    }

    /// Rows are equal; `mine` is a set, and absent means none.
    func same(_ left: Message, _ right: Message) -> Bool {
        var left = left
        var right = right
        let mine = (Set(left.mine ?? []), Set(right.mine ?? []))
        left.mine = nil
        right.mine = nil
        return left == right && mine.0 == mine.1
    }

    /// Every message was stored exactly once, in the order of writing, unless the server refused it for good.
    func checkSends(of device: ClientSimulation.Device, in simulation: ClientSimulation, isRestored: Bool) {
        var refused: Set<String> = []
        var unresolved: Set<String> = []
        for (ticket, send) in device.sends {
            switch device.results[ticket] {
            case .success(let json):
                guard !isRestored else { continue }
                let stored = simulation.server.store.rooms[send.conversation]?.messages.filter {
                    $0.nonce == send.nonce
                }
                #expect(stored?.count == 1)
                #expect(stored?.first.map { .integer($0.seq) } == json["seq"])
            case .failure(.refused(let error)):
                #expect(error.code == .notFound)
                refused.insert(send.nonce)
            case .failure(.unresolved): unresolved.insert(send.nonce)
            default: Issue.record("no answer to \(send.nonce)")
            }
        }
        guard !isRestored else { return }
        for (room, written) in device.written {
            let settled = written.filter { !unresolved.contains($0) }
            let stored = simulation.server.store.rooms[room]?.messages.map(\.nonce).filter(Set(settled).contains)
            #expect(stored == settled.filter { !refused.contains($0) })
        }
    }
}
