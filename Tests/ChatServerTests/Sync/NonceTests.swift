// A nonce names one message, however often and by whichever way it is sent.
import ChatClient
import ChatFixtures
import ChatProtocol
import Testing

@Suite("Nonces")
struct NonceTests {
    @Test("sent 300 times at once over HTTP and several connections, there is one message and one answer")
    func storm() async throws {
        try await TestServer.with { server in
            let (anna, bert) = (try await server.signUp(), try await server.signUp())
            let (first, _) = try await Wire.open(server, anna)
            let group = try ConversationAnswer(
                json: try await first.ask(.create(NewConversation(kind: .group, members: [bert.id])))
            ).conversation.id
            let send = Send(conversation: group, nonce: "the nonce", body: "the body")
            let answers = try await withThrowingTaskGroup(of: [SendReply].self) { tasks in
                for _ in 0..<10 {
                    tasks.addTask {
                        let (wire, _) = try await Wire.open(server, anna)
                        let ids = try await wire.say(all: Array(repeating: .send(send), count: 15))
                        let answers = try await wire.answers(to: ids).map { try SendReply(json: try $0.get()) }
                        await wire.close()
                        return answers
                    }
                    tasks.addTask { try await Self.overHTTP(server, anna, group, times: 15) }
                }
                return try await tasks.reduce(into: []) { $0 += $1 }
            }
            #expect(answers.count == 300)
            #expect(Set(answers.map(\.seq)) == [1])
            #expect(Set(answers.map(\.rev)).count == 1)
            #expect(Set(answers.map(\.sentAt)).count == 1)
            let client = try await server.connect(bert)
            #expect(try await client.history(of: group).messages.map(\.body) == ["the body"])
        }
    }

    /// All of one client's requests go over one connection, one after another.
    private static func overHTTP(
        _ server: TestServer,
        _ person: TestServer.Person,
        _ conversation: ConversationID,
        times: Int
    ) async throws -> [SendReply] {
        let http = server.http()
        var answers: [SendReply] = []
        for _ in 0..<times {
            let answer = try await http.request(
                "POST",
                "/v1/conversations/\(conversation)/messages",
                json: SendRequest(nonce: "the nonce", body: "the body"),
                token: person.token
            )
            #expect(answer.status == 200 || answer.status == 201)
            let message = try answer.decode(Message.self)
            answers.append(SendReply(seq: message.seq, rev: message.rev, sentAt: message.sentAt))
        }
        await http.close()
        return answers
    }

    @Test("with other content it is a conflict, and after a change the answer is the message as it is")
    func again() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            let (wire, _) = try await Wire.open(server, anna)
            let group = try ConversationAnswer(
                json: try await wire.ask(.create(NewConversation(kind: .group)))
            ).conversation.id
            let send = Send(conversation: group, nonce: "n", body: "first")
            let first = try SendReply(json: try await wire.ask(.send(send)))
            let others = [
                Send(conversation: group, nonce: "n", body: "second"),
                Send(conversation: group, nonce: "n", body: "first", replyTo: 1),
                Send(conversation: group, nonce: "n", body: "first", thread: 1),
            ]
            for other in others { #expect(try await wire.refusal(of: .send(other))?.code == .conflict) }

            let edited = try MessageAnswer(
                json: try await wire.ask(.edit(conversation: group, seq: 1, body: "second", ifRev: nil))
            ).message
            let second = try SendReply(json: try await wire.ask(.send(send)))
            #expect(second == SendReply(seq: 1, rev: edited.rev, sentAt: first.sentAt))
            // What counts is what was first sent, not what it says now.
            #expect(try await wire.refusal(of: .send(others[0]))?.code == .conflict)
            let overHTTP = try await server.http().request(
                "POST",
                "/v1/conversations/\(group)/messages",
                json: SendRequest(nonce: "n", body: "first"),
                token: anna.token
            )
            #expect(overHTTP.status == 200)
            #expect(try overHTTP.decode(Message.self).body == "second")

            let buried = try MessageAnswer(json: try await wire.ask(.delete(conversation: group, seq: 1))).message
            let third = try SendReply(json: try await wire.ask(.send(send)))
            #expect(third == SendReply(seq: 1, rev: buried.rev, sentAt: first.sentAt))
            #expect(try await wire.refusal(of: .send(others[0]))?.code == .conflict)
        }
    }

    @Test("is its sender's own, and its conversation's")
    func scope() async throws {
        try await TestServer.with { server in
            let (anna, bert) = (try await server.signUp(), try await server.signUp())
            let (annas, berts) = (try await server.connect(anna), try await server.connect(bert))
            let group = try await annas.create(NewConversation(kind: .group, members: [bert.id])).id
            let other = try await annas.create(NewConversation(kind: .group, members: [bert.id])).id
            #expect(try await annas.send("hers", to: group, nonce: "n").seq == 1)
            #expect(try await berts.send("his", to: group, nonce: "n").seq == 2)
            #expect(try await annas.send("elsewhere", to: other, nonce: "n").seq == 1)
        }
    }
}
