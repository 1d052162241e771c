// The law of sync for every kind of change, one after another, with everybody watching.
import ChatClient
import ChatFixtures
import ChatProtocol
import Testing

@Suite("Sync law")
struct SyncLawTests {
    @Test("what happens to messages")
    func messages() async throws {
        try await TestServer.with { server in
            let crowd = try await Crowd.gather(server, devices: [2, 2, 1])
            let (anna, bert, carl) = (crowd[0], crowd[1], crowd[2])
            let group = try await anna.client.create(
                NewConversation(kind: .group, name: "All", members: [bert.id, carl.id])
            ).id
            try await crowd.verify("the first message") { try await anna.client.send("one", to: group) }
            try await crowd.verify("a second sender") { try await bert.client.send("two", to: group) }
            try await crowd.verify("a reply") { try await bert.second.send("three", to: group, replyTo: 1) }
            try await crowd.verify("a thread") { try await carl.client.send("four", to: group, thread: 1) }
            try await crowd.verify("more of the thread") {
                for body in ["five", "six", "seven"] { _ = try await bert.client.send(body, to: group, thread: 4) }
            }
            try await crowd.verify("mentions") {
                try await anna.client.send("<@\(bert.id)> and <@all>: eight", to: group)
            }
            try await crowd.verify("an edit") {
                try await anna.client.edit(8, in: group, body: "<@\(carl.id)>: eight again", ifRev: nil)
            }
            try await crowd.verify("an edit that changes nothing") {
                try await anna.client.edit(8, in: group, body: "<@\(carl.id)>: eight again")
            }
            try await crowd.verify("a reaction") { try await bert.client.react("👍", to: 2, in: group) }
            try await crowd.verify("the same again") { try await bert.second.react("👍", to: 2, in: group) }
            try await crowd.verify("others' reactions") {
                _ = try await carl.client.react("👍", to: 2, in: group)
                _ = try await anna.client.react("🎈", to: 2, in: group)
            }
            try await crowd.verify("a reaction taken back") { try await bert.second.unreact("👍", to: 2, in: group) }
            try await crowd.verify("a pin") { try await carl.client.pin(3, in: group) }
            try await crowd.verify("an unpin") { try await anna.client.pin(3, in: group, isPinned: false) }
            try await crowd.verify("the deletion of a message with reactions and a pin") {
                _ = try await carl.client.pin(2, in: group)
                _ = try await bert.client.delete(2, in: group)
            }
            try await crowd.verify("the deletion of a thread's reply") { try await bert.client.delete(6, in: group) }
            try await crowd.verify("the deletion of another's message") { try await anna.client.delete(7, in: group) }
            try await crowd.verify("the deletion of a thread's root") { try await anna.client.delete(1, in: group) }
            try await crowd.verify("a reply to a tombstone") {
                try await carl.client.send("nine", to: group, replyTo: 1)
            }
            try await crowd.verify("a post into a thread without a root") {
                try await carl.client.send("ten", to: group, thread: 4)
            }
            try await crowd.verify("a post over HTTP") {
                try await crowd.call(
                    1,
                    "POST",
                    "/v1/conversations/\(group)/messages",
                    SendRequest(nonce: "over http", body: "eleven")
                )
            }
        }
    }

