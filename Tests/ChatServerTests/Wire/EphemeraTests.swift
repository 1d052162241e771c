// Typing, presence, read markers and member events: to those who look, and to nobody else. That something does not come is
// shown by what comes after it by the same way.
import ChatClient
import ChatCore
import ChatFixtures
import ChatProtocol
import Testing

@Suite("Ephemera")
struct EphemeraTests {
    /// Four people in a group, one connection each, and somebody outside.
    private struct Room {
        var people: [TestServer.Person]
        var wires: [Wire]
        var group: ConversationID

        static func open(_ server: TestServer, _ count: Int = 4) async throws -> Room {
            var people: [TestServer.Person] = []
            for _ in 0...count { people.append(try await server.signUp()) }
            let client = try await server.connect(people[0])
            let members = people[1..<count].map(\.id)
            let group = try await client.create(NewConversation(kind: .group, members: members)).id
            await client.close()
            var wires: [Wire] = []
            for person in people { wires.append(try await Wire.open(server, person).wire) }
            return Room(people: people, wires: wires, group: group)
        }

        /// A message of somebody, heard by everybody in the room: whatever was told before it has been heard too.
        func fence(_ sender: Int, _ nonce: String) async throws {
            let send = Send(conversation: group, nonce: nonce, body: nonce)
            let rev = try SendReply(json: try await wires[sender].ask(.send(send))).rev
            for wire in wires.dropLast() { try await wire.hear(group, upTo: rev) }
        }

        func typed(_ number: Int) -> [UserID] {
            wires[number].events.compactMap { event in
                if case .typing(let conversation, let user) = event, conversation == group { user } else { nil }
            }
        }
    }

    @Test("typing is for those who have the conversation on an active screen, and not for the typist")
    func typing() async throws {
        try await TestServer.with { server in
            let room = try await Room.open(server)
            for number in [0, 1, 2] { _ = try await room.wires[number].ask(.open(conversation: room.group)) }
            _ = try await room.wires[2].ask(.state(active: false))
            _ = try await room.wires[0].ask(.typing(conversation: room.group))
            try await room.fence(0, "one")
            #expect(room.typed(0) == [])
            #expect(room.typed(1) == [room.people[0].id])
            #expect(room.typed(2) == [], "a page in the background gets none")
            #expect(room.typed(3) == [], "it is not on this screen")

            // More often than once in three seconds is dropped; every typist has their own three seconds.
            for _ in 0..<5 { _ = try await room.wires[0].ask(.typing(conversation: room.group)) }
            _ = try await room.wires[3].ask(.typing(conversation: room.group))
            _ = try await room.wires[2].ask(.state(active: true))
            _ = try await room.wires[1].ask(.open(conversation: nil))
            try await room.fence(3, "two")
            #expect(room.typed(0) == [room.people[3].id])
            #expect(room.typed(1).filter { $0 == room.people[0].id }.count == 1)

            // Who is no member can neither type nor look.
            #expect(try await room.wires[4].refusal(of: .typing(conversation: room.group))?.code == .notFound)
            #expect(try await room.wires[4].refusal(of: .open(conversation: room.group))?.code == .notFound)
        }
    }

    @Test("presence is for those who watch and share a conversation")
    func presence() async throws {
        try await TestServer.with { server in
            let room = try await Room.open(server)
            let (anna, stranger) = (room.people[0].id, room.people[4].id)
            let watched = try await room.wires[1].ask(.presence(watch: [anna, stranger], set: nil))
            #expect(try PresenceAnswer(json: watched).users == [anna: .online, stranger: .offline])
            let outside = try await room.wires[4].ask(.presence(watch: [anna, stranger], set: nil))
            #expect(try PresenceAnswer(json: outside).users == [anna: .offline, stranger: .offline])
            _ = try await room.wires[2].ask(.presence(watch: [anna], set: nil))
            _ = try await room.wires[2].ask(.state(active: false))
            let many = (0..<101).map { UserID(rawValue: UInt64($0)) ?? anna }
            #expect(try await room.wires[1].refusal(of: .presence(watch: many, set: nil))?.code == .invalid)

            _ = try await room.wires[0].ask(.presence(watch: nil, set: .dnd))
            try await room.wires[1].hear { $0.hasPresence(anna, .dnd) }
            // A new list replaces the former one.
            _ = try await room.wires[1].ask(.presence(watch: [room.people[2].id], set: nil))
            _ = try await room.wires[3].ask(.presence(watch: [anna], set: nil))
            _ = try await room.wires[0].ask(.presence(watch: nil, set: .away))
            try await room.wires[3].hear { $0.hasPresence(anna, .away) }
            await room.wires[0].close()
            try await room.wires[3].hear { $0.hasPresence(anna, .offline) }
            for number in [1, 2, 4] { _ = try await room.wires[number].ask(.ping) }
            #expect(!room.wires[1].events.hasPresence(anna, .away))
            #expect(!room.wires[1].events.hasPresence(anna, .offline))
            #expect(!room.wires[2].events.contains { $0.isPresence }, "a page in the background gets none")
            #expect(!room.wires[4].events.contains { $0.isPresence }, "a stranger learns nothing")
        }
    }

