// Editing, deleting, reacting, pinning: what changes, what does not, and in which order refusals come.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let changes: [ContractCheck] = [
        ContractCheck("edits are the sender's, and tell whether somebody was faster", edits),
        ContractCheck("a tombstone keeps its place and loses its content", tombstones),
        ContractCheck("reactions count people, in order of first use", reactions),
        ContractCheck("twenty different reactions, fifty named people", reactionLimits),
        ContractCheck("pins", pins),
        ContractCheck("what changes nothing moves nothing", nothingMoves),
        ContractCheck("refusals come in the protocol's order", orderOfChecks),
    ]

    private static func edit(_ body: String, ifRev: Int64? = nil) -> MessageChange {
        .edit(body: body, ifRev: ifRev, mentions: [], mentionsAll: false)
    }

    private static func edits(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        let sent = try await world.send(group.id, by: people[1], "one")
        world.now += 1_000
        let edited = try await world.change(edit("two", ifRev: sent.rev), group.id, 1, by: people[1])
        #expect(edited.body == "two")
        #expect(edited.editedAt == world.now)
        #expect(edited.sentAt == sent.sentAt)
        #expect(edited.rev == sent.rev + 1)
        #expect(edited.mine == [])
        await expectRefusal(.conflict) {
            try await world.change(edit("three", ifRev: sent.rev), group.id, 1, by: people[1])
        }
        // Not even the owner edits others' messages.
        await expectRefusal(.forbidden) { try await world.change(edit("three"), group.id, 1, by: people[0]) }
        let event = try #require(world.events(of: group.id).last)
        #expect(event.after == edited.rev - 1)
        #expect(event.rev == edited.rev)
        #expect(event.messages.map(\.body) == ["two"])
        #expect(event.messages.map(\.mine) == [nil])
    }

    private static func tombstones(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        let sent = try await world.send(world.request(group.id, by: people[1], "secret", mentions: [people[0]]))
        try await world.change(.react(emoji: "👍"), group.id, 1, by: people[0])
        try await world.change(.pin, group.id, 1, by: people[0])
        let tombstone = try await world.change(.delete, group.id, 1, by: people[0])
        let expected = Message(
            conversation: group.id,
            seq: 1,
            rev: sent.rev + 3,
            sender: people[1],
            nonce: sent.nonce,
            body: "",
            sentAt: sent.sentAt,
            isDeleted: true,
            mine: []
        )
        #expect(tombstone == expected)
        #expect(try await world.history(group.id, of: people[1]) == [expected])
        let own = try #require(try await world.view(group.id, of: people[0])?.own)
        #expect(own.unread == 0)
        #expect(own.mentions == 0)
        for change in [edit("back"), .delete, .react(emoji: "👍"), .unreact(emoji: "👍"), .pin, .unpin] {
            await expectRefusal(.gone) { try await world.change(change, group.id, 1, by: people[1]) }
        }
    }

    private static func reactions(_ world: StoreWorld) async throws {
        let people = try await world.users(3)
        let group = try await world.create(.group, by: people[0], with: people)
        try await world.send(group.id, by: people[0])
        try await world.change(.react(emoji: "👍"), group.id, 1, by: people[1])
        try await world.change(.react(emoji: "🎉"), group.id, 1, by: people[0])
        var message = try await world.change(.react(emoji: "👍"), group.id, 1, by: people[0])
        #expect(
            message.reactions == [
                Message.Reaction(emoji: "👍", count: 2, users: [people[1], people[0]]),
                Message.Reaction(emoji: "🎉", count: 1, users: [people[0]]),
            ]
        )
        #expect(message.mine.map(Set.init) == ["👍", "🎉"])
        #expect(try await world.history(group.id, of: people[2]).first?.mine == [])
        // One's other devices learn of it by the own log.
        guard case .reaction(let row)? = world.ownEvents(of: people[0]).last?.rows.last else {
            Issue.record("no reaction row")
            return
        }
        #expect(row.seq == 1)
        #expect(Set(row.mine) == ["👍", "🎉"])
        try await world.change(.unreact(emoji: "👍"), group.id, 1, by: people[1])
        message = try await world.change(.unreact(emoji: "🎉"), group.id, 1, by: people[0])
        #expect(message.reactions == [Message.Reaction(emoji: "👍", count: 1, users: [people[0]])])
        // Canonically equal is not the same: é and e´ are two.
        try await world.change(.react(emoji: "\u{E9}"), group.id, 1, by: people[0])
        message = try await world.change(.react(emoji: "e\u{301}"), group.id, 1, by: people[0])
        #expect(message.reactions.count == 3)
    }

    private static func reactionLimits(_ world: StoreWorld) async throws {
        let people = try await world.users(53)
        let group = try await world.create(.group, by: people[0], with: people)
        try await world.send(group.id, by: people[0])
        for index in 0..<20 { try await world.change(.react(emoji: "e\(index)"), group.id, 1, by: people[0]) }
        await expectRefusal(.invalid) { try await world.change(.react(emoji: "one more"), group.id, 1, by: people[0]) }
        for person in people[1...] { try await world.change(.react(emoji: "e0"), group.id, 1, by: person) }
        var first = try #require(try await world.history(group.id, of: people[0]).first?.reactions.first)
        #expect(first.count == 53)
        #expect(first.users == Array(people.prefix(50)))
        // Somebody of the first fifty goes: the next one moves up.
        try await world.change(.unreact(emoji: "e0"), group.id, 1, by: people[3])
        first = try #require(try await world.history(group.id, of: people[0]).first?.reactions.first)
        #expect(first.count == 52)
        #expect(first.users == Array(people.prefix(3) + people[4...50]))
    }

    private static func pins(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        try await world.send(group.id, by: people[0])
        world.now += 5_000
        var message = try await world.change(.pin, group.id, 1, by: people[1])
        #expect(message.pinned == Message.Pin(by: people[1], at: world.now))
        message = try await world.change(.pin, group.id, 1, by: people[0])
        #expect(message.pinned?.by == people[1])
        message = try await world.change(.unpin, group.id, 1, by: people[0])
        #expect(message.pinned == nil)
    }

    private static func nothingMoves(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        try await world.send(group.id, by: people[0], "same")
        try await world.change(.react(emoji: "👍"), group.id, 1, by: people[0])
        try await world.change(.pin, group.id, 1, by: people[0])
        try await world.mark(.upTo(1), group.id, by: people[1])
        let head = try await world.view(group.id, of: people[0])?.head
        let messages = world.store.messages
        for change in [edit("same"), .react(emoji: "👍"), .unreact(emoji: "👎"), .pin] {
            let changed = try await messages.change(change, conversation: group.id, seq: 1, by: people[0])
            #expect(changed.commit.isEmpty)
            #expect(changed.value.reactions.count == 1)
        }
        let conversations = world.store.conversations
        #expect(try await conversations.setMember(people[1], role: nil, in: group.id, by: people[0]).commit.isEmpty)
        #expect(try await conversations.setMember(people[1], role: .member, in: group.id, by: people[0]).commit.isEmpty)
        let patch = ConversationPatch(name: group.name)
        #expect(try await conversations.update(group.id, patch, by: people[0]).commit.isEmpty)
        let memberships = world.store.memberships
        #expect(try await memberships.mark(.upTo(1), conversation: group.id, user: people[1]).commit.isEmpty)
        #expect(try await memberships.mark(.upTo(0), conversation: group.id, user: people[1]).commit.isEmpty)
        #expect(try await memberships.mark(.unreadFrom(nil), conversation: group.id, user: people[1]).commit.isEmpty)
        let settings = SettingsPatch(level: .all)
        #expect(try await memberships.configure(settings, conversation: group.id, user: people[1]).commit.isEmpty)
        let draft = DraftRequest(body: "")
        #expect(try await memberships.setDraft(draft, conversation: group.id, user: people[1]).commit.isEmpty)
        #expect(try await world.view(group.id, of: people[0])?.head == head)
    }

    private static func orderOfChecks(_ world: StoreWorld) async throws {
        let people = try await world.users(3)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        try await world.set(people[1], .reader, in: group.id, by: people[0])
        try await world.send(group.id, by: people[0])
        try await world.send(group.id, by: people[0])
        try await world.change(.delete, group.id, 2, by: people[0])
        // A stranger learns nothing, not even that a message is missing or deleted.
        for seq in [1, 2, 3] as [Int64] {
            await expectRefusal(.notFound) { try await world.change(.delete, group.id, seq, by: people[2]) }
        }
        await expectRefusal(.notFound) { try await world.change(.delete, group.id, 3, by: people[1]) }
        await expectRefusal(.notFound) { try await world.change(.delete, group.id, 0, by: people[0]) }
        // Forbidden before gone, gone before conflict.
        await expectRefusal(.forbidden) { try await world.change(.delete, group.id, 2, by: people[1]) }
        await expectRefusal(.gone) { try await world.change(edit("x", ifRev: 1), group.id, 2, by: people[0]) }
    }
}