    @Test("who comes, goes, rises and falls")
    func members() async throws {
        try await TestServer.with { server in
            let crowd = try await Crowd.gather(server, devices: [2, 1, 2, 1])
            let (anna, bert, carl, dora) = (crowd[0], crowd[1], crowd[2], crowd[3])
            let group = try await anna.client.create(NewConversation(kind: .group, members: [bert.id])).id
            for body in ["one", "two", "three"] { _ = try await anna.client.send(body, to: group) }
            try await crowd.verify("adding") { try await bert.client.member(carl.id, of: group) }
            try await crowd.verify("adding with a role") {
                try await anna.client.member(dora.id, of: group, role: .admin)
            }
            try await crowd.verify("adding again") { try await anna.client.member(dora.id, of: group) }
            try await crowd.verify("a role") { try await dora.client.member(carl.id, of: group, role: .reader) }
            try await crowd.verify("removal") { try await dora.client.remove(bert.id, from: group) }
            try await crowd.verify("a message while he is away") { try await anna.client.send("four", to: group) }
            try await crowd.verify("coming back") { try await anna.client.member(bert.id, of: group) }
            try await crowd.verify("leaving") { try await carl.second.leave(group) }
            try await crowd.verify("adding back who left") { try await bert.client.member(carl.id, of: group) }
            try await crowd.verify("the last owner's leaving") { try await anna.client.leave(group) }
            #expect(try await crowd.owners(of: group, by: 3) == [dora.id])
            try await crowd.verify("a second owner") { try await dora.client.member(bert.id, of: group, role: .owner) }
            try await crowd.verify("an owner's step down") {
                try await dora.client.member(dora.id, of: group, role: .member)
            }
            try await crowd.verify("the last but one") {
                try await crowd.delete(1, "/v1/conversations/\(group)/members/me")
            }
            // Carl came back later than Dora came.
            #expect(try await crowd.owners(of: group, by: 2) == [dora.id])
        }
    }

    @Test("channels: joining, looking, renaming, deleting")
    func channels() async throws {
        try await TestServer.with { server in
            let crowd = try await Crowd.gather(server, devices: [1, 2, 1])
            let (anna, bert, carl) = (crowd[0], crowd[1], crowd[2])
            let channel = try await anna.client.create(
                NewConversation(kind: .channel, name: "News", topic: "Of today", isPublic: true)
            ).id
            _ = try await anna.client.send("one", to: channel)
            try await crowd.verify("joining") { try await bert.client.join(channel) }
            try await crowd.verify("joining again") { try await bert.second.join(channel) }
            try await crowd.verify("joining over HTTP") {
                try await crowd.call(2, "PUT", "/v1/conversations/\(channel)/members/me")
            }
            try await crowd.verify("a message of a newcomer") { try await carl.client.send("two", to: channel) }
            let path = "/v1/conversations/\(channel)"
            try await crowd.verify("a name") { try await crowd.call(0, "PATCH", path, ConversationPatch(name: "Olds")) }
            try await crowd.verify("a topic") {
                try await crowd.call(0, "PATCH", path, ConversationPatch(topic: .set("Of yesterday")))
            }
            try await crowd.verify("no topic") {
                try await crowd.call(0, "PATCH", path, ConversationPatch(topic: .clear))
            }
            try await crowd.verify("a closed door") {
                try await crowd.call(0, "PATCH", path, ConversationPatch(isPublic: false))
            }
            try await crowd.verify("the same again") {
                try await crowd.call(0, "PATCH", path, ConversationPatch(name: "Olds", isPublic: false))
            }
            try await crowd.verify("a leaver") { try await carl.client.leave(channel) }
            try await crowd.verify("the deletion of it all") { try await crowd.delete(0, path) }
            for person in crowd.people {
                #expect(try await person.client.read { $0.conversations } == [])
            }
        }
    }

