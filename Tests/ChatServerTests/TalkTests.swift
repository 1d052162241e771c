// Two people talk through the whole server: sign up, find each other, send, read, edit, come back.
import ChatClient
import ChatFixtures
import ChatProtocol
import Testing

@Suite("Talk")
struct TalkTests {
    @Test("two people exchange messages in order, and history has them")
    func exchange() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp("anna")
            let bert = try await server.signUp("bert")
            let annas = try await server.connect(anna)
            let berts = try await server.connect(bert)
            let conversation = try await annas.create(NewConversation(kind: .direct, members: [bert.id]))
            for number in 1...20 {
                let (client, name) = number.isMultiple(of: 2) ? (annas, "anna") : (berts, "bert")
                let reply = try await client.send("\(name) \(number)", to: conversation.id)
                #expect(reply.seq == Int64(number))
            }
            for client in [annas, berts] {
                let page = try await client.history(of: conversation.id)
                #expect(page.messages.map(\.seq) == Array(1...20))
                try await client.waitUntil { $0.replica(of: conversation.id)?.message(20) != nil }
            }
        }
    }
}
