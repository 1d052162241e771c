// A reader that stops: the server forgets what it cannot send, says `behind`, and goes on after a sync. Its memory does not
// grow, and the others get everything.
import ChatClient
import ChatFixtures
import ChatProtocol
import ChatServer
import Testing

@Suite("Behind")
struct BehindTests {
    private static let body = String(repeating: "x", count: 2_000)

    @Test("5,000 events to a reader that stops")
    func stoppedReader() async throws {
        try await TestServer.with {
            $0.adminPort = 0
            $0.limits.outboundBytes = 100_000
        } _: { server in
            let people = [try await server.signUp(), try await server.signUp(), try await server.signUp()]
            let (sender, _) = try await Wire.open(server, people[0])
            let group = try await Self.create(sender, .group, [people[1].id, people[2].id])
            let other = try await Self.create(sender, .direct, [people[1].id])
            let (stopped, greeting) = try await Wire.open(server, people[1])
            let (reading, _) = try await Wire.open(server, people[2])
            let start = try #require(greeting.index.first { $0.conversation == group }?.head)
            _ = try await stopped.ask(.open(conversation: group))
            try await stopped.socket.setReading(false)

            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await Self.send(5_000, to: group, by: sender) }
                tasks.addTask { try await reading.hear(group, upTo: start + 5_000) }
                try await tasks.waitForAll()
            }
            #expect(reading.events.end(of: group, from: start) == start + 5_000)
            #expect(try await server.metric("vibetalk_behind") >= 1)
            _ = try await reading.ask(.typing(conversation: group))
            #expect(try await server.metric("vibetalk_ephemera_dropped") >= 1)
            // The own log too is told of to those who read alone.
            let (device, _) = try await Wire.open(server, people[1])
            _ = try await device.ask(.read(conversation: group, mark: .upTo(5)))

            try await stopped.socket.setReading(true)
            let behind = try await stopped.find { event -> Int64? in
                if case .behind(group, let head) = event { head } else { nil }
            }
            let reached = try #require(stopped.events.end(of: group, from: start))
            #expect(behind > reached)
            #expect(
                reached < start + 5_000,
                "nothing was left out: the buffers of this machine are larger than the test"
            )
            try await Self.stays(behind: stopped, sender, group, other)
            try await Self.catchUp(stopped, sender, group, from: reached)
            try await Self.ownCatchUp(stopped, greeting.own)
            #expect(stopped.events.filter { $0.isBehind }.count == 1)
        }
    }

    /// No events of the conversation until a sync, while others come.
    private static func stays(
        behind stopped: Wire,
        _ sender: Wire,
        _ group: ConversationID,
        _ other: ConversationID
    ) async throws {
        let count = stopped.events.intervals(of: group).count
        for nonce in ["a", "b"] {
            _ = try await sender.ask(.send(Send(conversation: group, nonce: nonce, body: nonce)))
        }
        _ = try await sender.ask(.send(Send(conversation: other, nonce: "c", body: "c")))
        try await stopped.hear { events in
            events.contains { $0.interval?.conversation == other && $0.messages.contains { $0.body == "c" } }
        }
        #expect(stopped.events.intervals(of: group).count == count)
    }

    /// Pages, of which only the last one ends the silence; events go on from its `upTo`.
    private static func catchUp(
        _ stopped: Wire,
        _ sender: Wire,
        _ group: ConversationID,
        from reached: Int64
    ) async throws {
        var since = reached
        var rows = 0
        let count = stopped.events.intervals(of: group).count
        while true {
            let page = try ChangesPage(
                json: try await stopped.ask(.sync(conversation: group, since: since, limit: 200))
            )
            rows += page.messages.count
            since = page.upTo
            guard page.more else { break }
            #expect(stopped.events.intervals(of: group).count == count)
        }
        #expect(Int64(rows) == since - reached)
        var last: Int64 = 0
        for number in 0..<20 {
            let reply = try await sender.ask(.send(Send(conversation: group, nonce: "after \(number)", body: "x")))
            last = try SendReply(json: reply).rev
        }
        try await stopped.hear(group, upTo: last)
        var position = since
        for interval in stopped.events.intervals(of: group).dropFirst(count) {
            #expect(interval.after == position)
            position = interval.rev
        }
        #expect(position == last)
    }

    /// Rows left out are named by an interval that begins above the position.
    private static func ownCatchUp(_ stopped: Wire, _ own: Int64) async throws {
        try await stopped.hear { $0.contains { if case .own = $0 { true } else { false } } }
        let page = try OwnPage(json: try await stopped.ask(.syncOwn(since: own, limit: nil)))
        let markers = page.rows.compactMap { row -> Int64? in
            if case .membership(let row) = row { row.state.readSeq } else { nil }
        }
        #expect(markers.contains(5))
    }

    private static func create(
        _ wire: Wire,
        _ kind: ConversationKind,
        _ members: [UserID]
    ) async throws -> ConversationID {
        try ConversationAnswer(json: try await wire.ask(.create(NewConversation(kind: kind, members: members))))
            .conversation.id
    }

    /// Sends in batches, so that the writer has something to do.
    private static func send(_ count: Int, to conversation: ConversationID, by wire: Wire) async throws {
        for start in stride(from: 0, to: count, by: 100) {
            let ids = try await wire.say(
                all: (start..<start + 100).map { .send(Send(conversation: conversation, nonce: "\($0)", body: body)) }
            )
            for answer in try await wire.answers(to: ids) { _ = try answer.get() }
        }
    }
}
