// A server in memory and some clients, joined by sockets that delay, reorder and cut. One seed, one run.

import ChatProtocol
import Testing

@testable import ChatClient

/// A run of clients against a server, step by step, all choices from one seed.
struct ClientSimulation {
    struct Device {
        let user: UserID
        var machine: ClientStateMachine
        /// The connection of the socket that is open.
        var connection: UInt64?
        var socket: SocketID = 0
        /// A socket that is being opened.
        var opening: SocketID?
        var wakeAt: Int64?
        var results: [Ticket: Result<JSON, CommandFailure>] = [:]
        var lastTicket: Ticket = 0
        /// Tickets of sends, with their nonces.
        var sends: [Ticket: Send] = [:]
        /// Bodies in the order in which they were sent off by the user, per conversation.
        var written: [ConversationID: [String]] = [:]
        /// Copies made of nothing but what was delivered.
        var mirror: [ConversationID: [Int64: Message]] = [:]
        var isReset = false
    }

    var server: FakeServer
    var devices: [Device] = []
    var generator: SeededGenerator
    var now: Int64 = 0
    var rooms: [ConversationID] = []
    var cutPercent = 2
    /// A former state of the store, for a restore.
    var backup: FakeStore?
    var log: [String] = []

    init(seed: UInt64, configurations: [(UserID, ClientConfiguration)]) {
        generator = SeededGenerator(seed: seed)
        server = FakeServer(seed: seed &+ 77)
        rooms = (100..<104).map { conversationID($0) }
        for room in rooms { server.create(room, by: userID(9), members: [alice, bob]) }
        for (user, configuration) in configurations {
            devices.append(Device(user: user, machine: ClientStateMachine(configuration: configuration)))
            give(devices.count - 1, .connect(token: "t"))
        }
    }

    // MARK: Devices

    mutating func give(_ index: Int, _ input: ClientInput) {
        let actions = devices[index].machine.handle(input, now: now, random: &generator)
        for action in actions {
            switch action {
            case .open(let socket):
                hangUp(index)
                devices[index].opening = socket
            case .send(let socket, let frame):
                guard socket == devices[index].socket, let id = devices[index].connection else { continue }
                server.connections[id]?.commands.append(frame)
            case .close: hangUp(index)
            case .wake(let time): devices[index].wakeAt = time
            case .needToken: break
            case .result(let ticket, let result):
                #expect(devices[index].results[ticket] == nil, "one result per command")
                devices[index].results[ticket] = result
            case .deliver(let event): deliver(event, to: index)
            }
        }
    }

    private mutating func deliver(_ event: ClientEvent, to index: Int) {
        switch event {
        case .messages(let room, let messages):
            for message in messages { devices[index].mirror[room, default: [:]][message.seq] = message }
        case .dropped(let room, let range):
            for seq in range { devices[index].mirror[room]?[seq] = nil }
        case .left(let room, _): devices[index].mirror[room] = nil
        case .reset:
            devices[index].mirror = [:]
            devices[index].isReset = true
        default: break
        }
    }

    /// The socket ends on the client's side; what it has sent may still arrive.
    private mutating func hangUp(_ index: Int) {
        guard let id = devices[index].connection else { return }
        while server.connections[id]?.commands.isEmpty == false, generator.chance(70) { server.takeCommand(of: id) }
        server.connections[id] = nil
        devices[index].connection = nil
        devices[index].socket = 0
    }

    /// The socket ends on the way.
    mutating func cut(_ index: Int) {
        let socket = devices[index].socket
        guard devices[index].connection != nil else { return }
        hangUp(index)
        give(index, .closed(socket, code: nil, reason: ""))
    }

    @discardableResult
    mutating func command(_ index: Int, _ command: Command) -> Ticket {
        devices[index].lastTicket += 1
        let ticket = devices[index].lastTicket
        give(index, .command(ticket, command))
        return ticket
    }

    // MARK: Steps

    /// Something happens, somewhere.
    mutating func step() {
        let index = generator.below(devices.count)
        switch generator.below(100) {
        case 0..<45: transport(index)
        case 45..<65: act(index)
        case 65..<80: actElsewhere()
        case 80..<84: server.tellOwn()
        case 84..<90: tick(by: Int64(generator.below(400)))
        case 90..<92: if generator.chance(cutPercent * 10) { cut(index) }
        default: transport(index)
        }
    }

