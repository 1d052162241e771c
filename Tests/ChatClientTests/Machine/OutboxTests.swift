// Messages on their way: order, refusals, lost answers, matching with rows.

import ChatProtocol
import Testing

@testable import ChatClient

@Suite("Outbox")
struct OutboxTests {
    func sends(_ client: MachineHarness) -> [String] {
        client.sent.compactMap { if case .send(let send) = $0.command { send.body } else { nil } }
    }

    @Test("A message is queued, sent, acknowledged, and matched by its row")
    func straight() {
        var client = MachineHarness.following()
        let ticket = client.send("hello", nonce: "x")
        let send = Send(conversation: room, nonce: "x", body: "hello")
        #expect(client.delivered == [.outbox(.queued(send))])
        #expect(client.commands == [.send(send)])
        #expect(client.machine.pending(in: room) == [PendingMessage(message: send, reply: nil)])
        let reply = SendReply(seq: 4, rev: 6, sentAt: 9)
        client.answer(client.sendInFlight ?? 0, reply)
        #expect(client.result(of: ticket) == .success(json(reply)))
        #expect(client.delivered == [.outbox(.acknowledged(send, reply))])
        #expect(client.machine.pending(in: room) == [PendingMessage(message: send, reply: reply)])
        #expect(client.machine.outboxCount == 0)
        let row = message(4, rev: 6, from: alice, nonce: "x", body: "hello")
        client.event(.message(conversation: room, after: 5, rev: 6, message: row))
        #expect(client.delivered.contains(.outbox(.matched(send, seq: 4))))
        #expect(client.machine.pending(in: room).isEmpty)
    }

    @Test("The row may come before the answer")
    func rowFirst() {
        var client = MachineHarness.following()
        let ticket = client.send("hello", nonce: "x")
        let row = message(4, rev: 6, from: alice, nonce: "x", body: "hello")
        client.event(.message(conversation: room, after: 5, rev: 6, message: row))
        #expect(client.delivered.contains { if case .outbox(.matched) = $0 { true } else { false } })
        #expect(client.result(of: ticket) == nil)
        client.answer(client.sendInFlight ?? 0, SendReply(seq: 4, rev: 6, sentAt: 9))
        #expect(client.result(of: ticket) != nil)
        #expect(client.machine.pending(in: room).isEmpty)
        #expect(!client.delivered.contains { if case .outbox(.matched) = $0 { true } else { false } })
    }

    @Test("Somebody else's row with the same nonce matches nothing")
    func otherSender() {
        var client = MachineHarness.following()
        client.send("hello", nonce: "x")
        let row = message(4, rev: 6, from: bob, nonce: "x", body: "hello")
        client.event(.message(conversation: room, after: 5, rev: 6, message: row))
        #expect(client.machine.pending(in: room).count == 1)
    }

    @Test("An acknowledged message whose row was passed over is not pending for ever")
    func passed() {
        var client = MachineHarness.following()
        client.send("hello", nonce: "x")
        client.answer(client.sendInFlight ?? 0, SendReply(seq: 4, rev: 6, sentAt: 9))
        client.event(.skip(conversation: room, after: 5, rev: 6))
        #expect(client.machine.pending(in: room).isEmpty)
        client.send("again", nonce: "y")
        client.answer(client.sendInFlight ?? 0, SendReply(seq: 4, rev: 6, sentAt: 9))
        #expect(client.machine.pending(in: room).isEmpty)
    }

    @Test("Messages of a conversation are sent one after the other, conversations at the same time")
    func order() {
        var client = MachineHarness.following()
        for body in ["a1", "a2", "a3"] { client.send(body) }
        for body in ["b1", "b2"] { client.send(body, to: otherRoom) }
        #expect(sends(client) == ["a1", "b1"])
        client.answer(client.sendInFlight ?? 0, SendReply(seq: 4, rev: 6, sentAt: 9))
        #expect(sends(client) == ["a1", "b1", "a2"])
    }

    @Test("With more sends in flight, a refused one is still sent before those that were not sent yet")
    func pipelined() {
        var configuration = ClientConfiguration()
        configuration.sendsInFlight = 2
        var client = MachineHarness.following(configuration: configuration)
        for body in ["1", "2", "3"] { client.send(body) }
        #expect(sends(client) == ["1", "2"])
        let ids = client.machine.inFlight.keys.sorted()
        client.refuse(ids[0], .unavailable, retryAfterMs: 100)
        client.answer(ids[1], SendReply(seq: 4, rev: 6, sentAt: 9))
        #expect(sends(client) == ["1", "2"])
        client.wait(100)
        #expect(sends(client) == ["1", "2", "1", "3"])
    }

