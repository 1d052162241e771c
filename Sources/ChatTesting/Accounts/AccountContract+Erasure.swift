// Erasing an account, and taking one's data along.
import ChatCore
import ChatProtocol
import Testing

extension AccountContract {
    static let erasure: [AccountCheck] = [
        AccountCheck("erasing frees e-mail and handle, ends sessions and hides the person") { world in
            let ada = try await world.signUp("ada", cookie: true)
            let user = ada.signedIn.user.id
            let other = try await world.signIn("ada").signedIn.session
            _ = world.takeCommits()
            try await world.accounts().delete(user)
            #expect(Set(world.takeCommits().flatMap(\.endedSessions)) == [ada.signedIn.session.id, other.id])
            await expectUnauthenticated { _ = try await world.authenticate(ada.cookies?.session, isCookie: true) }
            await expectUnauthenticated { _ = try await world.authenticate(other.accessToken) }
            await expectUnauthenticated { _ = try await world.refresh(other.refreshToken) }
            #expect(await world.refusal("ada", AccountWorld.password)?.code == .unauthenticated)
            await expectRefusal(.notFound) { _ = try await world.accounts().profile(of: user) }
            #expect(try await world.stores.accounts.users(matching: "", after: nil, limit: 10).isEmpty)
            let shown = try #require(try await world.stores.accounts.users([user]).first)
            #expect(shown.name == "deleted user" && Handle.isWellFormed(shown.handle) && shown.handle != "ada")
            await expectRefusal(.notFound) { try await world.accounts().delete(user) }
            // Also from the files, once pages are reused; here: from all rows.
            let again = try await world.signUp("ada")
            #expect(again.signedIn.user.id != user)
        },
        AccountCheck("nobody can keep an account from being erased by taking its handle") { world in
            let user = try await world.signUp("ada").signedIn.user.id
            try await world.signUp("deleted-\(user.description.lowercased())")
            try await world.accounts().delete(user)
            let shown = try #require(try await world.stores.accounts.users([user]).first)
            #expect(Handle.isWellFormed(shown.handle))
        },
        AccountCheck("memberships end by proper events, and ownership passes on") { world in
            let ada = try await world.signUp("ada").signedIn.user.id
            let bob = try await world.signUp("bob").signedIn.user.id
            let group = try await world.create(NewConversation(kind: .group, name: "G", members: [bob]), by: ada)
            let direct = try await world.create(NewConversation(kind: .direct, members: [bob]), by: ada)
            _ = world.takeCommits()
            try await world.accounts().delete(ada)
            let events = world.takeCommits().flatMap(\.events)
            #expect(Set(events.map(\.conversation)) == [group, direct])
            for event in events {
                #expect(event.departures == [LogEvent.Departure(user: ada, reason: .left)])
                #expect(event.memberCount == 1)
            }
            let conversations = try await world.stores.conversations.conversations([group, direct], reader: bob)
            #expect(conversations.count == 2 && conversations.allSatisfy { $0.memberCount == 1 })
            #expect(conversations.first { $0.id == group }?.own?.role == .owner)
            for id in [group, direct] { try await expectEventsEqualSync(events, of: id, reader: bob, world) }
        },
        AccountCheck("messages become tombstones everywhere, also where the person had left") { world in
            let ada = try await world.signUp("ada").signedIn.user.id
            let bob = try await world.signUp("bob").signedIn.user.id
            let first = try await world.create(NewConversation(kind: .group, name: "1", members: [bob]), by: bob)
            let second = try await world.create(NewConversation(kind: .group, name: "2", members: [ada]), by: bob)
            _ = try await world.stores.conversations.setMember(ada, role: nil, in: first, by: bob)
            for number in 0..<120 {
                try await world.send(first, by: number % 2 == 0 ? ada : bob, "secret \(number)")
            }
            let root = try await world.send(second, by: ada, "root")
            try await world.send(second, by: bob, "reply", thread: root.seq)
            try await world.send(second, by: ada, "reply", thread: root.seq)
            try await world.send(second, by: ada, "reply", thread: root.seq)
            _ = try await world.stores.conversations.removeMember(ada, from: first, by: bob)
            _ = world.takeCommits()
            try await world.accounts().delete(ada)
            let events = world.takeCommits().flatMap(\.events)
            for id in [first, second] {
                let history = try await world.stores.messages.history(
                    conversation: id,
                    bound: .after(0),
                    limit: 1_000,
                    reader: bob
                ).messages
                #expect(history.allSatisfy { $0.isDeleted == ($0.sender == ada) })
                try await expectEventsEqualSync(events, of: id, reader: bob, world)
            }
            let now = try await world.stores.messages.message(conversation: second, seq: root.seq, reader: bob)
            #expect(now.replies?.count == 1 && now.replies?.users == [bob])
            #expect(try await world.stores.accounts.unfinishedErasures().isEmpty)
        },
        AccountCheck("an erasure that was interrupted goes on") { world in
            let ada = try await world.signUp("ada").signedIn.user.id
            let bob = try await world.signUp("bob").signedIn.user.id
            let group = try await world.create(NewConversation(kind: .group, name: "G", members: [bob]), by: ada)
            for number in 0..<30 { try await world.send(group, by: ada, "message \(number)") }
            _ = try await world.stores.accounts.erase(ada)
            _ = try await world.stores.accounts.eraseMessages(of: ada, limit: 7)
            _ = try await world.stores.accounts.eraseMessages(of: ada, limit: 7)
            try await world.reopen()
            #expect(try await world.stores.accounts.unfinishedErasures() == [ada])
            try await world.accounts().keepHouse()
            #expect(try await world.stores.accounts.unfinishedErasures().isEmpty)
            let history = try await world.stores.messages.history(
                conversation: group,
                bound: .after(0),
                limit: 100,
                reader: bob
            ).messages
            #expect(history.count == 30 && history.allSatisfy(\.isDeleted))
        },
        AccountCheck("after the last account is erased the next one is the operator, by any policy") { world in
            let ada = try await world.signUp("ada").signedIn.user.id
            try await world.accounts().delete(ada)
            let next = try await world.accounts(.closed).signUp(world.form("bob"), from: "::1").signedIn.user.id
            #expect(try await world.accounts().profile(of: next).isOperator)
        },
        AccountCheck("who is erased gets no session from a sign-in that was under way") { world in
            let ada = try await world.signUp("ada").signedIn
            try await world.accounts().delete(ada.user.id)
            let session = NewSession(
                id: world.environment.makeID(),
                user: ada.user.id,
                device: nil,
                accessHash: Array(repeating: 1, count: 32),
                accessExpiresAt: .max,
                refreshHash: nil,
                endsAt: .max,
                isCookie: false
            )
            await expectUnauthenticated { _ = try await world.stores.sessions.create(session, afterChecking: "x") }
        },
    ]

