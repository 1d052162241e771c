// Reading ends with the membership: whoever is removed while others write gets nothing from above the removal, and whoever
// comes back begins afresh.
import ChatClient
import ChatFixtures
import ChatProtocol
import Testing

@Suite("Removal")
struct RemovalTests {
    /// Three people in a group, and a conversation beside it by which to see that nothing more comes.
    private struct Scene {
        let owner: Wire
        let writer: Wire
        let removed: Wire
        let removedID: UserID
        let group: ConversationID
        let beside: ConversationID
        /// The group's head when the removed one's connection began.
        let start: Int64

        static func build(_ server: TestServer) async throws -> Scene {
            let people = [try await server.signUp(), try await server.signUp(), try await server.signUp()]
            let (owner, _) = try await Wire.open(server, people[0])
            let members = [people[1].id, people[2].id]
            let group = try ConversationAnswer(
                json: try await owner.ask(.create(NewConversation(kind: .group, members: members)))
            ).conversation.id
            let beside = try ConversationAnswer(
                json: try await owner.ask(.create(NewConversation(kind: .direct, members: [people[2].id])))
            ).conversation.id
            let (removed, reply) = try await Wire.open(server, people[2])
            return Scene(
                owner: owner,
                writer: try await Wire.open(server, people[1]).wire,
                removed: removed,
                removedID: people[2].id,
                group: group,
                beside: beside,
                start: reply.index.first { $0.conversation == group }?.head ?? 0
            )
        }

        func write(_ count: Int, _ name: String) async throws {
            let sends = (0..<count).map { Command.send(Send(conversation: group, nonce: "\(name) \($0)", body: "x")) }
            for answer in try await writer.answers(to: try await writer.say(all: sends)) { _ = try answer.get() }
        }

        /// Whatever was on its way to the removed one has come when this has.
        func fence(_ nonce: String) async throws {
            let send = Send(conversation: beside, nonce: nonce, body: nonce)
            let rev = try SendReply(json: try await owner.ask(.send(send))).rev
            try await removed.hear(beside, upTo: rev)
        }

        /// What the removed one heard of the group, in lives: from a beginning to a `left`.
        func lives() -> [(start: Int64, events: [Event], left: Int64?)] {
            var lives: [(start: Int64, events: [Event], left: Int64?)] = [(start, [], nil)]
            for event in removed.events {
                switch event {
                case .joined(group, let row): lives.append((row.head, [], nil))
                case .left(group, let rev, let reason):
                    #expect(reason == .removed)
                    #expect(lives.last?.left == nil, "left twice")
                    lives[lives.count - 1].left = rev
                default:
                    guard event.interval?.conversation == group else { continue }
                    #expect(lives.last?.left == nil, "an event after left: \(event)")
                    lives[lives.count - 1].events.append(event)
                }
            }
            return lives
        }
    }

    @Test("nothing from above the removal, while 500 sends go on")
    func duringSends() async throws {
        try await TestServer.with { server in
            let scene = try await Scene.build(server)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await scene.write(500, "m") }
                tasks.addTask {
                    try await scene.owner.hear { $0.intervals(of: scene.group).count >= 100 }
                    _ = try await scene.owner.ask(.remove(conversation: scene.group, user: scene.removedID))
                }
                try await tasks.waitForAll()
            }
            try await scene.fence("fence")
            try await scene.owner.hear(scene.group, upTo: scene.start + 501)
            let removal = try #require(
                scene.owner.events.first { $0.members.contains { $0.user == scene.removedID && $0.leftAt != nil } }?
                    .interval?.rev
            )
            let lives = scene.lives()
            #expect(lives.count == 1)
            #expect(lives[0].left == removal)
            #expect(lives[0].events.end(of: scene.group, from: scene.start) == removal - 1)
            for refused in [
                Command.send(Send(conversation: scene.group, nonce: "late", body: "x")),
                .history(conversation: scene.group, bound: .newest, limit: nil),
                .sync(conversation: scene.group, since: 0, limit: nil), .open(conversation: scene.group),
                .typing(conversation: scene.group), .read(conversation: scene.group, mark: .upTo(1)),
                .react(conversation: scene.group, seq: 1, emoji: "👍"), .leave(conversation: scene.group),
                .remove(conversation: scene.group, user: scene.removedID), .join(conversation: scene.group),
            ] {
                #expect(try await scene.removed.refusal(of: refused)?.code == .notFound, "\(refused)")
            }
            let found = try ConversationsAnswer(json: try await scene.removed.ask(.conversations(ids: [scene.group])))
            #expect(found.conversations.isEmpty)
        }
    }

    @Test("removed and taken in again and again while others write: each life joins end to end")
    func again() async throws {
        try await TestServer.with { server in
            let scene = try await Scene.build(server)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { for batch in 0..<25 { try await scene.write(20, "batch \(batch)") } }
                tasks.addTask {
                    for _ in 0..<15 {
                        _ = try await scene.owner.ask(.remove(conversation: scene.group, user: scene.removedID))
                        _ = try await scene.owner.ask(
                            .member(conversation: scene.group, user: scene.removedID, role: nil)
                        )
                    }
                }
                try await tasks.waitForAll()
            }
            let last = try SendReply(
                json: try await scene.writer.ask(.send(Send(conversation: scene.group, nonce: "last", body: "last")))
            ).rev
            try await scene.removed.hear(scene.group, upTo: last)
            try await scene.fence("fence")
            let lives = scene.lives()
            // Coming back so soon may look like never having been away, but never like being out.
            #expect(lives.count >= 2)
            for (number, life) in lives.enumerated() {
                let end = life.events.end(of: scene.group, from: life.start)
                #expect(end != nil, "life \(number) has a gap or an overlap")
                if number == lives.count - 1 {
                    #expect(end == last && life.left == nil)
                } else {
                    #expect(life.left != nil && (end ?? .max) < life.left ?? 0)
                }
            }
            for (one, next) in zip(lives, lives.dropFirst()) { #expect(next.start > one.left ?? .max) }
        }
    }
}
