// Many connections send as fast as answers come, each in a conversation with another: what appends cost.
import ChatClient
import ChatProtocol

/// Pairs of connections, each of which sends, waits for the answer, and sends again.
package struct SendScenario: Sendable {
    package var connections: Int
    package var seconds: Double
    package var bodyBytes: Int

    package init(connections: Int, seconds: Double, bodyBytes: Int) {
        self.connections = connections
        self.seconds = seconds
        self.bodyBytes = bodyBytes
    }

    /// Runs the scenario, and checks that what was acknowledged is there, once and dense.
    package func run(_ target: LoadTarget, progress: @escaping @Sendable (String) -> Void) async throws -> LoadReport {
        progress("signing up \(connections) people")
        let users = try await target.signUp(connections) { _ in }
        let http = ChatHTTPClient(host: target.host, port: target.port)
        var pairs: [(LoadUser, LoadUser, ConversationID)] = []
        for index in stride(from: 0, to: users.count - 1, by: 2) {
            let direct = NewConversation(kind: .direct, members: [users[index + 1].id])
            let conversation = try await target.create(direct, by: users[index], http)
            pairs.append((users[index], users[index + 1], conversation))
        }
        progress("connecting")
        var senders: [(ChatClient, ConversationID)] = []
        for (left, right, conversation) in pairs {
            senders.append((try await target.connect(left), conversation))
            senders.append((try await target.connect(right), conversation))
        }
        progress("sending for \(seconds) seconds")
        let before = try await ServerFigures.read(target)
        let clock = ContinuousClock()
        let start = clock.now
        let latencies = try await send(senders, until: start + .seconds(seconds))
        let elapsed = start.duration(to: clock.now)
        let after = try await ServerFigures.read(target)
        progress("checking")
        try await check(pairs, count: latencies.count, target, http)
        for (client, _) in senders { await client.close() }
        await http.close()
        return LoadReport(
            title: "send: \(connections) connections, \(bodyBytes) bytes, as fast as answers come",
            count: latencies.count,
            elapsed: elapsed,
            latencies: latencies,
            figures: after - before
        )
    }

    private func send(
        _ senders: [(ChatClient, ConversationID)],
        until end: ContinuousClock.Instant
    ) async throws -> [Duration] {
        let body = String(repeating: "x", count: bodyBytes)
        return try await withThrowingTaskGroup(of: [Duration].self) { group in
            for (client, conversation) in senders {
                group.addTask {
                    let clock = ContinuousClock()
                    var latencies: [Duration] = []
                    while clock.now < end {
                        let begun = clock.now
                        _ = try await client.send(body, to: conversation)
                        latencies.append(begun.duration(to: clock.now))
                    }
                    return latencies
                }
            }
            var all: [Duration] = []
            for try await part in group { all += part }
            return all
        }
    }

    /// Every acknowledged message is in its conversation, and nothing else is.
    private func check(
        _ pairs: [(LoadUser, LoadUser, ConversationID)],
        count: Int,
        _ target: LoadTarget,
        _ http: ChatHTTPClient
    ) async throws {
        var stored: Int64 = 0
        for (user, _, conversation) in pairs {
            let found = try await http.call(
                "GET",
                "/v1/conversations/\(conversation)",
                token: user.token,
                as: Conversation.self
            )
            stored += found.lastSeq
        }
        guard stored == Int64(count) else {
            throw LoadError("\(count) messages were acknowledged, but \(stored) are stored.")
        }
    }
}
