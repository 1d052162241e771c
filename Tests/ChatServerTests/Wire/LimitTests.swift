// The limits of protocol.md, section 6, as a WebSocket meets them: at the limit all is well, one above it is not.
import ChatClient
import ChatFixtures
import ChatProtocol
import ChatServer
import Testing

@Suite("Limits on the wire")
struct LimitTests {
    @Test("hello tells all limits, as they are set")
    func told() async throws {
        try await TestServer.with {
            $0.limits.bodyBytes = 1_234
            $0.limits.mentionsPerMessage = 7
        } _: { server in
            let anna = try await server.signUp()
            let (_, reply) = try await Wire.open(server, anna)
            let names = [
                "bodyBytes", "frameBytes", "requestBytes", "commandsPerSecond", "commandBurst", "messagesPerSecond",
                "messageBurst", "connectionsPerUser", "connectionsPerAddress", "handshakesPerSecondPerAddress",
                "handshakeBurst", "signInsPerMinutePerAddress", "signInBurst", "accountsPerHourPerAddress",
                "signInFailuresPerAccount", "mentionsPerMessage", "groupMembers", "channelMembers", "outboundBytes",
                "helloSeconds", "attachmentBytes", "attachmentsPerMessage", "nameCharacters", "topicCharacters",
                "nonceBytes",
            ]
            #expect(Set(reply.limits.keys) == Set(names))
            #expect(reply.limits["bodyBytes"] == 1_234)
            #expect(reply.limits["mentionsPerMessage"] == 7)
            let info = try await server.http().call("GET", "/v1/server", as: ServerInfo.self)
            #expect(info.limits == reply.limits)
        }
    }

