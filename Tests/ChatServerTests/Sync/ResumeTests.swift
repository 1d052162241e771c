// Coming back: what `hello` answers to positions, and how an index of thousands of conversations is paged.
import ChatClient
import ChatCore
import ChatFixtures
import ChatProtocol
import Testing

@Suite("Resume")
struct ResumeTests {
    @Test("positions: what changed, nothing at the head, gone, reset")
    func positions() async throws {
        try await TestServer.with { server in
            let (anna, bert) = (try await server.signUp(), try await server.signUp())
            let (wire, _) = try await Wire.open(server, anna)
            var ids: [ConversationID] = []
            for _ in 0..<5 { ids.append(try await Self.group(wire, [bert.id])) }
            let foreign = try await Self.group(try await Wire.open(server, bert).wire, [])
            let (berts, before) = try await Wire.open(server, bert)
            await berts.close()
            var position = Dictionary(uniqueKeysWithValues: before.index.map { ($0.conversation, $0.head) })

            // 0 stays as it is; 1 gets two messages; 2 is left; 3 is claimed to be further than it is; 4 is not asked for.
            for number in [1, 4] {
                for nonce in ["a", "b"] {
                    _ = try await wire.ask(.send(Send(conversation: ids[number], nonce: nonce, body: nonce)))
                }
            }
            _ = try await wire.ask(.remove(conversation: ids[2], user: bert.id))
            position[ids[3]] = (position[ids[3]] ?? 0) + 1
            var resume = [ids[0], ids[1], ids[2], ids[3], foreign].map {
                Hello.Position(conversation: $0, rev: position[$0] ?? 0)
            }
            resume.append(Hello.Position(conversation: .first, rev: 3))
            let hello = Hello(token: bert.token, epoch: before.epoch, own: before.own, resume: resume)
            let (again, reply) = try await Wire.open(server, hello)
            #expect(Set(reply.index.map(\.conversation)) == Set([ids[0], ids[1], ids[3], ids[4], foreign]))
            #expect(Set(reply.gone ?? []) == [ids[2], .first])
            let changes = Dictionary(uniqueKeysWithValues: (reply.changes ?? []).map { ($0.conversation, $0) })
            #expect(Set(changes.keys) == [ids[1], ids[3]])
            #expect(changes[ids[1]]?.messages.map(\.body) == ["a", "b"])
            #expect(changes[ids[1]]?.upTo == reply.index.first { $0.conversation == ids[1] }?.head)
            #expect(changes[ids[1]]?.reset == false)
            #expect(changes[ids[3]]?.reset == true)
            #expect(reply.own > before.own)

            // Events follow from there.
            let sent = try await wire.ask(.send(Send(conversation: ids[1], nonce: "c", body: "c")))
            let rev = try SendReply(json: sent).rev
            try await again.hear(ids[1], upTo: rev)
            #expect(again.events.end(of: ids[1], from: changes[ids[1]]?.upTo ?? 0) == rev)

            // A reader of one position above the head by sync learns the same.
            let head = reply.index.first { $0.conversation == ids[0] }?.head ?? 0
            let page = try ChangesPage(
                json: try await again.ask(.sync(conversation: ids[0], since: head + 1, limit: nil))
            )
            #expect(page.reset && page.messages.isEmpty)
            let own = try OwnPage(json: try await again.ask(.syncOwn(since: reply.own + 1_000, limit: nil)))
            #expect(own.reset && own.rows.isEmpty)
        }
    }

