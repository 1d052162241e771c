// What is the user's own: markers, settings, drafts, and the law of the own log.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let own: [ContractCheck] = [
        ContractCheck("markers merge by max, up to the newest message", markers),
        ContractCheck("settings keep what is not named", settings),
        ContractCheck("drafts are stored, replaced and removed", drafts),
        ContractCheck("the own log's events and pages come to the same", ownLaw),
    ]

    private static func markers(_ world: StoreWorld) async throws {
        let people = try await world.users(2)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        #expect(try await world.mark(.upTo(0), group.id, by: people[1]) == ReadState(readSeq: 0, unread: 0))
        await expectRefusal(.invalid) { try await world.mark(.unreadFrom(1), group.id, by: people[1]) }
        for _ in 0..<5 { try await world.send(group.id, by: people[0]) }
        #expect(try await world.mark(.upTo(3), group.id, by: people[1]) == ReadState(readSeq: 3, unread: 2))
        #expect(world.markers.last == Marker(conversation: group.id, user: people[1], readSeq: 3))
        #expect(try await world.mark(.upTo(2), group.id, by: people[1]) == ReadState(readSeq: 3, unread: 2))
        await expectRefusal(.invalid) { try await world.mark(.upTo(6), group.id, by: people[1]) }
        await expectRefusal(.invalid) { try await world.mark(.unreadFrom(6), group.id, by: people[1]) }
        await expectRefusal(.invalid) { try await world.mark(.unreadFrom(0), group.id, by: people[1]) }
        // "Mark as unread" leaves the marker alone.
        let told = world.markers.count
        #expect(
            try await world.mark(.unreadFrom(1), group.id, by: people[1])
                == ReadState(readSeq: 3, unreadFrom: 1, unread: 2)
        )
        #expect(world.markers.count == told)
        // Reading clears it even where the marker does not move.
        #expect(try await world.mark(.upTo(1), group.id, by: people[1]) == ReadState(readSeq: 3, unread: 2))
        try await world.mark(.unreadFrom(2), group.id, by: people[1])
        #expect(try await world.mark(.unreadFrom(nil), group.id, by: people[1]) == ReadState(readSeq: 3, unread: 2))
        // The others see the marker, and it moves no row.
        let member = try await world.store.conversations.members(
            of: group.id,
            matching: "",
            after: people[0],
            limit: 1,
            reader: people[0]
        ).first
        #expect(member?.readSeq == 3)
        #expect(try await world.view(group.id, of: people[0])?.head == group.head + 5)
    }

    private static func settings(_ world: StoreWorld) async throws {
        let user = try await world.user()
        let notes = try await world.create(.direct, by: user)
        let memberships = world.store.memberships
        var own = world.told(
            try await memberships.configure(SettingsPatch(isFavourite: true), conversation: notes.id, user: user)
        )
        #expect(own.isFavourite && !own.isMuted && !own.isArchived && own.level == .all)
        let patch = SettingsPatch(level: .mentions, isMuted: true, isArchived: true)
        let changed = try await memberships.configure(patch, conversation: notes.id, user: user)
        own = world.told(changed)
        #expect(own.isFavourite && own.isMuted && own.isArchived && own.level == .mentions)
        #expect(changed.commit.events.isEmpty)
        let event = try #require(changed.commit.own.first)
        #expect(event.rev == event.after + 1)
        #expect(event.rows == [.membership(OwnRow.Membership(rev: event.rev, conversation: notes.id, state: own))])
        #expect(try await world.view(notes.id, of: user)?.own == own)
    }

    private static func drafts(_ world: StoreWorld) async throws {
        let user = try await world.user()
        let notes = try await world.create(.direct, by: user)
        try await world.send(notes.id, by: user)
        let memberships = world.store.memberships
        world.now += 1_000
        func draft(_ body: String, replyTo: Int64? = nil) async throws -> Changed<OwnState> {
            let request = DraftRequest(body: body, replyTo: replyTo)
            let changed = try await memberships.setDraft(request, conversation: notes.id, user: user)
            world.told(changed)
            return changed
        }
        var own = try await draft("Dear", replyTo: 1).value
        #expect(own.draft == OwnState.Draft(body: "Dear", replyTo: 1, at: world.now))
        #expect(try await world.view(notes.id, of: user)?.own?.draft == own.draft)
        #expect(try await draft("Dear", replyTo: 1).commit.isEmpty)
        own = try await draft("Dear all").value
        #expect(own.draft?.replyTo == nil)
        await expectRefusal(.notFound) { _ = try await draft("x", replyTo: 2) }
        let removed = try await draft("")
        #expect(removed.value.draft == nil)
        #expect(removed.commit.own.count == 1)
        #expect(try await world.view(notes.id, of: user)?.own?.draft == nil)
    }

    private static func ownLaw(_ world: StoreWorld) async throws {
        let people = try await world.users(4)
        let groups = [
            try await world.create(.group, by: people[0], with: people),
            try await world.create(.group, by: people[0], with: people),
        ]
        var random = SplitMix64(seed: 3)
        for step in 0..<300 {
            let group = groups[step % 2]
            try await randomChange(world, group.id, people, &random)
            let person = people[Int(random.next() % 4)]
            let memberships = world.store.memberships
            switch random.next() % 8 {
            case 0:
                // Somebody who is out is refused.
                if let changed = try? await memberships.setDraft(
                    DraftRequest(body: random.next() % 3 == 0 ? "" : "draft \(step)"),
                    conversation: group.id,
                    user: person
                ) {
                    world.told(changed)
                }
            case 1:
                // Who is out is refused: nothing changes.
                if let changed = try? await memberships.configure(
                    SettingsPatch(isMuted: random.next() % 2 == 0),
                    conversation: group.id,
                    user: person
                ) {
                    world.told(changed)
                }
            default: break
            }
        }
        for person in people {
            var told = OwnReplica()
            for event in world.ownEvents(of: person) { told.apply(event) }
            var paged = OwnReplica()
            while true {
                let page = try await world.store.memberships.ownChanges(of: person, since: paged.position, limit: 7)
                #expect(page.rows.count <= 7)
                paged.apply(page)
                if !page.more { break }
            }
            #expect(paged.position == told.position)
            var deleted: [ConversationID: Set<Int64>] = [:]
            for group in groups {
                let tombstones = try await world.history(group.id, of: people[0]).filter(\.isDeleted)
                deleted[group.id] = Set(tombstones.map(\.seq))
            }
            #expect(told.shown(deleted: deleted) == paged.shown(deleted: deleted))
        }
    }
}