    /// A frame or a connection moves on. Answers whether there was anything to move.
    @discardableResult
    mutating func transport(_ index: Int) -> Bool {
        if let socket = devices[index].opening {
            devices[index].opening = nil
            if generator.chance(cutPercent) {
                give(index, .failed(socket))
            } else {
                devices[index].connection = server.connect(devices[index].user)
                devices[index].socket = socket
                give(index, .opened(socket))
            }
            return true
        }
        guard let id = devices[index].connection, let connection = server.connections[id] else { return false }
        if !connection.commands.isEmpty, generator.chance(50) {
            server.takeCommand(of: id)
            return true
        }
        if let frame = server.nextFrame(of: id) {
            give(index, .frame(devices[index].socket, frame))
            return true
        }
        guard !connection.commands.isEmpty else { return false }
        server.takeCommand(of: id)
        return true
    }

    mutating func tick(by milliseconds: Int64) {
        now += milliseconds
        for index in devices.indices {
            guard let wakeAt = devices[index].wakeAt, wakeAt <= now else { continue }
            devices[index].wakeAt = nil
            give(index, .wake)
        }
    }

    /// The user of a device does something.
    private mutating func act(_ index: Int) {
        guard let room = generator.pick(rooms) else { return }
        let lastSeq = server.store.rooms[room]?.lastSeq ?? 0
        let seq = 1 + Int64(generator.below(Int(lastSeq) + 1))
        switch generator.below(20) {
        case 0..<8:
            let body = "\(index)-\(devices[index].lastTicket)"
            let send = Send(conversation: room, nonce: body, body: body)
            devices[index].written[room, default: []].append(body)
            let ticket = command(index, .send(send))
            devices[index].sends[ticket] = send
        case 8: command(index, .edit(conversation: room, seq: seq, body: "edited \(now)", ifRev: nil))
        case 9: command(index, .delete(conversation: room, seq: seq))
        case 10, 11: command(index, .react(conversation: room, seq: seq, emoji: ["a", "b", "c"][generator.below(3)]))
        case 12: command(index, .unreact(conversation: room, seq: seq, emoji: ["a", "b", "c"][generator.below(3)]))
        case 13, 14: command(index, .read(conversation: room, mark: .upTo(seq - 1)))
        case 15: command(index, .read(conversation: room, mark: .unreadFrom(generator.chance(50) ? seq : nil)))
        case 16: command(index, .history(conversation: room, bound: .around(seq), limit: 10))
        case 17: command(index, .open(conversation: room))
        case 18: command(index, generator.chance(30) ? .leave(conversation: room) : .join(conversation: room))
        default:
            command(index, .history(conversation: room, bound: .before(seq), limit: Int64(1 + generator.below(20))))
        }
    }

    /// Somebody who has no device here does something.
    private mutating func actElsewhere() {
        guard let room = generator.pick(rooms) else { return }
        let other = userID(9)
        let seq = 1 + Int64(generator.below(Int(server.store.rooms[room]?.lastSeq ?? 0) + 1))
        switch generator.below(12) {
        case 0..<5:
            let name = "s\(server.store.clock)-\(generator.below(1_000_000))"
            _ = try? server.send(Send(conversation: room, nonce: name, body: name), by: other)
        case 5: _ = try? server.delete(seq, in: room, by: other)
        case 6: _ = try? server.react("a", generator.chance(50), seq: seq, in: room, by: other)
        case 7: server.rename(room, to: "Room \(generator.below(1_000))")
        case 8: server.changeSomethingUnknown(room)
        case 9: server.deleteSome(room)
        case 10:
            let user = userID(UInt64(20 + generator.below(5)))
            if generator.chance(50) { server.join(user, room) } else { server.leave(user, room, reason: .removed) }
        default:
            let user = generator.chance(50) ? alice : bob
            if generator.chance(70) { server.join(user, room) } else { server.leave(user, room, reason: .removed) }
        }
    }

    /// No more faults and changes: everything under way arrives, everybody catches up.
    mutating func settle() {
        server.faults = FakeServer.Faults()
        cutPercent = 0
        server.tellOwn()
        for round in 0..<20_000 {
            var moved = false
            for index in devices.indices {
                while transport(index) { moved = true }
            }
            // Messages that arrive late leave own rows to be told.
            if !server.untold.isEmpty {
                server.tellOwn()
                moved = true
            }
            if !moved {
                if devices.allSatisfy({ $0.machine.isSettled && $0.machine.outboxCount == 0 }) { return }
                tick(by: 250)
            }
            #expect(round < 19_999, "the clients come to rest")
        }
    }

    /// The store is set back to its backup, under another epoch; all connections are cut.
    mutating func restore() {
        guard let backup else { return }
        let epoch = server.store.epoch + "'"
        server.store = backup
        server.store.epoch = epoch
        server.untold = []
        for index in devices.indices { cut(index) }
    }
}
