// Where the server's patience ends: no hello, half a frame, nobody who reads, too many commands, a drain.
import ChatClient
import ChatFixtures
import ChatGateway
import ChatProtocol
import ChatServer
import Testing

@Suite("Patience")
struct PatienceTests {
    @Test("4200: no hello in time; whoever said it is left alone")
    func noHello() async throws {
        try await TestServer.with {
            $0.limits.helloSeconds = 1
        } _: { server in
            let (greeted, _) = try await Wire.open(server, try await server.signUp())
            let silent = try await Wire.connect(server)
            #expect(try await silent.closeCode() == 4200)
            #expect(try await greeted.ask(.ping)["now"] != nil)
        }
    }

    @Test("4200: a frame, or a message of fragments, that is not finished")
    func unfinished() async throws {
        try await TestServer.with {
            $0.times.frameMs = 300
        } _: { server in
            let anna = try await server.signUp()
            let (half, _) = try await Wire.open(server, anna)
            let (fragment, _) = try await Wire.open(server, anna)
            let (idle, _) = try await Wire.open(server, anna)
            try await half.socket.send(bytes: [0x81, 0x8A, 1, 2, 3, 4, 5])
            try await fragment.socket.send(.init(opcode: 1, payload: [0x7B], isFinal: false))
            #expect(try await half.closeCode() == 4200)
            #expect(try await fragment.closeCode() == 4200)
            #expect(try await idle.ask(.ping)["now"] != nil)
        }
    }

    @Test("4201: whoever reads nothing is let go")
    func readsNothing() async throws {
        try await TestServer.with {
            $0.adminPort = 0
            $0.times.heartbeatMs = 200
            $0.times.pongMs = 5_000
            $0.times.stalledMs = 500
            $0.limits.bodyBytes = 131_072
            $0.limits.frameBytes = 200_000
        } _: { server in
            let people = [try await server.signUp(), try await server.signUp(), try await server.signUp()]
            let (sender, _) = try await Wire.open(server, people[0])
            let (stopped, _) = try await Wire.open(server, people[1])
            let (watcher, _) = try await Wire.open(server, people[2])
            _ = try await watcher.ask(.create(NewConversation(kind: .direct, members: [people[1].id])))
            let watch = Command.presence(watch: [people[1].id], set: nil)
            #expect(try PresenceAnswer(json: try await watcher.ask(watch)).users == [people[1].id: .online])
            let group = try ConversationAnswer(
                json: try await sender.ask(.create(NewConversation(kind: .group, members: [people[1].id])))
            ).conversation.id
            try await stopped.socket.setReading(false)
            // More than the buffers of both ends hold, so that something stays unsent. Whoever does not read cannot see
            // the close code; that the server has let go of the connection, the first of its user, shows in presence.
            let body = String(repeating: "x", count: 131_072)
            let gone = people[1].id
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    for number in 0..<120 {
                        _ = try await sender.ask(.send(Send(conversation: group, nonce: "\(number)", body: body)))
                    }
                }
                tasks.addTask {
                    try await watcher.find { event -> Bool? in
                        if case .presence(let users) = event, users[gone] == .offline { true } else { nil }
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(try await server.metric("vibetalk_closes", containing: "\"4201\"") >= 1)
        }
    }

    @Test("4202: 200 refused commands within ten seconds")
    func tooManyCommands() async throws {
        try await TestServer.with {
            $0.limits.commandsPerSecond = 1
            $0.limits.commandBurst = 10
        } _: { server in
            let (wire, _) = try await Wire.open(server, try await server.signUp())
            let ids = try await wire.say(all: Array(repeating: .ping, count: 400))
            #expect(try await wire.closeCode() == 4202)
            #expect(try CloseReason(json: JSONParser.parse(wire.closeReason.utf8)).afterMs > 0)
            var (granted, refused) = (0, 0)
            for id in ids {
                switch try? await wire.answer(to: id) {
                case .success: granted += 1
                case .failure(let error):
                    #expect(error.code == .rateLimited)
                    #expect(error.retryAfterMs.map { $0 > 0 } == true)
                    refused += 1
                case nil: break
                }
            }
            #expect(granted >= 10 && granted < 50)
            #expect(refused == 199)
        }
    }

    @Test("4203: a node that stops says so first, and says when to come back")
    func draining() async throws {
        try await TestServer.with {
            $0.times.drainMs = 400
        } _: { server in
            let anna = try await server.signUp()
            var wires: [Wire] = []
            for _ in 0..<5 { wires.append(try await Wire.open(server, anna).wire) }
            let silent = try await Wire.connect(server)
            async let stopped: Void = server.stop()
            for wire in wires {
                let afterMs = try await wire.find { event in
                    if case .moving(let afterMs) = event { afterMs } else { nil }
                }
                #expect((0...400).contains(afterMs))
                #expect(try await wire.closeCode() == 4203)
            }
            #expect(try await silent.closeCode() == 4203)
            try await stopped
            try await server.start()
            let (again, _) = try await Wire.open(server, anna)
            #expect(try await again.ask(.ping)["now"] != nil)
        }
    }
}

extension Event {
    var isBehind: Bool { if case .behind = self { true } else { false } }
}
