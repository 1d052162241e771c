// Creating, finding, changing and deleting conversations; what `hello` reads.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let conversations: [ContractCheck] = [
        ContractCheck("a new conversation is whole", creating),
        ContractCheck("a direct conversation exists once, however many create it", directIsUnique),
        ContractCheck("a repeated nonce gives the first answer, for a day", createNonce),
        ContractCheck("unknown members are refused", unknownMembers),
        ContractCheck("renaming is one change of the row", renaming),
        ContractCheck("a deleted conversation is gone for all, and all are told", deleting),
        ContractCheck("public channels are found and looked at", channels),
        ContractCheck("hello reads sessions and all conversations", hello),
        ContractCheck("conversations are listed by id", listingConversations),
        ContractCheck("companions share a conversation", companions),
        ContractCheck("the store's epoch is its own", epochs),
    ]

    private static func creating(_ world: StoreWorld) async throws {
        let people = try await world.users(3)
        let new = NewConversation(kind: .channel, name: "Général", topic: "All", isPublic: true, members: people)
        let id: ConversationID = try world.id()
        let changed = try await world.store.conversations.create(new, id: id, by: people[1])
        let (channel, isNew) = world.told(changed)
        #expect(isNew)
        #expect(channel.id == id)
        #expect(channel.name == "Général")
        #expect(channel.topic == "All")
        #expect(channel.isPublic)
        #expect(channel.createdAt == world.now)
        #expect(channel.rev == 1)
        #expect(channel.head == 4)
        #expect(channel.memberCount == 3)
        #expect(channel.members == nil)
        #expect(channel.own == OwnState(role: .owner, readSeq: 0, unread: 0, mentions: 0))
        let event = try #require(changed.commit.events.first)
        #expect(changed.commit.events.count == 1)
        #expect(event.after == 0)
        #expect(event.rev == 4)
        #expect(Set(event.arrivals) == Set(people))
        #expect(event.members.map(\.rev) == [2, 3, 4])
        #expect(event.members.filter { $0.role == .owner }.map(\.user) == [people[1]])
        #expect(event.row?.name == "Général")
        #expect(event.row?.own == nil)
        #expect(Set(changed.commit.own.map(\.user)) == Set(people))
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        #expect(group.members?.map(\.user) == [people[0], people[1]])
        #expect(group.members?.allSatisfy { $0.readSeq == 0 } == true)
    }

    private static func directIsUnique(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let answers = try await withThrowingTaskGroup(of: (ConversationID, Bool).self) { group in
            for index in 0..<40 {
                group.addTask {
                    let (one, other) = index % 2 == 0 ? (people[0], people[1]) : (people[1], people[0])
                    let new = NewConversation(kind: .direct, members: [other])
                    let found = try await world.store.conversations.create(new, id: try world.id(), by: one).value
                    return (found.conversation.id, found.isNew)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map(\.0)).count == 1)
        #expect(answers.filter(\.1).count == 1)
        let notes = try await world.create(.direct, by: people[0])
        let same = try await world.create(.direct, by: people[0], with: [people[0]])
        #expect(notes.id == same.id)
        #expect(notes.id != answers[0].0)
        #expect(notes.memberCount == 1)
        #expect(try await world.create(.direct, by: people[1]).id != notes.id)
    }

    private static func createNonce(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let first = try await world.create(.group, by: people[0], nonce: "n")
        #expect(try await world.create(.group, by: people[0], nonce: "n").id == first.id)
        #expect(try await world.create(.group, by: people[1], nonce: "n").id != first.id)
        #expect(try await world.create(.group, by: people[0], nonce: "m").id != first.id)
        #expect(try await world.create(.group, by: people[0]).id != first.id)
        world.now += 86_399_000
        #expect(try await world.create(.group, by: people[0], nonce: "n").id == first.id)
        world.now += 2_000
        #expect(try await world.create(.group, by: people[0], nonce: "n").id != first.id)
    }

    private static func unknownMembers(_ world: StoreWorld) async throws {
        let user = try await world.user()
        let nobody: UserID = try world.id()
        for kind in ConversationKind.allCases {
            await expectRefusal(.notFound) { _ = try await world.create(kind, by: user, with: [nobody]) }
        }
        #expect(try await world.store.conversations.conversations(of: user, after: nil, limit: 10).isEmpty)
    }

    private static func renaming(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let channel = try await world.create(.channel, by: people[0], with: [people[1]])
        let patch = ConversationPatch(name: "New", topic: .set("About"), isPublic: true)
        let changed = try await world.store.conversations.update(channel.id, patch, by: people[0])
        world.told(changed)
        #expect(changed.value.rev == channel.head + 1)
        #expect(changed.value.head == channel.head + 1)
        #expect(changed.value.own?.role == .owner)
        let event = try #require(changed.commit.events.first)
        #expect(event.row?.name == "New")
        #expect(event.row?.topic == "About")
        #expect(event.row?.isPublic == true)
        #expect(event.row?.rev == event.rev)
        let cleared = try await world.store.conversations.update(
            channel.id,
            ConversationPatch(topic: .clear),
            by: people[0]
        )
        #expect(cleared.value.topic == nil)
        #expect(cleared.value.name == "New")
        await expectRefusal(.forbidden) {
            _ = try await world.store.conversations.update(channel.id, patch, by: people[1])
        }
        let group = try await world.create(.group, by: people[0])
        await expectRefusal(.invalid) {
            _ = try await world.store.conversations.update(group.id, ConversationPatch(isPublic: true), by: people[0])
        }
    }

    private static func deleting(_ world: StoreWorld) async throws {
        let people = try await world.users(3)
        let channel = try await world.create(.channel, by: people[0], with: people, isPublic: true)
        for _ in 0..<20 { _ = try await world.append((0..<100).map { _ in world.request(channel.id, by: people[1]) }) }
        try await world.change(.react(emoji: "x"), channel.id, 1, by: people[1])
        try await world.remove(people[2], from: channel.id, by: people[2])
        let head = try #require(try await world.view(channel.id, of: people[0])?.head)
        let changed = try await world.store.conversations.delete(channel.id, by: people[0])
        world.told(changed)
        let event = try #require(changed.commit.events.first)
        #expect(event.after == head)
        #expect(event.rev > head)
        #expect(Set(event.departures.map(\.user)) == Set(people[0...1]))
        #expect(event.departures.allSatisfy { $0.reason == .deleted })
        for own in changed.commit.own {
            guard case .membership(let row)? = own.rows.first else {
                Issue.record("no membership row")
                continue
            }
            #expect(row.left)
        }
        #expect(Set(changed.commit.own.map(\.user)) == Set(people[0...1]))
        for person in people {
            #expect(try await world.view(channel.id, of: person) == nil)
            await expectRefusal(.notFound) { _ = try await world.history(channel.id, of: person) }
            await expectRefusal(.notFound) { try await world.send(channel.id, by: person) }
            await expectRefusal(.notFound) { try await world.set(person, in: channel.id, by: person) }
        }
        #expect(try await world.store.conversations.channel(channel.id) == nil)
        #expect(try await world.store.conversations.channels(matching: "", after: nil, limit: 10).isEmpty)
        // Nodes that hear of it later are told the same by the log.
        let late = try #require(try await world.store.messages.event(conversation: channel.id, since: head, limit: 100))
        #expect(late.rev == event.rev)
        #expect(Set(late.departures.map(\.user)) == Set(people[0...1]))
        #expect(late.messages.isEmpty)
        // So are devices that were away.
        let own = try await world.store.memberships.ownChanges(of: people[1], since: 1, limit: 100)
        #expect(
            own.rows.contains {
                if case .membership(let row) = $0 { row.conversation == channel.id && row.left } else { false }
            }
        )
    }

    private static func channels(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        var ids: [ConversationID] = []
        for name in ["Swift", "SWIFTER", "Rust"] {
            let new = NewConversation(kind: .channel, name: name, topic: "lang_uage 50%", isPublic: true)
            let created = world.told(try await world.store.conversations.create(new, id: try world.id(), by: people[0]))
            ids.append(created.conversation.id)
        }
        _ = try await world.create(.channel, by: people[0])
        let conversations = world.store.conversations
        func found(_ query: String, after: ConversationID? = nil, limit: Int = 10) async throws -> [ConversationID] {
            try await conversations.channels(matching: query, after: after, limit: limit).map(\.id)
        }
        #expect(try await found("") == ids)
        #expect(try await found("swift") == Array(ids[0...1]))
        #expect(try await found("", after: ids[0], limit: 1) == [ids[1]])
        // Characters that mean something to a database mean themselves.
        #expect(try await found("50%") == ids)
        #expect(try await found("_x").isEmpty)
        let summary = try #require(try await conversations.channel(ids[2]))
        #expect(summary.name == "Rust")
        #expect(summary.memberCount == 1)
        #expect(try await conversations.channel(try world.id()) == nil)
    }

    private static func hello(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        let notes = try await world.create(.direct, by: people[1])
        for _ in 0..<3 { try await world.send(world.request(group.id, by: people[0], mentions: [people[1]])) }
        try await world.change(.delete, group.id, 2, by: people[0])
        try await world.mark(.unreadFrom(3), group.id, by: people[1])
        let token = TestDigest.digest(Array("\(people[1])".utf8))
        let memberships = world.store.memberships
        let results = try await memberships.open([
            OpenRequest(tokenHash: token, isCookie: false),
            OpenRequest(tokenHash: token, isCookie: true),
            OpenRequest(tokenHash: [1, 2, 3], isCookie: false),
        ])
        let opening = try results[0].get()
        #expect(opening.user.id == people[1])
        #expect(opening.epoch == world.store.epoch)
        #expect(opening.own == world.ownEvents(of: people[1]).last?.rev)
        let head = try #require(try await world.view(group.id, of: people[0])?.head)
        let entries = [
            IndexEntry(
                conversation: group.id,
                head: head,
                lastSeq: 3,
                readSeq: 0,
                unread: 2,
                mentions: 2,
                unreadFrom: 3
            ),
            IndexEntry(
                conversation: notes.id,
                head: notes.head,
                lastSeq: 0,
                readSeq: 0,
                unread: 0,
                mentions: 0,
                unreadFrom: 0
            ),
        ]
        #expect(opening.entries.map(\.index) == entries)
        #expect(opening.entries.map(\.memberCount) == [2, 1])
        #expect(try await memberships.index(of: people[1], after: nil, limit: 10) == entries)
        #expect(try await memberships.index(of: people[1], after: group.id, limit: 10) == [entries[1]])
        #expect(try await memberships.index(of: people[1], after: nil, limit: 1) == [entries[0]])
        for result in results[1...] {
            guard case .failure(let error) = result else {
                Issue.record("a wrong token opened a session")
                continue
            }
            #expect(error.code == .unauthenticated)
        }
        try await world.store.endSession(opening.session)
        guard
            case .failure(let ended)? = try await memberships.open([OpenRequest(tokenHash: token, isCookie: false)])
                .first
        else {
            Issue.record("an ended session was opened")
            return
        }
        #expect(ended.code == .gone)
    }

    private static func listingConversations(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        var ids: [ConversationID] = []
        for _ in 0..<5 { ids.append(try await world.create(.group, by: people[0], with: [people[1]]).id) }
        try await world.remove(people[1], from: ids[2], by: people[1])
        let conversations = world.store.conversations
        let all = try await conversations.conversations(of: people[1], after: nil, limit: 10)
        #expect(all.map(\.id) == [ids[0], ids[1], ids[3], ids[4]])
        #expect(all.allSatisfy { $0.own != nil && $0.members?.count == 2 })
        let page = try await conversations.conversations(of: people[1], after: ids[1], limit: 1)
        #expect(page.map(\.id) == [ids[3]])
        let chosen = try await conversations.conversations([ids[4], ids[2], ids[0]], reader: people[1])
        #expect(chosen.map(\.id) == [ids[4], ids[0]])
    }

    private static func companions(_ world: StoreWorld) async throws {
        let people = try await world.users(4)
        _ = try await world.create(.direct, by: people[0], with: [people[1]])
        let group = try await world.create(.group, by: people[0], with: [people[2]])
        let memberships = world.store.memberships
        #expect(try await memberships.companions(of: people[0], among: people) == Set(people[0...2]))
        #expect(try await memberships.companions(of: people[1], among: people) == Set(people[0...1]))
        try await world.remove(people[2], from: group.id, by: people[0])
        #expect(try await memberships.companions(of: people[0], among: people) == Set(people[0...1]))
        #expect(try await memberships.companions(of: people[3], among: people) == [])
    }

    private static func epochs(_ world: StoreWorld) async throws {
        let other = try await StoreWorld(world.factory)
        #expect(!world.store.epoch.isEmpty)
        #expect(world.store.epoch != other.store.epoch)
        try await other.store.remove()
        let epoch = world.store.epoch
        try await world.reopen()
        #expect(world.store.epoch == epoch)
    }
}