    @Test("what is one's own: markers, settings, drafts, profile, sessions")
    func own() async throws {
        try await TestServer.with { server in
            let crowd = try await Crowd.gather(server, devices: [2, 2, 1])
            let (anna, bert, carl) = (crowd[0], crowd[1], crowd[2])
            let group = try await anna.client.create(NewConversation(kind: .group, members: [bert.id, carl.id])).id
            for number in 1...12 { _ = try await anna.client.send("message \(number)", to: group) }
            try await crowd.verify("reading") { try await bert.client.read(group, .upTo(5)) }
            try await crowd.verify("reading backwards") { try await bert.second.read(group, .upTo(3)) }
            try await crowd.verify("a tombstone above the marker") { try await anna.client.delete(8, in: group) }
            try await crowd.verify("a tombstone below the marker") { try await anna.client.delete(2, in: group) }
            try await crowd.verify("marking as unread") { try await bert.second.read(group, .unreadFrom(4)) }
            try await crowd.verify("clearing the mark") { try await bert.client.read(group, .unreadFrom(nil)) }
            try await crowd.verify("marking again") { try await bert.client.read(group, .unreadFrom(7)) }
            try await crowd.verify("reading clears the mark without moving") {
                try await bert.second.read(group, .upTo(1))
            }
            try await crowd.verify("marking once more") { try await carl.client.read(group, .unreadFrom(1)) }
            try await crowd.verify("sending clears the mark") { try await carl.client.send("mine", to: group) }
            let path = "/v1/conversations/\(group)"
            try await crowd.verify("settings") {
                try await crowd.call(
                    1,
                    "PUT",
                    "\(path)/settings",
                    SettingsPatch(level: .mentions, isMuted: true, isFavourite: true, isArchived: true)
                )
            }
            try await crowd.verify("one setting") {
                try await crowd.call(1, "PUT", "\(path)/settings", SettingsPatch(isArchived: false))
            }
            try await crowd.verify("a draft") {
                try await crowd.call(1, "PUT", "\(path)/draft", DraftRequest(body: "what I meant", replyTo: 3))
            }
            try await crowd.verify("another draft") {
                try await crowd.call(1, "PUT", "\(path)/draft", DraftRequest(body: "what I mean"))
            }
            try await crowd.verify("no draft") {
                try await crowd.call(1, "PUT", "\(path)/draft", DraftRequest(body: ""))
            }
            try await crowd.verify("a marker over HTTP") {
                try await crowd.call(1, "PUT", "\(path)/read", JSON.object([.init("seq", .integer(13))]))
            }
            try await crowd.verify("a profile") {
                try await crowd.call(0, "PATCH", "/v1/me", JSON.object([.init("name", .string("Anna the Second"))]))
            }
            var other: SessionGrant?
            try await crowd.verify("another device's sign-in") {
                let signIn = SignInRequest(login: anna.person.user.handle, password: TestServer.password, device: "tin")
                other = try await crowd.http.signIn(signIn).session
            }
            try await crowd.verify("its end") {
                try await crowd.delete(0, "/v1/sessions/\(other.map(\.id.description) ?? "")")
            }
        }
    }

    @Test("creation of each kind")
    func creation() async throws {
        try await TestServer.with { server in
            let crowd = try await Crowd.gather(server, devices: [2, 2, 1])
            let (anna, bert, carl) = (crowd[0], crowd[1], crowd[2])
            let direct = NewConversation(kind: .direct, members: [bert.id])
            try await crowd.verify("a direct conversation") { try await anna.client.create(direct) }
            try await crowd.verify("the same from the other side") {
                try await bert.second.create(NewConversation(kind: .direct, members: [anna.id]))
            }
            try await crowd.verify("notes to oneself") { try await anna.client.create(NewConversation(kind: .direct)) }
            try await crowd.verify("the same again") { try await anna.second.create(NewConversation(kind: .direct)) }
            let group = NewConversation(kind: .group, name: "Three", members: [bert.id, carl.id], nonce: "three")
            try await crowd.verify("a group") { try await anna.client.create(group) }
            try await crowd.verify("the same by its nonce") { try await anna.second.create(group) }
            try await crowd.verify("a group of one") { try await carl.client.create(NewConversation(kind: .group)) }
            try await crowd.verify("a channel") {
                try await carl.client.create(NewConversation(kind: .channel, name: "Closed", members: [anna.id]))
            }
            try await crowd.verify("a channel over HTTP") {
                try await crowd.call(
                    1,
                    "POST",
                    "/v1/conversations",
                    NewConversation(kind: .channel, name: "Open", isPublic: true)
                )
            }
            #expect(try await anna.client.read { $0.conversations.count } == 4)
        }
    }
}

extension Crowd {
    /// Does something, then compares.
    fileprivate func verify<Value>(
        _ label: String,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ change: () async throws -> Value
    ) async throws {
        _ = try await change()
        try await verify(label, sourceLocation: sourceLocation)
    }

    fileprivate func owners(of conversation: ConversationID, by person: Int) async throws -> [UserID] {
        let page = try await call(
            person,
            "GET",
            "/v1/conversations/\(conversation)/members",
            as: ListPage<Member>.self
        )
        return page.items.filter { $0.role == .owner }.map(\.user)
    }
}