    static let export: [AccountCheck] = [
        AccountCheck("the export is one JSON object with all own data, and nothing of others") { world in
            let ada = try await world.signUp("ada").signedIn.user.id
            let bob = try await world.signUp("bob").signedIn.user.id
            var groups: [ConversationID] = []
            for name in ["one", "two", "three"] {
                groups.append(
                    try await world.create(NewConversation(kind: .group, name: name, members: [bob]), by: ada)
                )
            }
            let full = try #require(groups.first)
            for number in 0..<450 {
                try await world.send(full, by: number % 3 == 0 ? ada : bob, "text \(number)")
            }
            try await world.send(try #require(groups.last), by: ada, "the last word")
            var pieces = try world.accounts().export(ada)
            var text: [UInt8] = []
            var most = 0
            while let piece = try await pieces.next() {
                text += piece
                most = max(most, piece.count)
            }
            #expect(most < text.count)
            let json = try JSONParser.parse(text)
            #expect(json["profile"]?["email"] == .string("ada@example.org"))
            guard case .array(let sessions) = try #require(json["sessions"]),
                case .array(let conversations) = try #require(json["conversations"])
            else {
                Issue.record("no lists")
                return
            }
            #expect(sessions.count == 1 && conversations.count == 3)
            var counts: [String: Int] = [:]
            for entry in conversations {
                guard case .string(let name) = try #require(entry["conversation"]?["name"]),
                    case .array(let messages) = try #require(entry["messages"])
                else { continue }
                counts[name] = messages.count
                #expect(messages.allSatisfy { $0["sender"] == .string(ada.description) })
            }
            #expect(counts == ["one": 150, "two": 0, "three": 1])
            #expect(!contains(text, Array("bob@example.org".utf8)))
        },
        AccountCheck("exports are rare") { world in
            let ada = try await world.signUp("ada").signedIn.user.id
            let accounts = world.accounts()
            for _ in 0..<3 { _ = try accounts.export(ada) }
            await expectRefusal(.rateLimited) { _ = try accounts.export(ada) }
        },
    ]

    /// State after events is state after sync.
    static func expectEventsEqualSync(
        _ events: [LogEvent],
        of conversation: ConversationID,
        reader: UserID,
        _ world: AccountWorld
    ) async throws {
        let own = events.filter { $0.conversation == conversation }.sorted { $0.after < $1.after }
        guard let start = own.first?.after else { return }
        for (event, next) in zip(own, own.dropFirst()) { #expect(event.rev == next.after, "a hole in the log") }
        var messages: [Int64: Message] = [:]
        for message in own.flatMap(\.messages) { messages[message.seq] = message }
        let page = try await world.stores.messages.changes(
            conversation: conversation,
            since: start,
            limit: 10_000,
            reader: reader
        )
        #expect(page.head == own.last?.rev)
        for var message in page.messages {
            message.mine = nil
            #expect(messages.removeValue(forKey: message.seq) == message)
        }
        #expect(messages.isEmpty)
    }
}
