// Connecting while others write, and while the session is taken away: 200 times each.
import ChatClient
import ChatCore
import ChatFixtures
import ChatProtocol
import Synchronization
import Testing

@Suite("Races")
struct RaceTests {
    /// What a reader that comes and goes has seen of one conversation.
    private struct Reader {
        let conversation: ConversationID
        var position: Int64 = 0
        var rows: [Int64: Message] = [:]
        var problems: [String] = []

        mutating func take(_ messages: [Message]) {
            for message in messages where message.rev >= rows[message.seq]?.rev ?? 0 { rows[message.seq] = message }
        }

        /// The events of one life, which must join end to end.
        mutating func take(_ events: [Event], from start: Int64, _ round: Int) {
            var position = start
            for event in events {
                guard let interval = event.interval, interval.conversation == conversation else { continue }
                if interval.after != position || interval.rev <= interval.after {
                    problems.append("round \(round): (\(interval.after), \(interval.rev)] at \(position)")
                }
                position = interval.rev
                take(event.messages)
            }
            self.position = max(self.position, position)
        }
    }

    @Test("connecting 200 times while others send: no event lost, none doubled, wherever one resumes")
    func hello() async throws {
        try await TestServer.with { server in
            let reading = try await server.signUp()
            var writers: [TestServer.Person] = []
            for _ in 0..<3 { writers.append(try await server.signUp()) }
            let (first, _) = try await Wire.open(server, reading)
            let members = writers.map(\.id)
            var created: [ConversationID] = []
            for _ in 0..<2 {
                let new = NewConversation(kind: .group, members: members)
                created.append(try ConversationAnswer(json: try await first.ask(.create(new))).conversation.id)
            }
            let groups = created
            await first.close()
            let isOver = Signal()
            let readers = try await withThrowingTaskGroup(of: [Reader].self) { tasks in
                for (number, writer) in writers.enumerated() {
                    tasks.addTask {
                        try await Self.write(server, writer, groups, UInt64(number), until: isOver)
                        return []
                    }
                }
                tasks.addTask {
                    defer { isOver.raise() }
                    return try await Self.comeAndGo(server, reading, groups)
                }
                return try await tasks.reduce(into: []) { $0 += $1 }
            }
            // At rest: one more time, up to the heads.
            let truth = try await Truth.ask(server.http(), reading)
            for var reader in readers {
                #expect(reader.problems == [])
                let client = try await server.connect(reading)
                while true {
                    let page = try await client.sync(reader.conversation, since: reader.position, limit: 200)
                    reader.take(page.messages)
                    reader.position = page.upTo
                    guard page.more else { break }
                }
                let messages = truth.conversations[reader.conversation]?.messages ?? []
                #expect(messages.count > 200)
                #expect(reader.rows.count == messages.count)
                for message in messages { #expect(reader.rows[message.seq]?.rev == message.rev) }
            }
        }
    }

    /// 200 lives of one reader. Each resumes where the last one ended, or some way before that.
    private static func comeAndGo(
        _ server: TestServer,
        _ person: TestServer.Person,
        _ groups: [ConversationID]
    ) async throws -> [Reader] {
        var readers = groups.map { Reader(conversation: $0) }
        var random = SplitMix(seed: 7)
        for round in 0..<200 {
            let resume = readers.map { reader in
                let back = Bool.random(using: &random) ? 0 : Int64.random(in: 0...30, using: &random)
                return Hello.Position(conversation: reader.conversation, rev: max(0, reader.position - back))
            }
            let (wire, reply) = try await Wire.open(server, Hello(token: person.token, resume: resume))
            var starts: [Int64] = []
            for (number, reader) in readers.enumerated() {
                let head = try #require(reply.index.first { $0.conversation == reader.conversation }?.head)
                let page = reply.changes?.first { $0.conversation == reader.conversation }
                if let page { readers[number].take(page.messages) }
                let start = if let page, !page.more { page.upTo } else { head }
                starts.append(start)
                // What the answer did not reach is asked for, while events go on above it.
                var since = page?.upTo ?? resume[number].rev
                while since < start {
                    let more = try ChangesPage(
                        json: try await wire.ask(.sync(conversation: reader.conversation, since: since, limit: 200))
                    )
                    readers[number].take(more.messages)
                    since = more.upTo
                }
            }
            let wanted = Int.random(in: 1...6, using: &random)
            try await wire.hear { events in groups.allSatisfy { events.intervals(of: $0).count >= wanted } }
            await wire.close()
            for number in readers.indices { readers[number].take(wire.events, from: starts[number], round) }
            if !wire.repeatedReplies.isEmpty { readers[0].problems.append("round \(round): a reply came twice") }
        }
        return readers
    }

    private static func write(
        _ server: TestServer,
        _ person: TestServer.Person,
        _ groups: [ConversationID],
        _ seed: UInt64,
        until isOver: Signal
    ) async throws {
        var random = SplitMix(seed: seed)
        let (wire, _) = try await Wire.open(server, person)
        var number = 0
        while !isOver.isRaised {
            var commands: [Command] = []
            for group in groups {
                number += 1
                commands.append(.send(Send(conversation: group, nonce: "\(number)", body: "message \(number)")))
                let seq = Int64.random(in: 1...Int64(number), using: &random)
                commands.append(.react(conversation: group, seq: seq, emoji: number.isMultiple(of: 2) ? "👍" : "🎈"))
            }
            // A reaction may come before its message; that refusal is none of this test's.
            _ = try await wire.answers(to: try await wire.say(all: commands))
        }
        await wire.close()
    }

    @Test("a session that ends while its device connects, 200 times: no connection stays")
    func revocation() async throws {
        try await TestServer.with { server in
            var people: [TestServer.Person] = []
            for _ in 0..<4 { people.append(try await server.signUp()) }
            let sessions = try await server.withStores { [people] stores, environment in
                var sessions: [(owner: Int, id: SessionID, token: String)] = []
                for number in 0..<200 {
                    let owner = number % people.count
                    let token = "race \(number)"
                    let id = try await NewSessions.add(to: stores, of: people[owner].id, token: token, environment)
                    sessions.append((owner, id, token))
                }
                return sessions
            }
            let http = server.http()
            for (number, session) in sessions.enumerated() {
                let wire = try await Wire.connect(server)
                let token = people[session.owner].token
                let hello = Command.hello(Hello(token: session.token))
                async let answer = http.request("DELETE", "/v1/sessions/\(session.id)", token: token)
                // The request needs some steps more than the frame does: commands before it make up for them.
                if number.isMultiple(of: 2) { try await wire.socket.send(.init(opcode: 9, payload: [])) }
                let id = try await wire.say(hello)
                #expect(try await answer.status == 204)
                let code = try await wire.closeCode()
                #expect(code == 4101, "round \(number)")
                if case .failure(let error)? = try? await wire.answer(to: id) {
                    #expect(error.code == .unauthenticated)
                }
            }
        }
    }
}
