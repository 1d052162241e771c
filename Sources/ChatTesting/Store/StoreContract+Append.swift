// Appending: dense numbers, idempotent sends, rows that fail alone, threads, replies, mentions.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let append: [ContractCheck] = [
        ContractCheck("seq and rev are dense, sentAt never runs backwards", numbersAreDense),
        ContractCheck("one nonce 300 times concurrently is one message", oneNonceManyTimes),
        ContractCheck("a known nonce answers the message as it is now", knownNonce),
        ContractCheck("a nonce twice in one batch is one message", nonceTwiceInOneBatch),
        ContractCheck("a bad request fails alone", badRequestsFailAlone),
        ContractCheck("concurrent batches of many conversations leave no holes", concurrentBatches),
        ContractCheck("sending moves the sender's marker", sendingMovesTheMarker),
        ContractCheck("replies and threads name what exists", repliesAndThreads),
        ContractCheck("mentions are of members, everybody only by who may", mentions),
        ContractCheck("bodies come back byte for byte", bodiesAreKept),
    ]

    private static func numbersAreDense(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        let first = group.head
        var lastSentAt: Milliseconds = 0
        for step in 1...20 {
            // The clock jumps about; what people see does not run backwards.
            world.now += step % 3 == 0 ? -5_000 : 1_000
            let message = try await world.send(group.id, by: people[step % 2])
            #expect(message.seq == Int64(step))
            #expect(message.rev == first + Int64(step))
            #expect(message.sentAt >= lastSentAt)
            lastSentAt = message.sentAt
        }
        let view = try #require(try await world.view(group.id, of: people[0]))
        #expect(view.lastSeq == 20)
        #expect(view.head == first + 20)
        #expect(view.lastMessage?.seq == 20)
        var position: Int64 = 0
        for event in world.events(of: group.id) {
            #expect(event.after == position)
            position = event.rev
        }
        #expect(position == view.head)
    }

    private static func oneNonceManyTimes(_ world: StoreWorld) async throws {
        let user = try await world.user()
        let notes = try await world.create(.direct, by: user)
        let request = world.request(notes.id, by: user, "once", nonce: "the-one")
        let answers = try await withThrowingTaskGroup(of: Appended.self) { group in
            for _ in 0..<300 {
                group.addTask { try #require(try await world.append([request]).first).get() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 300)
        #expect(answers.filter(\.isNew).count == 1)
        #expect(Set(answers.map(\.message.seq)) == [1])
        #expect(answers.allSatisfy { $0.message == answers[0].message })
        #expect(try await world.history(notes.id, of: user).count == 1)

        let other = world.request(notes.id, by: user, "other content", nonce: "the-one")
        await expectRefusal(.conflict) { try await world.send(other) }
        #expect(try await world.history(notes.id, of: user).count == 1)
    }

    private static func knownNonce(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        let request = world.request(group.id, by: people[0], "first", nonce: "n")
        try await world.send(request)
        let edit = MessageChange.edit(body: "second", ifRev: nil, mentions: [], mentionsAll: false)
        let edited = try await world.change(edit, group.id, 1, by: people[0])
        let again = try #require(try await world.append([request]).first).get()
        #expect(!again.isNew)
        #expect(again.message == edited)
        #expect(again.message.body == "second")
        // What the edit made of it is other content than what was first sent.
        await expectRefusal(.conflict) {
            try await world.send(world.request(group.id, by: people[0], "second", nonce: "n"))
        }
        // Nonces are the sender's own.
        let others = try await world.send(world.request(group.id, by: people[1], "first", nonce: "n"))
        #expect(others.seq == 2)
        // A tombstone remembers too.
        try await world.change(.delete, group.id, 1, by: people[0])
        let tombstone = try await world.send(request)
        #expect(tombstone.isDeleted)
        #expect(tombstone.seq == 1)
        // So do a demoted sender's messages; new ones are refused.
        try await world.set(people[1], .reader, in: group.id, by: people[0])
        #expect(try await world.send(world.request(group.id, by: people[1], "first", nonce: "n")).seq == 2)
        await expectRefusal(.forbidden) { try await world.send(group.id, by: people[1]) }
    }

    private static func nonceTwiceInOneBatch(_ world: StoreWorld) async throws {
        let user = try await world.user()
        let notes = try await world.create(.direct, by: user)
        let request = world.request(notes.id, by: user, "twice", nonce: "same")
        let conflicting = world.request(notes.id, by: user, "else", nonce: "same")
        let results = try await world.append([request, request, conflicting, world.request(notes.id, by: user)])
        #expect(try results[0].get().isNew)
        #expect(try !results[1].get().isNew)
        #expect(try results[0].get().message == results[1].get().message)
        #expect(throws: ChatError.self) { try results[2].get() }
        #expect(try results[3].get().message.seq == 2)
    }

    private static func badRequestsFailAlone(_ world: StoreWorld) async throws {
        let people = try await world.users(3)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        let notes = try await world.create(.direct, by: people[0])
        let unknown: ConversationID = try world.id()
        let results = try await world.append([
            world.request(group.id, by: people[0]),
            world.request(group.id, by: people[2]),
            world.request(unknown, by: people[0]),
            world.request(notes.id, by: people[0]),
            world.request(group.id, by: people[1], replyTo: 99),
            world.request(group.id, by: people[1], thread: 99),
            world.request(group.id, by: people[1]),
        ])
        // A refusal counts as 0.
        #expect(results.map { (try? $0.get().message.seq) ?? 0 } == [1, 0, 0, 1, 0, 0, 2])
        for index in [1, 2, 4, 5] {
            #expect(throws: ChatError.self) { try results[index].get() }
            if case .failure(let error) = results[index] { #expect(error.code == .notFound) }
        }
    }

    private static func concurrentBatches(_ world: StoreWorld) async throws {
        let people = try await world.users(4)
        var conversations: [ConversationID] = []
        for _ in 0..<5 { conversations.append(try await world.create(.group, by: people[0], with: people).id) }
        let all = conversations
        try await withThrowingTaskGroup(of: Void.self) { group in
            for person in people {
                for _ in 0..<10 {
                    group.addTask {
                        let batch = all.map { world.request($0, by: person) }
                        for result in try await world.append(batch) { _ = try result.get() }
                    }
                }
            }
            try await group.waitForAll()
        }
        for conversation in all {
            let messages = try await world.history(conversation, of: people[0])
            #expect(messages.map(\.seq) == Array(1...40))
            let head = try await world.view(conversation, of: people[0])?.head
            let events = world.events(of: conversation)
            #expect(events.last?.rev == head)
            #expect(zip(events, events.dropFirst()).allSatisfy { $0.rev == $1.after })
        }
    }

    private static func sendingMovesTheMarker(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        for _ in 0..<3 { try await world.send(group.id, by: people[0]) }
        try await world.mark(.unreadFrom(2), group.id, by: people[1])
        var own = try #require(try await world.view(group.id, of: people[1])?.own)
        #expect(own.unread == 3)
        #expect(own.unreadFrom == 2)
        let before = world.ownEvents(of: people[1]).count
        // Two at once: one event of the own log, with the last state.
        _ = try await world.append([world.request(group.id, by: people[1]), world.request(group.id, by: people[1])])
        own = try #require(try await world.view(group.id, of: people[1])?.own)
        #expect(own.unread == 0)
        #expect(own.unreadFrom == nil)
        #expect(own.readSeq == 5)
        let events = world.ownEvents(of: people[1]).dropFirst(before)
        #expect(events.count == 1)
        guard case .membership(let row)? = events.first?.rows.last else {
            Issue.record("no membership row")
            return
        }
        #expect(row.state == own)
        // The others learn that their messages were read.
        #expect(world.markers.contains { $0.user == people[1] && $0.readSeq >= 4 })
    }

    private static func repliesAndThreads(_ world: StoreWorld) async throws {
        let people = try await world.users(4)
        let group = try await world.create(.group, by: people[0], with: people)
        try await world.send(group.id, by: people[0], "root")
        let reply = try await world.send(world.request(group.id, by: people[0], replyTo: 1, thread: 1))
        #expect(reply.replyTo == 1)
        #expect(reply.thread == 1)
        // A reply to a reply names the root.
        let nested = try await world.send(world.request(group.id, by: people[1], thread: 2))
        #expect(nested.thread == 1)
        for person in people[2...] { try await world.send(world.request(group.id, by: person, thread: 1)) }
        var root = try await world.store.messages.message(conversation: group.id, seq: 1, reader: people[0])
        #expect(root.replies == Message.Replies(count: 4, lastSeq: 5, users: [people[3], people[2], people[1]]))
        #expect(root.rev == (try await world.view(group.id, of: people[0]))?.head)
        // One step of the log per reply: the reply and its root.
        let step = try #require(world.events(of: group.id).last)
        #expect(step.messages.map(\.seq) == [5, 1])
        #expect(step.rev == step.after + 2)

        try await world.change(.delete, group.id, 5, by: people[3])
        root = try await world.store.messages.message(conversation: group.id, seq: 1, reader: people[0])
        #expect(root.replies == Message.Replies(count: 3, lastSeq: 4, users: [people[2], people[1], people[0]]))
        // Replying to a tombstone is allowed.
        let toTombstone = try await world.send(world.request(group.id, by: people[0], replyTo: 5))
        #expect(toTombstone.replyTo == 5)
        let tombstone = try await world.store.messages.message(conversation: group.id, seq: 5, reader: people[0])
        #expect(tombstone.thread == 1)
    }

    private static func mentions(_ world: StoreWorld) async throws {
        let people = try await world.users(3)
        let channel = try await world.create(.channel, by: people[0], with: [people[1]])
        let message = try await world.send(
            world.request(channel.id, by: people[0], mentions: [people[1], people[2]], mentionsAll: true)
        )
        #expect(message.mentions == [people[1]])
        #expect(message.mentionsAll)
        // Named twice over, counted once.
        #expect(try await world.view(channel.id, of: people[1])?.own?.mentions == 1)
        let plain = try await world.send(
            world.request(channel.id, by: people[1], mentions: [people[0]], mentionsAll: true)
        )
        #expect(!plain.mentionsAll)
        #expect(try await world.view(channel.id, of: people[0])?.own?.mentions == 1)
        // An edit names anew, a deletion nobody.
        let edit = MessageChange.edit(body: "nobody", ifRev: nil, mentions: [], mentionsAll: false)
        try await world.change(edit, channel.id, plain.seq, by: people[1])
        #expect(try await world.view(channel.id, of: people[0])?.own?.mentions == 0)
        let back = MessageChange.edit(body: "you", ifRev: nil, mentions: [people[0]], mentionsAll: false)
        try await world.change(back, channel.id, plain.seq, by: people[1])
        #expect(try await world.view(channel.id, of: people[0])?.own?.mentions == 1)
        try await world.change(.delete, channel.id, plain.seq, by: people[1])
        #expect(try await world.view(channel.id, of: people[0])?.own?.mentions == 0)
    }

    private static func bodiesAreKept(_ world: StoreWorld) async throws {
        let user = try await world.user()
        let notes = try await world.create(.direct, by: user)
        let bodies = [
            "e\u{301} \u{E9}", "\r\n\t ", String(repeating: "x", count: 16_384), "👩‍👩‍👧‍👦 \u{202E}",
            "'; DROP TABLE messages; --",
        ]
        for body in bodies { try await world.send(notes.id, by: user, body) }
        let stored = try await world.history(notes.id, of: user)
        #expect(stored.map { Array($0.body.utf8) } == bodies.map { Array($0.utf8) })
        // An edit to canonically equal text is an edit all the same.
        let edit = MessageChange.edit(body: "\u{E9} \u{E9}", ifRev: nil, mentions: [], mentionsAll: false)
        let edited = try await world.change(edit, notes.id, 1, by: user)
        #expect(Array(edited.body.utf8) == Array("\u{E9} \u{E9}".utf8))
    }
}