    @Test("bodyBytes, nonceBytes: in posts and edits")
    func sizes() async throws {
        try await TestServer.with {
            $0.limits.bodyBytes = 100
            $0.limits.nonceBytes = 8
        } _: { server in
            let (wire, group) = try await Self.group(server)
            // Two bytes each: what counts is bytes, not characters.
            let exact = String(repeating: "é", count: 50)
            _ = try await wire.ask(.send(Send(conversation: group, nonce: "12345678", body: exact)))
            let above = Send(conversation: group, nonce: "2", body: exact + "x")
            #expect(try await wire.refusal(of: .send(above))?.code == .tooLarge)
            #expect(
                try await wire.refusal(of: .edit(conversation: group, seq: 1, body: exact + "x", ifRev: nil))?.code
                    == .tooLarge
            )
            let empty = Send(conversation: group, nonce: "3", body: "")
            #expect(try await wire.refusal(of: .send(empty))?.code == .invalid)
            for nonce in ["123456789", "ééééx", ""] {
                let send = Send(conversation: group, nonce: nonce, body: "x")
                #expect(try await wire.refusal(of: .send(send))?.code == .invalid, "\(nonce)")
            }
            let page = try HistoryPage(
                json: try await wire.ask(.history(conversation: group, bound: .newest, limit: nil))
            )
            #expect(page.messages.map(\.body) == [exact])
        }
    }

    @Test("nameCharacters, topicCharacters: scalars, not bytes")
    func names() async throws {
        try await TestServer.with {
            $0.limits.nameCharacters = 10
            $0.limits.topicCharacters = 12
        } _: { server in
            let (wire, _) = try await Self.group(server)
            let name = String(repeating: "語", count: 10)
            let topic = String(repeating: "語", count: 12)
            _ = try await wire.ask(.create(NewConversation(kind: .group, name: name, topic: topic)))
            for new in [
                NewConversation(kind: .group, name: name + "語"), NewConversation(kind: .group, topic: topic + "語"),
                NewConversation(kind: .channel, name: name + "語"),
            ] {
                #expect(try await wire.refusal(of: .create(new))?.code == .invalid)
            }
        }
    }

    @Test("mentionsPerMessage: the rest are text")
    func mentions() async throws {
        try await TestServer.with {
            $0.limits.mentionsPerMessage = 2
        } _: { server in
            let people = try await Self.people(server, 4)
            let client = try await server.connect(people[0])
            let group = try await client.create(NewConversation(kind: .group, members: people.map(\.id))).id
            let body = people.dropFirst().map { "<@\($0.id)>" }.joined(separator: " ")
            _ = try await client.send(body, to: group)
            _ = try await client.send("\(body) <@all>", to: group)
            let messages = try await client.history(of: group).messages
            #expect(messages.map(\.body) == [body, "\(body) <@all>"])
            #expect(messages[0].mentions == [people[1].id, people[2].id])
            #expect(messages[1].mentions == [people[1].id, people[2].id])
            let mentions = try await (0..<4).asyncMap { number in
                try await crowdOwn(server, people[number], group)?.mentions
            }
            // `<@all>` counts for everybody; the third name was one too many.
            #expect(mentions == [0, 2, 2, 1])
        }
    }

    @Test("groupMembers, channelMembers: at creation, by adding, by joining")
    func members() async throws {
        try await TestServer.with {
            $0.limits.groupMembers = 3
            $0.limits.channelMembers = 2
        } _: { server in
            let people = try await Self.people(server, 4)
            let others = people.dropFirst().map(\.id)
            let (wire, _) = try await Wire.open(server, people[0])
            #expect(
                try await wire.refusal(of: .create(NewConversation(kind: .group, members: others)))?.code == .invalid
            )
            let group = try await Self.create(wire, NewConversation(kind: .group, members: Array(others.prefix(2))))
            #expect(
                try await wire.refusal(of: .member(conversation: group, user: others[2], role: nil))?.code == .invalid
            )
            _ = try await wire.ask(.remove(conversation: group, user: others[0]))
            _ = try await wire.ask(.member(conversation: group, user: others[2], role: nil))

            let new = NewConversation(kind: .channel, name: "Small", isPublic: true, members: [others[0]])
            let channel = try await Self.create(wire, new)
            let (late, _) = try await Wire.open(server, people[2])
            #expect(try await late.refusal(of: .join(conversation: channel))?.code == .invalid)
            #expect(
                try await wire.refusal(of: .member(conversation: channel, user: others[1], role: nil))?.code == .invalid
            )
            let tooMany = NewConversation(kind: .channel, name: "Large", members: others)
            #expect(try await wire.refusal(of: .create(tooMany))?.code == .invalid)
        }
    }

    @Test("commandBurst: refused commands say when to come back, and the connection stays; hello is none of them")
    func commandRate() async throws {
        try await TestServer.with {
            $0.limits.commandsPerSecond = 1
            $0.limits.commandBurst = 5
        } _: { server in
            let anna = try await server.signUp()
            let (wire, _) = try await Wire.open(server, anna)
            let other = try await Wire.open(server, anna).wire
            let answers = try await wire.answers(to: try await wire.say(all: Array(repeating: .ping, count: 50)))
            let refused = answers.compactMap { if case .failure(let error) = $0 { error } else { nil } }
            #expect(answers.count - refused.count >= 5)
            #expect(refused.count > 20)
            #expect(refused.allSatisfy { $0.code == .rateLimited && ($0.retryAfterMs ?? 0) > 0 })
            // The rate is each connection's own.
            #expect(try await other.ask(.ping)["now"] != nil)
            #expect(wire.repeatedReplies == [])
        }
    }

    @Test("messageBurst: one bucket for all of a user's devices and for HTTP, never a close")
    func messageRate() async throws {
        try await TestServer.with {
            $0.limits.messagesPerSecond = 1
            $0.limits.messageBurst = 9
        } _: { server in
            let (anna, bert) = (try await server.signUp(), try await server.signUp())
            let (one, _) = try await Wire.open(server, anna)
            let (two, _) = try await Wire.open(server, anna)
            let group = try await Self.create(one, NewConversation(kind: .group, members: [bert.id]))
            let sends = { (device: String) in
                (0..<20).map { Command.send(Send(conversation: group, nonce: "\(device) \($0)", body: "x")) }
            }
            var refused = 0
            var granted = 0
            for (wire, device) in [(one, "one"), (two, "two")] {
                for answer in try await wire.answers(to: try await wire.say(all: sends(device))) {
                    switch answer {
                    case .success: granted += 1
                    case .failure(let error):
                        #expect(error.code == .rateLimited)
                        #expect((error.retryAfterMs ?? 0) > 0)
                        refused += 1
                    }
                }
            }
            // The bucket fills by one a second: some more than the burst on a slow machine, never by device.
            #expect(granted >= 9 && granted < 18)
            let answer = try await server.http().request(
                "POST",
                "/v1/conversations/\(group)/messages",
                json: SendRequest(nonce: "over http", body: "x"),
                token: anna.token
            )
            if answer.status == 429 {
                #expect(answer.header("Retry-After").flatMap(Int.init).map { $0 >= 1 } == true)
                #expect((try answer.decode(Problem.self).retryAfterMs ?? 0) > 0)
            } else {
                #expect(answer.status == 201)
            }
            // Others are not meant, and other commands are not either.
            let (berts, _) = try await Wire.open(server, bert)
            _ = try await berts.ask(.send(Send(conversation: group, nonce: "n", body: "x")))
            _ = try await one.ask(.read(conversation: group, mark: .upTo(1)))
            #expect(refused > 20)
        }
    }

    @Test("connectionsPerAddress: 429 before hello too, and room again when one is gone")
    func perAddress() async throws {
        try await TestServer.with {
            $0.limits.connectionsPerAddress = 3
        } _: { server in
            var wires: [Wire] = []
            for _ in 0..<3 { wires.append(try await Wire.connect(server)) }
            let refused = try await server.rawSocket()
            #expect(refused.handshake.status == 429)
            #expect(refused.handshake.headers["retry-after"].flatMap(Int.init).map { $0 >= 1 } == true)
            #expect(refused.handshake.headers["content-type"] == "application/problem+json")
            #expect(try Problem(bytes: refused.handshake.body).code == .rateLimited)
            await wires[1].close()
            // The server hears of it in its own time.
            var status = 429
            for _ in 0..<5_000 where status == 429 {
                let socket = try await server.rawSocket()
                status = socket.handshake.status
                if status == 429 { await socket.close() }
            }
            #expect(status == 101)
        }
    }

    @Test("handshakeBurst: 429 with Retry-After")
    func handshakes() async throws {
        try await TestServer.with {
            $0.limits.handshakesPerSecondPerAddress = 1
            $0.limits.handshakeBurst = 4
        } _: { server in
            var statuses: [Int] = []
            for _ in 0..<12 {
                let socket = try await server.rawSocket()
                statuses.append(socket.handshake.status)
                if socket.handshake.status == 429 {
                    #expect(socket.handshake.headers["retry-after"].flatMap(Int.init).map { $0 >= 1 } == true)
                    let problem = try Problem(bytes: socket.handshake.body)
                    #expect(problem.code == .rateLimited && (problem.retryAfterMs ?? 0) > 0)
                }
                await socket.close()
            }
            #expect(statuses.prefix(4) == [101, 101, 101, 101])
            #expect(statuses.contains(429))
        }
    }

    @Test("a thousand commands at once are each answered once")
    func manyCommands() async throws {
        try await TestServer.with { server in
            let (wire, group) = try await Self.group(server)
            let commands = (0..<1_000).map { number -> Command in
                switch number % 4 {
                case 0: .ping
                case 1: .send(Send(conversation: group, nonce: "\(number)", body: "message \(number)"))
                case 2: .history(conversation: group, bound: .newest, limit: 3)
                default: .read(conversation: group, mark: .unreadFrom(nil))
                }
            }
            let ids = try await wire.say(all: commands)
            let answers = try await wire.answers(to: ids)
            #expect(answers.allSatisfy { if case .success = $0 { true } else { false } })
            #expect(wire.repeatedReplies == [])
            // Sends of one connection to one conversation keep their order.
            let seqs = try stride(from: 1, to: 1_000, by: 4).map { try SendReply(json: try answers[$0].get()).seq }
            #expect(seqs == Array(1...250))
        }
    }

    // MARK: - Helpers

    private static func people(_ server: TestServer, _ count: Int) async throws -> [TestServer.Person] {
        var people: [TestServer.Person] = []
        for _ in 0..<count { people.append(try await server.signUp()) }
        return people
    }

    private static func create(_ wire: Wire, _ new: NewConversation) async throws -> ConversationID {
        try ConversationAnswer(json: try await wire.ask(.create(new))).conversation.id
    }

    private static func group(_ server: TestServer) async throws -> (Wire, ConversationID) {
        let (wire, _) = try await Wire.open(server, try await server.signUp())
        return (wire, try await create(wire, NewConversation(kind: .group)))
    }

    private func crowdOwn(
        _ server: TestServer,
        _ person: TestServer.Person,
        _ conversation: ConversationID
    ) async throws -> OwnState? {
        try await server.http().call(
            "GET",
            "/v1/conversations/\(conversation)",
            token: person.token,
            as: Conversation.self
        ).own
    }
}

extension Sequence {
    /// One after another.
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