    @Test("who is online on two devices is offline when both are gone, and comes back as online")
    func presenceOfDevices() async throws {
        try await TestServer.with { server in
            let room = try await Room.open(server)
            let anna = room.people[0].id
            let (second, _) = try await Wire.open(server, room.people[0])
            _ = try await room.wires[1].ask(.presence(watch: [anna], set: nil))
            await room.wires[0].close()
            _ = try await second.ask(.presence(watch: nil, set: .dnd))
            try await room.wires[1].hear { $0.hasPresence(anna, .dnd) }
            #expect(!room.wires[1].events.hasPresence(anna, .offline))
            await second.close()
            try await room.wires[1].hear { $0.hasPresence(anna, .offline) }
            let (third, _) = try await Wire.open(server, room.people[0])
            try await room.wires[1].hear { $0.hasPresence(anna, .online) }
            _ = try await third.ask(.ping)
        }
    }

    @Test("others' read markers are told in conversations up to 50 members, typing and members up to 500")
    func sizes() async throws {
        try await TestServer.with { server in
            let (anna, bert) = (try await server.signUp(), try await server.signUp())
            let newcomer = try await server.signUp()
            let ids = try await server.withStores { stores, environment in
                let others = try await People.add(501, to: stores, environment)
                var ids: [ConversationID] = []
                for count in [50, 51, 500, 503] {
                    let new = NewConversation(
                        kind: .channel,
                        name: "\(count)",
                        members: [bert.id] + others.prefix(count - 2)
                    )
                    let id: ConversationID = environment.makeID()
                    ids.append(try await stores.conversations.create(new, id: id, by: anna.id).value.conversation.id)
                }
                return ids
            }
            let (annas, _) = try await Wire.open(server, anna)
            let (berts, _) = try await Wire.open(server, bert)
            var revs: [ConversationID: Int64] = [:]
            for id in ids {
                for number in 1...2 {
                    _ = try await annas.ask(.send(Send(conversation: id, nonce: "\(number)", body: "x")))
                }
                _ = try await annas.ask(.open(conversation: id))
                _ = try await berts.ask(.read(conversation: id, mark: .upTo(1)))
                _ = try await berts.ask(.typing(conversation: id))
                if id == ids[2] || id == ids[3] {
                    // At the limit the newcomer makes it one above; leaving makes it as before.
                    _ = try await annas.ask(.remove(conversation: id, user: bert.id))
                    _ = try await annas.ask(.member(conversation: id, user: bert.id, role: nil))
                }
                let reply = try await annas.ask(.send(Send(conversation: id, nonce: "fence", body: "x")))
                revs[id] = try SendReply(json: reply).rev
            }
            for (id, rev) in revs { try await annas.hear(id, upTo: rev) }
            let marked = annas.events.compactMap { event -> ConversationID? in
                if case .read(let id, bert.id, 1) = event { id } else { nil }
            }
            #expect(marked == [ids[0]])
            let typed = annas.events.compactMap { event -> ConversationID? in
                if case .typing(let id, bert.id) = event { id } else { nil }
            }
            #expect(typed == Array(ids[..<3]))
            for (id, sees) in [(ids[2], true), (ids[3], false)] {
                let events = annas.events.filter { $0.interval?.conversation == id }
                #expect(events.contains { !$0.members.isEmpty } == sees)
                #expect(annas.events.end(of: id, from: events.first?.interval?.after ?? 0) == revs[id])
            }
            // Above 500 members `changes` has no members either; the list has.
            let page = try ChangesPage(json: try await annas.ask(.sync(conversation: ids[3], since: 0, limit: 200)))
            #expect(page.members.isEmpty)
            let http = server.http()
            let members = try await http.call(
                "GET",
                "/v1/conversations/\(ids[3])/members?limit=200",
                token: anna.token,
                as: ListPage<Member>.self
            )
            #expect(members.items.count == 200 && members.next != nil)
            // Whoever is told of a conversation at the limit is one too many, and no row of theirs is sent.
            _ = try await annas.ask(.member(conversation: ids[2], user: newcomer.id, role: nil))
            let reply = try await annas.ask(.send(Send(conversation: ids[2], nonce: "last", body: "x")))
            let rev = try SendReply(json: reply).rev
            try await annas.hear(ids[2], upTo: rev)
            #expect(!annas.events.contains { $0.members.contains { $0.user == newcomer.id } })
        }
    }
}

extension [Event] {
    fileprivate func hasPresence(_ user: UserID, _ state: PresenceState) -> Bool {
        contains { event in
            if case .presence(let users) = event { users[user] == state } else { false }
        }
    }
}

extension Event {
    fileprivate var isPresence: Bool { if case .presence = self { true } else { false } }
}