    @Test(
        "Refused for a while: nothing of the conversation overtakes, the nonce stays",
        arguments: [
            (ErrorCode.rateLimited, 400 as Int64?, 400 as Int64), (.rateLimited, nil, 1_000), (.unavailable, 300, 300),
            (.unavailable, nil, 1_000), (.unknown, nil, 1_000), (.unknown, 50, 50), (.unauthenticated, nil, 1_000),
        ]
    )
    func temporary(code: ErrorCode, retryAfterMs: Int64?, within: Int64) {
        var client = MachineHarness.following()
        let ticket = client.send("1")
        client.send("2")
        client.refuse(client.sendInFlight ?? 0, code, retryAfterMs: retryAfterMs)
        #expect(client.result(of: ticket) == nil)
        #expect(client.commands.isEmpty)
        client.wait(min(within, 500) - 1)
        #expect(client.commands.isEmpty)
        client.now += within
        client.take(.wake)
        #expect(client.commands == [.send(Send(conversation: room, nonce: "1", body: "1"))])
        client.answer(client.sendInFlight ?? 0, SendReply(seq: 4, rev: 6, sentAt: 9))
        #expect(client.commands == [.send(Send(conversation: room, nonce: "2", body: "2"))])
    }

    @Test("rate_limited counts per user: everybody waits, then goes one by one until the server takes them again")
    func rateLimited() {
        var client = MachineHarness.following()
        let rooms = (20..<25).map { conversationID(UInt64($0)) }
        for room in rooms { client.send("m", to: room) }
        #expect(sends(client).count == 5)
        for id in client.machine.inFlight.keys.sorted() { client.refuse(id, .rateLimited, retryAfterMs: 200) }
        client.send("m", to: otherRoom)
        #expect(sends(client).count == 5)
        client.wait(200)
        #expect(sends(client).count == 6)
        client.answer(client.sendInFlight ?? 0, SendReply(seq: 1, rev: 1, sentAt: 1))
        #expect(sends(client).count == 8)
    }

    @Test(
        "Refused for good: reported, out of the queue, the next goes",
        arguments: [
            ErrorCode.invalid, .forbidden, .notFound, .conflict, .tooLarge, .gone, ErrorCode(rawValue: "novel"),
        ]
    )
    func definitive(code: ErrorCode) {
        var client = MachineHarness.following()
        let ticket = client.send("1")
        client.send("2")
        client.refuse(client.sendInFlight ?? 0, code)
        let error = ErrorBody(code: code, message: "")
        #expect(client.result(of: ticket) == .failure(.refused(error)))
        #expect(client.delivered == [.outbox(.refused(Send(conversation: room, nonce: "1", body: "1"), error))])
        #expect(client.commands == [.send(Send(conversation: room, nonce: "2", body: "2"))])
    }

    @Test("Refused after a try without an answer: it may have been stored", arguments: [true, false])
    func unresolved(isLost: Bool) {
        var client = MachineHarness.following()
        let ticket = client.send("1")
        if isLost {
            reconnect(&client, helloReply(index: [entry(head: 5)]))
        } else {
            client.refuse(client.sendInFlight ?? 0, .unknown, retryAfterMs: 1)
            client.wait(1)
        }
        client.refuse(client.sendInFlight ?? 0, .forbidden)
        let error = ErrorBody(code: .forbidden, message: "")
        #expect(client.result(of: ticket) == .failure(.unresolved(error)))
        #expect(client.delivered == [.outbox(.unresolved(Send(conversation: room, nonce: "1", body: "1"), error))])
        let second = client.send("2")
        client.refuse(client.sendInFlight ?? 0, .internal)
        #expect(client.result(of: second) == .failure(.unresolved(ErrorBody(code: .internal, message: ""))))
    }

    @Test("Refused though its row was seen: it was stored")
    func refusedButSeen() {
        var client = MachineHarness.following()
        let ticket = client.send("hello", nonce: "x")
        let row = message(4, rev: 6, from: alice, nonce: "x", body: "hello")
        client.event(.message(conversation: room, after: 5, rev: 6, message: row))
        client.refuse(client.sendInFlight ?? 0, .notFound)
        #expect(client.result(of: ticket) == .success(json(SendReply(seq: 4, rev: 6, sentAt: row.sentAt))))
    }