    @Test("another epoch: neither changes nor gone")
    func otherEpoch() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            let (wire, before) = try await Wire.open(server, anna)
            let group = try await Self.group(wire, [])
            _ = try await wire.ask(.send(Send(conversation: group, nonce: "a", body: "a")))
            let resume = [Hello.Position(conversation: group, rev: 1), Hello.Position(conversation: .first, rev: 1)]
            let other = Hello(token: anna.token, epoch: before.epoch + "x", own: 1, resume: resume)
            let (_, reply) = try await Wire.open(server, other)
            #expect(reply.changes == nil && reply.gone == nil)
            #expect(reply.epoch == before.epoch)
            #expect(reply.index.map(\.conversation) == [group])
            let same = Hello(token: anna.token, epoch: before.epoch, own: 1, resume: resume)
            let (_, known) = try await Wire.open(server, same)
            #expect(known.changes?.count == 1 && known.gone == [.first])
        }
    }

    @Test("200 positions at once, and as far as 256 KiB go")
    func many() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            let ids = try await server.withStores { stores, environment in
                try await Self.groups(200, of: anna.id, stores, environment)
            }
            let (wire, before) = try await Wire.open(server, anna)
            let resume = before.index.map { Hello.Position(conversation: $0.conversation, rev: $0.head) }
            #expect(resume.map(\.conversation) == ids.sorted())
            let sends = ids.map { Command.send(Send(conversation: $0, nonce: "n", body: "short")) }
            for answer in try await wire.answers(to: try await wire.say(all: sends)) { _ = try answer.get() }
            let hello = Hello(token: anna.token, epoch: before.epoch, own: before.own, resume: resume)
            let (_, reply) = try await Wire.open(server, hello)
            #expect(
                Set((reply.changes ?? []).filter { $0.messages.count == 1 && !$0.more }.map(\.conversation)) == Set(ids)
            )

            // 15 KB more in each of 40: what does not fit is left to `sync`, whole pages at a time.
            let body = String(repeating: "y", count: 15_000)
            let large = ids.prefix(40).map { Command.send(Send(conversation: $0, nonce: "m", body: body)) }
            for answer in try await wire.answers(to: try await wire.say(all: large)) { _ = try answer.get() }
            let (full, partly) = try await Wire.open(server, hello)
            let changes = partly.changes ?? []
            #expect(changes.reduce(0) { $0 + $1.encoded().count } <= FixedLimits.bulkBytes)
            #expect(changes.count >= 10 && changes.count < 200)
            let heads = Dictionary(uniqueKeysWithValues: partly.index.map { ($0.conversation, $0.head) })
            for page in changes { #expect(page.upTo == heads[page.conversation] && page.messages.count >= 1) }
            // Events of one that did not fit follow from the index's head.
            let left = try #require(ids.last { id in !changes.contains { $0.conversation == id } })
            let sent = try await wire.ask(.send(Send(conversation: left, nonce: "o", body: "o")))
            let rev = try SendReply(json: sent).rev
            try await full.hear(left, upTo: rev)
            #expect(full.events.end(of: left, from: heads[left] ?? 0) == rev)
        }
    }

    @Test("an index of more than 2,000 conversations comes in pages, and all of them are listened to")
    func index() async throws {
        try await TestServer.with { server in
            let (anna, bert) = (try await server.signUp(), try await server.signUp())
            let ids = try await server.withStores { stores, environment in
                try await Self.groups(2_050, of: anna.id, with: bert.id, stores, environment)
            }.sorted()
            let (wire, reply) = try await Wire.open(server, anna)
            #expect(reply.index.count == 2_000 && reply.more)
            var index = reply.index
            let last = try #require(index.last?.conversation)
            let page = try IndexPage(json: try await wire.ask(.index(after: last)))
            #expect(page.index.count == 50 && !page.more)
            index += page.index
            #expect(index.map(\.conversation) == ids)

            let (berts, _) = try await Wire.open(server, bert)
            for id in [ids[0], ids[1_999], ids[2_000], ids[2_049]] {
                let sent = try await berts.ask(.send(Send(conversation: id, nonce: "n", body: "x")))
                let rev = try SendReply(json: sent).rev
                try await wire.hear(id, upTo: rev)
                #expect(wire.events.end(of: id, from: index.first { $0.conversation == id }?.head ?? 0) == rev)
            }
            var light = ClientConfiguration()
            light.keepsRows = false
            let client = try await server.connect(anna, configuration: light)
            try await client.waitUntil { $0.isSettled && $0.conversations == ids }
        }
    }

    private static func group(_ wire: Wire, _ members: [UserID]) async throws -> ConversationID {
        try ConversationAnswer(json: try await wire.ask(.create(NewConversation(kind: .group, members: members))))
            .conversation.id
    }

    /// Many at once, so that they share commits.
    private static func groups(
        _ count: Int,
        of owner: UserID,
        with member: UserID? = nil,
        _ stores: Stores,
        _ environment: Environment
    ) async throws -> [ConversationID] {
        let new = NewConversation(kind: .group, members: member.map { [$0] } ?? [])
        return try await withThrowingTaskGroup(of: ConversationID.self) { tasks in
            for _ in 0..<count {
                tasks.addTask {
                    try await stores.conversations.create(new, id: environment.makeID(), by: owner).value.conversation
                        .id
                }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
    }
}
