// The sync law: state after events == state after sync, for every kind of change.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let sync: [ContractCheck] = [
        ContractCheck("paging changes by 7 while 1,000 changes go on ends with the events' state", pagingWhileChanging),
        ContractCheck("the log for delivery equals what was told", eventsFromTheLog),
        ContractCheck("a position above the head is reset", positionAboveHead),
        ContractCheck("large conversations sync messages without members", largeConversations),
    ]

    /// Does something at random that is sometimes refused.
    static func randomChange(
        _ world: StoreWorld,
        _ id: ConversationID,
        _ people: [UserID],
        _ random: inout SplitMix64
    ) async throws {
        let owner = people[0]
        let person = people[Int.random(in: 0..<people.count, using: &random)]
        let lastSeq = try await world.view(id, of: owner)?.lastSeq ?? 0
        let seq = Int64.random(in: 1...max(1, lastSeq), using: &random)
        do {
            switch Int.random(in: 0..<20, using: &random) {
            case 0...5: try await world.send(world.request(id, by: person, mentions: [owner]))
            case 6...7: try await world.send(world.request(id, by: person, thread: seq))
            case 8:
                let edit = MessageChange.edit(
                    body: "edit \(random.next())",
                    ifRev: nil,
                    mentions: [],
                    mentionsAll: false
                )
                try await world.change(edit, id, seq, by: person)
            case 9: try await world.change(.delete, id, seq, by: person)
            case 10...11: try await world.change(.react(emoji: "e\(random.next() % 3)"), id, seq, by: person)
            case 12: try await world.change(.unreact(emoji: "e\(random.next() % 3)"), id, seq, by: person)
            case 13: try await world.change(random.next() % 2 == 0 ? .pin : .unpin, id, seq, by: person)
            case 14: try await world.set(person, in: id, by: owner)
            case 15: try await world.set(person, [.reader, .member, .admin][Int(random.next() % 3)], in: id, by: owner)
            case 16:
                if person != owner {
                    try await world.remove(person, from: id, by: random.next() % 2 == 0 ? owner : person)
                }
            case 17:
                let patch = ConversationPatch(
                    name: "name \(random.next() % 100)",
                    topic: .set("topic \(random.next() % 100)")
                )
                world.told(try await world.store.conversations.update(id, patch, by: owner))
            case 18: try await world.mark(.upTo(seq), id, by: person)
            default: try await world.mark(.unreadFrom(seq), id, by: person)
            }
        } catch let error as ChatError {
            let expected: [ErrorCode] = [.notFound, .forbidden, .gone, .conflict, .invalid]
            #expect(expected.contains(error.code), "\(error)")
        }
    }

    private static func pagingWhileChanging(_ world: StoreWorld) async throws {
        let people = try await world.users(6)
        let group = try await world.create(.group, by: people[0], with: people)
        let paged = try await withThrowingTaskGroup(of: LogReplica?.self) { tasks in
            let isDone = Flag()
            tasks.addTask {
                var random = SplitMix64(seed: 7)
                for _ in 0..<1_000 { try await randomChange(world, group.id, people, &random) }
                isDone.raise()
                return nil
            }
            tasks.addTask {
                var replica = LogReplica()
                while true {
                    let isLast = isDone.isRaised
                    let page = try await world.store.messages.changes(
                        conversation: group.id,
                        since: replica.position,
                        limit: 7,
                        reader: people[0]
                    )
                    #expect(page.messages.count + page.members.count + (page.row == nil ? 0 : 1) <= 7)
                    replica.apply(page)
                    if isLast, !page.more { return replica }
                    await Task.yield()
                }
            }
            return try await tasks.reduce(nil) { $0 ?? $1 }
        }
        var told = LogReplica()
        for event in world.events(of: group.id) { told.apply(event) }
        var whole = LogReplica()
        whole.apply(
            try await world.store.messages.changes(conversation: group.id, since: 0, limit: 100_000, reader: people[0])
        )
        #expect(told.messages.count > 100)
        #expect(paged?.shown == told.shown)
        #expect(whole.shown == told.shown)
        #expect(whole.position == (try await world.view(group.id, of: people[0]))?.head)
        let view = try #require(try await world.view(group.id, of: people[0]))
        #expect(view.memberCount == Int64(told.shown.members.count))
        #expect(view.members?.map(\.user) == told.shown.members.keys.sorted())
    }

    private static func eventsFromTheLog(_ world: StoreWorld) async throws {
        let people = try await world.users(5)
        let group = try await world.create(.group, by: people[0], with: people)
        var random = SplitMix64(seed: 11)
        for _ in 0..<200 { try await randomChange(world, group.id, people, &random) }
        var told = LogReplica()
        for event in world.events(of: group.id) { told.apply(event) }
        for limit in [1, 7, 1_000] {
            var read = LogReplica()
            while let event = try await world.store.messages.event(
                conversation: group.id,
                since: read.position,
                limit: limit
            ) {
                #expect(event.messages.allSatisfy { $0.mine == nil })
                read.apply(event)
            }
            #expect(read == told)
        }
        // Who came and went is told as of the position.
        let head = told.position
        try await world.set(people[1], in: group.id, by: people[0])
        try await world.remove(people[1], from: group.id, by: people[0])
        let gone = try #require(try await world.store.messages.event(conversation: group.id, since: head, limit: 10))
        #expect(gone.departures == [LogEvent.Departure(user: people[1], reason: .removed)])
        #expect(gone.arrivals.isEmpty)
        try await world.set(people[1], in: group.id, by: people[0])
        let back = try #require(try await world.store.messages.event(conversation: group.id, since: head, limit: 10))
        #expect(back.departures.isEmpty)
        #expect(back.arrivals == [people[1]])
        let unknown: ConversationID = try world.id()
        #expect(try await world.store.messages.event(conversation: unknown, since: 0, limit: 10) == nil)
    }

    private static func positionAboveHead(_ world: StoreWorld) async throws {
        let user = try await world.user()
        let notes = try await world.create(.direct, by: user)
        let messages = world.store.messages
        let page = try await messages.changes(conversation: notes.id, since: notes.head + 1, limit: 10, reader: user)
        #expect(page.reset)
        #expect(page.messages.isEmpty && page.members.isEmpty && page.row == nil)
        let current = try await messages.changes(conversation: notes.id, since: notes.head, limit: 10, reader: user)
        #expect(!current.reset)
        #expect(current.upTo == notes.head)
        #expect(try await messages.event(conversation: notes.id, since: notes.head, limit: 10) == nil)
        let own = try await world.store.memberships.ownChanges(of: user, since: 1_000, limit: 10)
        #expect(own.reset)
    }

    private static func largeConversations(_ world: StoreWorld) async throws {
        let people = try await world.users(502)
        let group = try await world.create(.group, by: people[0], with: people)
        #expect(group.memberCount == 502)
        #expect(group.members == nil)
        try await world.send(group.id, by: people[1])
        let page = try await world.store.messages.changes(
            conversation: group.id,
            since: 0,
            limit: 100,
            reader: people[0]
        )
        #expect(page.members.isEmpty)
        #expect(page.messages.count == 1)
        #expect(!page.more)
        // Delivery needs to know who came, however many there are.
        let event = try await world.store.messages.event(conversation: group.id, since: 0, limit: 1_000)
        #expect(event?.arrivals.count == 502)
        // In pages by user, all of them.
        var listed: [UserID] = []
        while true {
            let members = try await world.store.conversations.members(
                of: group.id,
                matching: "",
                after: listed.last,
                limit: 200,
                reader: people[1]
            )
            guard !members.isEmpty else { break }
            #expect(members.allSatisfy { $0.readSeq == nil })
            listed += members.map(\.user)
        }
        #expect(listed == people.sorted())
    }
}