    @Test("A lost answer: sent again with the same nonce, before later ones")
    func lostAnswer() {
        var client = MachineHarness.following()
        client.send("1")
        client.send("2")
        reconnect(&client, helloReply(index: [entry(head: 5)]))
        #expect(sends(client) == ["1", "1"])
        client.answer(client.sendInFlight ?? 0, SendReply(seq: 4, rev: 6, sentAt: 9))
        #expect(sends(client) == ["1", "1", "2"])
    }

    @Test("A lost answer whose row has come is not asked for again", arguments: [true, false])
    func lostAnswerSeen(isSeenBefore: Bool) {
        var client = MachineHarness.following()
        let ticket = client.send("hello", nonce: "x")
        let row = message(4, rev: 6, from: alice, nonce: "x", body: "hello")
        if isSeenBefore { client.event(.message(conversation: room, after: 5, rev: 6, message: row)) }
        client.close(1006)
        if isSeenBefore { #expect(client.result(of: ticket) != nil) }
        client.take(.connect(token: nil))
        let changes = ChangesPage(conversation: room, messages: [row], upTo: 6, head: 6)
        client.greet(helloReply(index: [entry(head: 6)], changes: isSeenBefore ? [] : [changes]))
        if !isSeenBefore {
            #expect(client.result(of: ticket) == .success(json(SendReply(seq: 4, rev: 6, sentAt: row.sentAt))))
        }
        #expect(client.sendInFlight == nil)
        #expect(client.machine.outboxCount == 0)
    }

    @Test("A row with the nonce and another body decides nothing: the server is asked")
    func otherBody() {
        var client = MachineHarness.following()
        client.send("hello", nonce: "x")
        client.close(1006)
        client.take(.connect(token: nil))
        let row = message(4, rev: 6, from: alice, nonce: "x", body: "other")
        client.greet(
            helloReply(
                index: [entry(head: 6)],
                changes: [ChangesPage(conversation: room, messages: [row], upTo: 6, head: 6)]
            )
        )
        #expect(client.sendInFlight != nil)
    }

    @Test("Messages written offline wait for the connection")
    func offline() {
        var client = MachineHarness()
        client.send("1")
        #expect(client.commands.isEmpty)
        client.take(.connect(token: "t"))
        client.greet(helloReply())
        #expect(sends(client) == ["1"])
    }

    @Test("A nonce is made if there is none: different, of the alphabet, repeatable by seed")
    func nonces() {
        func nonces(seed: UInt64) -> [String] {
            var client = MachineHarness(seed: seed)
            for _ in 0..<100 { client.send("m", nonce: "") }
            return client.machine.snapshot.outbox.map(\.nonce)
        }
        #expect(Set(nonces(seed: 1) + nonces(seed: 2)).count == 200)
        #expect(nonces(seed: 1) == nonces(seed: 1))
        #expect(nonces(seed: 1).allSatisfy { $0.utf8.count == 26 })
    }

    @Test("What was never sent can be taken back; what was sent cannot")
    func withdraw() {
        var client = MachineHarness.following()
        let first = client.send("1")
        let second = client.send("2")
        client.take(.withdraw(conversation: room, nonce: "1"))
        #expect(client.result(of: first) == nil)
        client.take(.withdraw(conversation: room, nonce: "2"))
        #expect(client.result(of: second) == .failure(.withdrawn))
        #expect(client.delivered == [.outbox(.withdrawn(Send(conversation: room, nonce: "2", body: "2")))])
        reconnect(&client, helloReply(index: [entry(head: 5)]))
        client.take(.withdraw(conversation: room, nonce: "1"))
        #expect(client.machine.outboxCount == 1)
    }

    @Test("The outbox has a bound")
    func bound() {
        var configuration = ClientConfiguration()
        configuration.outboxCapacity = 2
        var client = MachineHarness(configuration)
        client.send("1")
        client.send("2")
        let third = client.send("3")
        #expect(client.result(of: third) == .failure(.tooMany))
    }

    @Test("An answer that cannot be read is asked for again")
    func unreadable() {
        var client = MachineHarness.following()
        client.send("1")
        client.answer(client.sendInFlight ?? 0, EmptyAnswer())
        #expect(client.machine.outboxCount == 1)
        client.wait(1_000)
        #expect(sends(client) == ["1", "1"])
    }

    @Test("Without rows, an acknowledgement is the end")
    func withoutRows() {
        var configuration = ClientConfiguration()
        configuration.keepsRows = false
        var client = MachineHarness.online(configuration, reply: helloReply(index: [entry(head: 5)]))
        client.send("1")
        client.answer(client.sendInFlight ?? 0, SendReply(seq: 4, rev: 6, sentAt: 9))
        #expect(client.machine.pending(in: room).isEmpty)
    }
}
