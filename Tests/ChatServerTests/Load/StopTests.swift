// Stopping in order, under load: what was acknowledged is there afterwards, once, and the numbers are dense.
import ChatClient
import ChatFixtures
import ChatProtocol
import Synchronization
import Testing

/// What was acknowledged: the `seq` of each nonce.
private final class Answers: Sendable {
    private let state = Mutex<[ConversationID: [String: Int64]]>([:])

    func note(_ seq: Int64, of nonce: String, in conversation: ConversationID) {
        state.withLock { $0[conversation, default: [:]][nonce] = seq }
    }

    var count: Int { state.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    func seqs(in conversation: ConversationID) -> [String: Int64] { state.withLock { $0[conversation] ?? [:] } }
}

@Suite("Stopping")
struct StopTests {
    @Test("while 20 clients send: acknowledged means stored, once")
    func underLoad() async throws {
        try await TestServer.with { server in
            let people = [try await server.signUp(), try await server.signUp()]
            let owner = try await server.connect(people[0])
            var groups: [ConversationID] = []
            for _ in 0..<3 {
                groups.append(try await owner.create(NewConversation(kind: .group, members: [people[1].id])).id)
            }
            let conversations = groups
            let acknowledged = Answers()
            let isOver = Signal()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<20 {
                    let client = try await server.connect(people[number % 2])
                    tasks.addTask {
                        var sent = 0
                        while !isOver.isRaised {
                            let conversation = conversations[sent % conversations.count]
                            let nonce = "\(number) \(sent)"
                            // The outbox sends it again after the restart if no answer came.
                            let reply = try await client.send("text", to: conversation, nonce: nonce)
                            acknowledged.note(reply.seq, of: nonce, in: conversation)
                            sent += 1
                        }
                    }
                }
                tasks.addTask {
                    defer { isOver.raise() }
                    for _ in 0..<3 {
                        let before = acknowledged.count
                        try await owner.waitUntil { machine in
                            conversations.reduce(0) { $0 + Int(machine.replica(of: $1)?.lastSeq ?? 0) } > before + 200
                        }
                        try await server.restart()
                        try await owner.waitUntil { $0.isSettled }
                    }
                }
                try await tasks.waitForAll()
            }
            let truth = try await Truth.ask(server.http(), people[1])
            for conversation in conversations {
                let messages = try #require(truth.conversations[conversation]?.messages)
                let known = acknowledged.seqs(in: conversation)
                #expect(messages.map(\.seq) == Array(0..<messages.count).map { Int64($0) + 1 })
                #expect(Set(messages.map(\.nonce)).count == messages.count)
                #expect(Dictionary(uniqueKeysWithValues: messages.map { ($0.nonce, $0.seq) }) == known)
                #expect(truth.paged[conversation]?.problems == [])
            }
        }
    }

    @Test("what was acknowledged by the last answer before the end is there")
    func lastAnswers() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            let (wire, _) = try await Wire.open(server, anna)
            let group = try ConversationAnswer(
                json: try await wire.ask(.create(NewConversation(kind: .group)))
            ).conversation.id
            var acknowledged: [String] = []
            var number = 0
            for _ in 0..<3 {
                let (wire, _) = try await Wire.open(server, anna)
                let first = number
                let sends = (0..<400).map { Command.send(Send(conversation: group, nonce: "\(first + $0)", body: "x")) }
                number += 400
                let ids = try await wire.say(all: sends)
                // Some of them are under way, some wait in the socket.
                _ = try await wire.answer(to: ids[50])
                async let stopped: Void = server.stop()
                #expect(try await wire.closeCode() == 4203)
                try await stopped
                for (offset, id) in ids.enumerated() {
                    if case .success? = try? await wire.answer(to: id) { acknowledged.append("\(first + offset)") }
                }
                try await server.start()
            }
            let messages = try #require(try await Truth.ask(server.http(), anna).conversations[group]?.messages)
            let stored = messages.map(\.nonce)
            #expect(Set(stored).count == stored.count)
            #expect(messages.map(\.seq) == Array(0..<messages.count).map { Int64($0) + 1 })
            #expect(Set(acknowledged).isSubset(of: stored))
            #expect(acknowledged.count >= 150)
        }
    }
}
