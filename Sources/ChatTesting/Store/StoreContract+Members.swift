// Joining, adding, leaving, removing, passing ownership on.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let members: [ContractCheck] = [
        ContractCheck("joining begins at the newest message", joining),
        ContractCheck("leaving ends reading, coming again starts afresh", leavingAndComing),
        ContractCheck("the last owner's leaving passes ownership on", ownershipPasses),
        ContractCheck("the last owner cannot give up the role", lastOwner),
        ContractCheck("groups and channels have room for so many", room),
        ContractCheck("members are listed and found by name", listing),
    ]

    private static func joining(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let channel = try await world.create(.channel, by: people[0], isPublic: true)
        for _ in 0..<5 { try await world.send(channel.id, by: people[0]) }
        world.now += 1_000
        let changed = try await world.store.conversations.setMember(people[1], role: nil, in: channel.id, by: people[1])
        let member = world.told(changed)
        #expect(member.role == .member)
        #expect(member.joinedAt == world.now)
        #expect(member.readSeq == 5)
        let event = try #require(changed.commit.events.first)
        #expect(event.arrivals == [people[1]])
        #expect(event.members == [member])
        #expect(event.memberCount == 2)
        guard case .membership(let own)? = changed.commit.own.first?.rows.first else {
            Issue.record("no membership row")
            return
        }
        #expect(own.state == OwnState(role: .member, readSeq: 5, unread: 0, mentions: 0))
        #expect(!own.left)
        // Joining again changes nothing; joining does not give oneself more.
        #expect(
            try await world.store.conversations.setMember(people[1], role: nil, in: channel.id, by: people[1]).commit
                .isEmpty
        )
        let stranger = try await world.user()
        await expectRefusal(.forbidden) { try await world.set(stranger, .owner, in: channel.id, by: stranger) }
        let joined = try #require(try await world.store.memberships.joined(people[1], conversation: channel.id))
        #expect(joined.own?.readSeq == 5)
        #expect(joined.head == event.rev)
        #expect(joined.lastMessage?.seq == 5)
    }

    private static func leavingAndComing(_ world: StoreWorld) async throws {
        let people = try await world.users(3)
        let group = try await world.create(.group, by: people[0], with: [people[1], people[2]])
        try await world.send(group.id, by: people[0])
        let memberships = world.store.memberships
        world.told(
            try await memberships.configure(
                SettingsPatch(level: NotificationLevel.none, isMuted: true, isArchived: true),
                conversation: group.id,
                user: people[1]
            )
        )
        world.told(try await memberships.setDraft(DraftRequest(body: "so"), conversation: group.id, user: people[1]))
        let leaving = try await world.store.conversations.removeMember(people[1], from: group.id, by: people[1])
        world.told(leaving)
        let event = try #require(leaving.commit.events.first)
        #expect(event.departures == [LogEvent.Departure(user: people[1], reason: .left)])
        #expect(event.members.first?.leftAt == world.now)
        #expect(event.memberCount == 2)
        guard case .membership(let own)? = leaving.commit.own.first?.rows.first else {
            Issue.record("no membership row")
            return
        }
        #expect(own.left)
        #expect(own.state.draft == nil)
        await expectRefusal(.notFound) { try await world.remove(people[1], from: group.id, by: people[1]) }
        await expectRefusal(.notFound) { try await world.send(group.id, by: people[1]) }

        for _ in 0..<3 { try await world.send(group.id, by: people[0]) }
        world.now += 10
        let back = try await world.set(people[1], in: group.id, by: people[2])
        #expect(back.leftAt == nil)
        #expect(back.joinedAt == world.now)
        let again = try #require(try await world.view(group.id, of: people[1])?.own)
        #expect(again == OwnState(role: .member, readSeq: 4, unread: 0, mentions: 0))
        #expect(try await world.view(group.id, of: people[1])?.memberCount == 3)

        let removal = try await world.store.conversations.removeMember(people[2], from: group.id, by: people[0])
        #expect(removal.commit.events.first?.departures == [LogEvent.Departure(user: people[2], reason: .removed)])
        await expectRefusal(.notFound) { try await world.remove(people[2], from: group.id, by: people[0]) }
    }

    private static func ownershipPasses(_ world: StoreWorld) async throws {
        let people = try await world.users(5)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        // Longest standing first: 1, then 2, 3, 4; only 3 and 4 are admins, 4 has been one for longer.
        for person in people[2...] {
            world.now += 1_000
            try await world.set(person, in: group.id, by: people[0])
        }
        try await world.set(people[4], .admin, in: group.id, by: people[0])
        try await world.set(people[3], .admin, in: group.id, by: people[0])
        let heirs = [people[0], people[3], people[4], people[1], people[2]]
        for (index, owner) in heirs.enumerated() {
            let changed = try await world.store.conversations.removeMember(owner, from: group.id, by: owner)
            world.told(changed)
            guard index + 1 < heirs.count else { break }
            let heir = heirs[index + 1]
            let event = try #require(changed.commit.events.first)
            #expect(event.rev == event.after + 2)
            #expect(event.members.map(\.user) == [owner, heir])
            #expect(event.members.last?.role == .owner)
            #expect(changed.commit.own.map(\.user) == [owner, heir])
            #expect(try await world.view(group.id, of: heir)?.own?.role == .owner)
        }
    }

    private static func lastOwner(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        await expectRefusal(.conflict) { try await world.set(people[0], .admin, in: group.id, by: people[0]) }
        try await world.set(people[1], .owner, in: group.id, by: people[0])
        let member = try await world.set(people[0], .admin, in: group.id, by: people[1])
        #expect(member.role == .admin)
        // An owner is left: nothing passes on.
        try await world.remove(people[0], from: group.id, by: people[0])
        #expect(try await world.view(group.id, of: people[1])?.own?.role == .owner)
    }

    private static func room(_ world: StoreWorld) async throws {
        var limits = Limits()
        limits.groupMembers = 3
        limits.channelMembers = 2
        let small = try await StoreWorld(world.factory, limits: limits)
        let people = try await small.users(4)
        await expectRefusal(.invalid) { _ = try await small.create(.group, by: people[0], with: people) }
        let group = try await small.create(.group, by: people[0], with: [people[0], people[1], people[2], people[2]])
        #expect(group.memberCount == 3)
        await expectRefusal(.invalid) { try await small.set(people[3], in: group.id, by: people[0]) }
        // Who is in can be changed all the same.
        try await small.set(people[1], .admin, in: group.id, by: people[0])
        let channel = try await small.create(.channel, by: people[0], with: [people[1]], isPublic: true)
        await expectRefusal(.invalid) { try await small.set(people[2], in: channel.id, by: people[2]) }
        try await small.remove(people[1], from: channel.id, by: people[1])
        try await small.set(people[2], in: channel.id, by: people[2])
        try await small.store.remove()
    }

    private static func listing(_ world: StoreWorld) async throws {
        let people = try await world.users(12)
        let channel = try await world.create(.channel, by: people[0], with: people)
        try await world.remove(people[4], from: channel.id, by: people[0])
        let conversations = world.store.conversations
        let all = try await conversations.members(
            of: channel.id,
            matching: "",
            after: nil,
            limit: 100,
            reader: people[1]
        )
        #expect(all.map(\.user) == people.filter { $0 != people[4] }.sorted())
        let page = try await conversations.members(
            of: channel.id,
            matching: "",
            after: people[2],
            limit: 2,
            reader: people[1]
        )
        #expect(page.map(\.user) == [people[3], people[5]])
        let handle = "USER\(people[7].rawValue)"
        let found = try await conversations.members(
            of: channel.id,
            matching: handle,
            after: nil,
            limit: 9,
            reader: people[1]
        )
        #expect(found.map(\.user).contains(people[7]))
        #expect(!found.map(\.user).contains(people[6]))
        let none = try await conversations.members(
            of: channel.id,
            matching: "%",
            after: nil,
            limit: 9,
            reader: people[1]
        )
        #expect(none.isEmpty)
    }
}
