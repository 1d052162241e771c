// Paging through a log that goes on changing ends with the server's state.
import ChatClient
import ChatFixtures
import ChatProtocol
import Testing

@Suite("Paging")
struct PagingTests {
    @Test("changes seven rows at a time while 1,000 changes go on")
    func whileChanging() async throws {
        try await TestServer.with { server in
            let crowd = try await Crowd.gather(server, devices: [1, 1, 1])
            let (anna, bert, carl) = (crowd[0], crowd[1], crowd[2])
            let group = try await anna.client.create(NewConversation(kind: .group, members: [bert.id])).id
            for number in 1...60 { _ = try await anna.client.send("message \(number)", to: group) }
            let paged = try await withThrowingTaskGroup(of: Truth.Paged?.self) { tasks in
                tasks.addTask {
                    try await Self.change(anna.client, bert.client, carl.id, group, steps: 1_000)
                    return nil
                }
                tasks.addTask { try await Self.page(server.http(), bert.person, group) }
                return try await tasks.reduce(into: nil) { $0 = $0 ?? $1 }
            }
            let truth = try #require(try await Truth.ask(crowd.http, bert.person).conversations[group])
            #expect(paged?.problems == [])
            #expect(paged?.messages.values.sorted { $0.seq < $1.seq }.map(\.rev) == truth.messages.map(\.rev))
            #expect(paged?.messages.values.sorted { $0.seq < $1.seq }.map(\.body) == truth.messages.map(\.body))
            let members = paged?.members.values.filter { $0.leftAt == nil }.sorted { $0.user < $1.user }
            #expect(members?.map(\.rev) == truth.members.map(\.rev))
            #expect(paged?.row?.name == truth.row.name)
            try await crowd.verify("paging")
        }
    }

    /// Changes of all kinds, and a last message by which the reader knows that it was the last.
    private static func change(
        _ owner: ChatClient,
        _ member: ChatClient,
        _ other: UserID,
        _ group: ConversationID,
        steps: Int
    ) async throws {
        var random = SplitMix(seed: 4)
        for step in 8..<steps + 8 {
            let seq = Int64.random(in: 1...60, using: &random)
            switch step % 8 {
            case 0: _ = try await owner.member(other, of: group, role: .admin)
            case 1: _ = try await owner.remove(other, from: group)
            case 2, 3: _ = try await member.send("step \(step)", to: group)
            case 4: _ = try await owner.pin(seq, in: group, isPinned: Bool.random(using: &random))
            case 5: _ = try await member.react("🎈", to: seq, in: group)
            case 6: _ = try await member.unreact("🎈", to: seq, in: group)
            default: _ = try await owner.edit(seq, in: group, body: "edited at \(step)")
            }
        }
        _ = try await owner.send("the last", to: group)
    }

    private static func page(
        _ http: ChatHTTPClient,
        _ person: TestServer.Person,
        _ group: ConversationID
    ) async throws -> Truth.Paged {
        var paged = Truth.Paged()
        var since: Int64 = 0
        while true {
            try Task.checkCancellation()
            let page = try await http.call(
                "GET",
                "/v1/conversations/\(group)/changes?since=\(since)&limit=7",
                token: person.token,
                as: ChangesPage.self
            )
            paged.take(page, since: since, limit: 7)
            since = page.upTo
            if !page.more, paged.messages.values.contains(where: { $0.body == "the last" }) {
                await http.close()
                return paged
            }
        }
    }
}
