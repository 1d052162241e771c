// The commit log, lost answers, and what survives a restart.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let commitLog: [ContractCheck] = [
        ContractCheck("the commit log names every head, in order", everyHead),
        ContractCheck("a batch is known after its commit, and only then", outcomes),
        ContractCheck("a restart keeps everything", restart),
    ]

    private static func everyHead(_ world: StoreWorld) async throws {
        let people = try await world.users(4)
        let groups = [
            try await world.create(.group, by: people[0], with: people),
            try await world.create(.group, by: people[0], with: people),
        ]
        var random = SplitMix64(seed: 5)
        for step in 0..<150 { try await randomChange(world, groups[step % 2].id, people, &random) }
        var heads: [ConversationID: [Int64]] = [:]
        var ownHeads: [UserID: [Int64]] = [:]
        var cursor: Int64 = 0
        while true {
            let page = try await world.store.messages.commits(after: cursor, limit: 7)
            for head in page.heads { heads[head.conversation, default: []].append(head.rev) }
            for head in page.ownHeads { ownHeads[head.user, default: []].append(head.rev) }
            guard page.cursor > cursor else { break }
            // Dense: no number is left out, whatever was refused in between.
            #expect(page.cursor - cursor <= 7)
            cursor = page.cursor
        }
        for group in groups {
            let told = world.events(of: group.id).map(\.rev)
            #expect(heads[group.id] == told)
        }
        for person in people {
            #expect(ownHeads[person] == world.ownEvents(of: person).map(\.rev))
        }
        let end = try await world.store.messages.commits(after: cursor, limit: 7)
        #expect(end == CommitLogPage(cursor: cursor))
    }

    private static func outcomes(_ world: StoreWorld) async throws {
        let user = try await world.user()
        let notes = try await world.create(.direct, by: user)
        let messages = world.store.messages
        let id = BatchID(node: "outcomes", writer: 3, n: 1)
        // "No" is final: what was asked for in vain is never appended under that name.
        #expect(try await messages.outcome(of: BatchID(node: "outcomes", writer: 4, n: 1)) == false)
        _ = try await messages.append([world.request(notes.id, by: user)], as: id)
        #expect(try await messages.outcome(of: id))
        // Also a batch of which nothing was accepted has been decided.
        let refused = BatchID(node: "outcomes", writer: 3, n: 2)
        let outcome = try await messages.append([world.request(try world.id(), by: user)], as: refused)
        #expect(outcome.commit.isEmpty)
        #expect(try await messages.outcome(of: refused))
        for other in [
            BatchID(node: "outcomes", writer: 3, n: 3), BatchID(node: "outcomes", writer: 2, n: 1),
            BatchID(node: "other", writer: 3, n: 1),
        ] {
            #expect(try await messages.outcome(of: other) == false)
        }
    }

    private static func restart(_ world: StoreWorld) async throws {
        let people = try await world.users(4)
        let group = try await world.create(.group, by: people[0], with: people)
        var random = SplitMix64(seed: 8)
        for _ in 0..<100 { try await randomChange(world, group.id, people, &random) }
        let request = world.request(group.id, by: people[0], nonce: "before")
        let sent = try await world.send(request)
        let draft = DraftRequest(body: "unfinished")
        world.told(try await world.store.memberships.setDraft(draft, conversation: group.id, user: people[0]))
        let view = try await world.view(group.id, of: people[0])
        let history = try await world.history(group.id, of: people[0])
        let page = try await world.store.messages.changes(
            conversation: group.id,
            since: 0,
            limit: 1_000,
            reader: people[0]
        )
        let own = try await world.store.memberships.ownChanges(of: people[0], since: 0, limit: 1_000)

        try await world.reopen()
        #expect(try await world.view(group.id, of: people[0]) == view)
        #expect(try await world.history(group.id, of: people[0]) == history)
        #expect(
            try await world.store.messages.changes(conversation: group.id, since: 0, limit: 1_000, reader: people[0])
                == page
        )
        #expect(try await world.store.memberships.ownChanges(of: people[0], since: 0, limit: 1_000) == own)
        let again = try #require(try await world.append([request]).first).get()
        #expect(!again.isNew)
        #expect(again.message.seq == sent.seq)
        let next = try await world.send(group.id, by: people[0])
        #expect(next.seq == sent.seq + 1)
        #expect(next.rev == (view?.head ?? 0) + 1)
    }
}
