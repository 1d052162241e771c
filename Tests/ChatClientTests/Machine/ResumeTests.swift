// Greeting again: positions, epochs, the index and its pages, what was missed.

import ChatProtocol
import Testing

@testable import ChatClient

@Suite("Resume")
struct ResumeTests {
    @Test("An unknown conversation of the index is fetched, then its newest messages")
    func unknown() {
        var client = MachineHarness.online(reply: helloReply(index: [entry(head: 5)]))
        #expect(client.commands == [.conversations(ids: [room])])
        #expect(client.machine.conversations.isEmpty)
        #expect(!client.machine.isSettled)
        client.answer(client.machine.lastCommand, ConversationsAnswer(conversations: [row()]))
        #expect(client.commands == [.history(conversation: room, bound: .newest, limit: 50)])
        #expect(client.replica?.position == 5)
        client.answer(
            client.machine.lastCommand,
            HistoryPage(messages: [message(2, rev: 3), message(3, rev: 4)], more: true)
        )
        #expect(client.replica?.messages.map(\.seq) == [2, 3])
        #expect(client.replica?.loaded == [2...3])
        #expect(client.machine.isSettled)
    }

    @Test("With everything, a conversation is synced from the start")
    func everything() {
        var configuration = ClientConfiguration()
        configuration.bootstrap = .everything
        configuration.syncLimit = 2
        var client = MachineHarness.online(configuration, reply: helloReply(index: [entry(head: 3)]))
        client.answer(client.machine.lastCommand, ConversationsAnswer(conversations: [row(head: 3, lastSeq: 2)]))
        #expect(client.commands == [.sync(conversation: room, since: 0, limit: 2)])
        let first = ChangesPage(
            conversation: room,
            row: row(head: 3, lastSeq: 2),
            messages: [message(1, rev: 2)],
            upTo: 2,
            head: 3,
            more: true
        )
        client.answer(client.machine.lastCommand, first)
        #expect(client.commands == [.sync(conversation: room, since: 2, limit: 2)])
        client.answer(
            client.machine.lastCommand,
            ChangesPage(conversation: room, messages: [message(2, rev: 3)], upTo: 3, head: 3)
        )
        #expect(client.replica?.messages.map(\.seq) == [1, 2])
        #expect(client.replica?.position == 3)
        #expect(client.machine.isSettled)
    }

    @Test("Who left before the first page of a sync from the start is not kept")
    func leftBeforeFirstPage() {
        var configuration = ClientConfiguration()
        configuration.bootstrap = .everything
        var client = MachineHarness.online(configuration, reply: helloReply(index: [entry(head: 3)]))
        let first = row(head: 3, lastSeq: 0, members: [member(alice, rev: 1), member(bob, rev: 2)])
        client.answer(client.machine.lastCommand, ConversationsAnswer(conversations: [first]))
        #expect(client.replica?.member(bob) != nil)
        client.answer(
            client.machine.lastCommand,
            ChangesPage(conversation: room, members: [member(alice, rev: 1)], upTo: 4, head: 4)
        )
        #expect(client.replica?.members.map(\.user) == [alice])
        #expect(client.replica?.memberCount == 1)
    }

    @Test("Without rows, a conversation is followed from the head in the index")
    func positionsOnly() {
        var configuration = ClientConfiguration()
        configuration.keepsRows = false
        var client = MachineHarness.online(configuration, reply: helloReply(index: [entry(head: 5)]))
        #expect(client.commands.isEmpty)
        #expect(client.machine.position(of: room) == 5)
        #expect(client.machine.isSettled)
        client.event(messageEvent(4, after: 5, rev: 6))
        #expect(client.delivered == [.messages(room, [message(4, rev: 6)])])
        #expect(client.machine.position(of: room) == 6)
        client.event(messageEvent(6, after: 7, rev: 8))
        #expect(client.commands == [.sync(conversation: room, since: 6, limit: nil)])
        client.answer(
            client.machine.lastCommand,
            ChangesPage(conversation: room, messages: [message(5, rev: 7)], upTo: 8, head: 8)
        )
        #expect(client.machine.position(of: room) == 8)
        #expect(client.machine.isSettled)
        client.event(messageEvent(9, after: 3, rev: 4, in: otherRoom))
        #expect(client.machine.position(of: otherRoom) == 4)
    }

    @Test("Hello resumes with epoch, own position and positions: on the screen first, then those heard of last")
    func order() {
        let ids = (1...300).map { conversationID(UInt64($0)) }
        var configuration = ClientConfiguration()
        configuration.keepsRows = false
        var client = MachineHarness.online(
            configuration,
            reply: helloReply(own: 9, index: ids.map { entry($0, head: 5) })
        )
        client.command(.open(conversation: ids[40]))
        client.command(.open(conversation: ids[250]))
        client.event(messageEvent(4, after: 5, rev: 6, in: ids[299]))
        client.event(messageEvent(4, after: 5, rev: 6, in: ids[100]))
        client.close(1006)
        client.take(.connect(token: nil))
        client.take(.opened(2))
        guard case .hello(let hello) = client.commands.first else {
            Issue.record("no hello")
            return
        }
        #expect(hello.epoch == "e1")
        #expect(hello.own == 9)
        #expect(hello.resume.count == 200)
        #expect(hello.resume.prefix(5).map(\.conversation) == [ids[250], ids[40], ids[100], ids[299], ids[0]])
        #expect(hello.resume[2].rev == 6)
    }

    @Test("The changes of hello are applied; those with more are paged on")
    func changes() {
        var client = MachineHarness.following()
        reconnect(
            &client,
            helloReply(
                index: [entry(head: 9, lastSeq: 5)],
                changes: [ChangesPage(conversation: room, messages: [message(4, rev: 6)], upTo: 6, head: 9, more: true)]
            )
        )
        #expect(client.replica?.position == 6)
        #expect(client.replica?.messages.last?.seq == 4)
        #expect(client.commands.contains(.sync(conversation: room, since: 6, limit: nil)))
        client.event(messageEvent(6, after: 9, rev: 10))
        #expect(client.replica?.position == 6)
        client.answer(
            client.syncInFlight ?? 0,
            ChangesPage(conversation: room, messages: [message(5, rev: 9)], upTo: 9, head: 9)
        )
        #expect(client.replica?.position == 10)
        #expect(client.replica?.messages.map(\.seq) == [1, 2, 3, 4, 5, 6])
    }

    @Test("What hello does not answer is synced by comparing heads; an equal head is not")
    func compare() {
        var client = MachineHarness.following(head: 5)
        reconnect(&client, helloReply(index: [entry(head: 5)]))
        #expect(client.syncInFlight == nil)
        #expect(client.machine.isSettled)
        reconnect(&client, helloReply(index: [entry(head: 6)]))
        #expect(client.commands.contains(.sync(conversation: room, since: 5, limit: nil)))
    }

    @Test("A conversation that is gone, or not in the index, is dropped", arguments: [true, false])
    func gone(isTold: Bool) {
        var client = MachineHarness.following()
        reconnect(&client, helloReply(gone: isTold ? [room] : []))
        #expect(client.delivered.contains(.left(room, nil)))
        #expect(client.replica == nil)
        #expect(client.machine.position(of: room) == nil)
    }

    @Test("Another epoch drops everything but the outbox")
    func epoch() {
        var client = MachineHarness.following()
        client.send("kept")
        reconnect(&client, helloReply(epoch: "e2", index: [entry(head: 50)]))
        #expect(client.delivered.contains(.reset))
        #expect(client.machine.epoch == "e2")
        #expect(client.replica == nil)
        #expect(client.commands.contains(.conversations(ids: [room])))
        #expect(client.sendInFlight != nil)
    }

    @Test("A position above the head is another epoch", arguments: ["index", "changes", "own"])
    func aboveHead(where place: String) {
        var client = MachineHarness.following()
        client.event(.own(after: 0, rev: 3, rows: []))
        let reply =
            switch place {
            case "index": helloReply(own: 3, index: [entry(head: 4)])
            case "own": helloReply(own: 2, index: [entry(head: 5)])
            default:
                helloReply(
                    own: 3,
                    index: [entry(head: 5)],
                    changes: [ChangesPage(conversation: room, upTo: 0, head: 5, reset: true)]
                )
            }
        reconnect(&client, reply)
        #expect(client.delivered.contains(.reset))
        #expect(client.replica == nil)
        #expect(client.machine.connection == .online)
        #expect(client.commands.contains(.conversations(ids: [room])))
    }

    @Test("A sync that is answered with reset starts afresh with a hello that resumes nothing")
    func reset() {
        var client = MachineHarness.following()
        client.send("kept")
        client.event(.behind(conversation: room, head: 9))
        client.answer(client.syncInFlight ?? 0, ChangesPage(conversation: room, upTo: 0, head: 3, reset: true))
        #expect(client.delivered.contains(.reset))
        #expect(client.closedWith == .goingAway)
        client.wait(1_000)
        client.take(.opened(2))
        #expect(client.commands == [.hello(Hello(token: "token"))])
        #expect(client.machine.outboxCount == 1)
    }

    @Test("The index is paged; only after its last page is the rest dropped")
    func paging() {
        var client = MachineHarness.following()
        let third = conversationID(12)
        reconnect(&client, helloReply(index: [entry(room, head: 5)], more: true))
        #expect(client.commands.contains(.index(after: room)))
        #expect(!client.machine.isSettled)
        client.answer(
            client.inFlight { if case .index = $0 { true } else { false } } ?? 0,
            IndexPage(index: [entry(otherRoom, head: 2)], more: true)
        )
        #expect(client.commands.contains(.index(after: otherRoom)))
        client.answer(
            client.inFlight { $0 == .index(after: otherRoom) } ?? 0,
            IndexPage(index: [entry(third, head: 2)])
        )
        client.answerAll(rows: [row(otherRoom, head: 2, lastSeq: 0), row(third, head: 2, lastSeq: 0)])
        #expect(client.machine.conversations == [room, otherRoom, third])
        #expect(client.machine.isSettled)
    }

    @Test("A conversation left while the index is paged does not come back by an older page")
    func leftWhilePaging() {
        var client = MachineHarness.online(reply: helloReply(index: [], more: true))
        // A server sends no empty page with more; without a last id there is nothing to ask for.
        #expect(client.machine.isSettled)
        client = MachineHarness.online(reply: helloReply(index: [entry(room, head: 5)], more: true))
        let index = client.inFlight { $0 == .index(after: room) } ?? 0
        client.event(.left(conversation: otherRoom, rev: 3, reason: .left))
        client.answer(index, IndexPage(index: [entry(otherRoom, head: 2)]))
        client.answerAll(rows: [row(head: 5, lastSeq: 0)])
        #expect(client.machine.conversations == [room])
    }

    @Test("A conversation far behind begins anew at its head")
    func lag() {
        var configuration = ClientConfiguration()
        configuration.maximumLag = 100
        var client = MachineHarness.following(configuration: configuration)
        reconnect(&client, helloReply(index: [entry(head: 105)]))
        #expect(client.syncInFlight != nil)
        reconnect(&client, helloReply(index: [entry(head: 106)]))
        #expect(client.syncInFlight == nil)
        #expect(client.delivered.contains(.dropped(room, 1...3)))
        #expect(client.commands.contains(.conversations(ids: [room])))
        client.answerAll(rows: [row(head: 106, lastSeq: 60)], history: [message(60, rev: 106)])
        #expect(client.replica?.position == 106)
        #expect(client.replica?.loaded == [60...60])
    }

    @Test("At most so many syncs and commands are in flight")
    func bounds() {
        let ids = (1...100).map { conversationID(UInt64($0)) }
        var configuration = ClientConfiguration()
        configuration.keepsRows = false
        var client = MachineHarness.online(configuration, reply: helloReply(index: ids.map { entry($0, head: 5) }))
        reconnect(&client, helloReply(index: ids.map { entry($0, head: 6) }))
        #expect(client.machine.inFlight.count == 4)
        for _ in 0..<50 { client.command(.ping) }
        #expect(client.machine.inFlight.count == 16)
        for number in 0..<50 { client.send("\(number)", to: ids[number]) }
        #expect(client.machine.inFlight.count == 16)
    }

    @Test("The conversation on the screen is brought up to date first")
    func screen() {
        let ids = (1...100).map { conversationID(UInt64($0)) }
        var configuration = ClientConfiguration()
        configuration.keepsRows = false
        configuration.jobsInFlight = 1
        var client = MachineHarness.online(configuration, reply: helloReply(index: ids.map { entry($0, head: 5) }))
        reconnect(&client, helloReply(index: ids.map { entry($0, head: 6) }))
        client.command(.open(conversation: ids[70]))
        let first = client.syncInFlight ?? 0
        client.answer(first, ChangesPage(conversation: ids[0], upTo: 6, head: 6))
        #expect(client.commands == [.sync(conversation: ids[70], since: 5, limit: nil)])
    }

    @Test("The client's own housekeeping stays below the server's rate of commands")
    func pacing() {
        let ids = (1...400).map { conversationID(UInt64($0)) }
        var configuration = ClientConfiguration()
        configuration.keepsRows = false
        let limits: [String: Int64] = ["commandsPerSecond": 20, "commandBurst": 60]
        var client = MachineHarness.online(configuration, reply: helloReply(index: ids.map { entry($0, head: 5) }))
        reconnect(&client, helloReply(index: ids.map { entry($0, head: 6) }, limits: limits))
        var times: [Int64] = []
        while times.count < 400 {
            while let sync = client.syncInFlight, case .sync(let id, _, _) = client.machine.inFlight[sync]?.command {
                times.append(client.now)
                client.answer(sync, ChangesPage(conversation: id, upTo: 6, head: 6))
            }
            guard times.count < 400 else { break }
            client.wait(10)
        }
        #expect(client.machine.isSettled)
        #expect(times[29] == times[0])
        for index in 60..<400 { #expect(times[index] - times[index - 11] >= 1_000) }
    }

    @Test("A snapshot is taken over into the next life: rows, positions, outbox")
    func snapshot() {
        var client = MachineHarness.following()
        client.send("pending", nonce: "p1")
        var next = MachineHarness(snapshot: client.machine.snapshot)
        next.take(.connect(token: "t"))
        next.take(.opened(1))
        #expect(
            next.commands == [
                .hello(Hello(token: "t", epoch: "e1", own: 0, resume: [Hello.Position(conversation: room, rev: 5)]))
            ]
        )
        next.answer(1, helloReply(index: [entry(head: 5)]))
        #expect(next.replica == client.replica)
        #expect(next.machine.snapshot == client.machine.snapshot)
        #expect(next.commands == [.send(Send(conversation: room, nonce: "p1", body: "pending"))])
    }

    @Test("A hello that cannot be read ends the connection")
    func unreadable() {
        var client = MachineHarness()
        client.take(.connect(token: "t"))
        client.take(.opened(1))
        client.answer(1, EmptyAnswer())
        #expect(client.closedWith == .protocolError)
    }

    @Test("A hello refused for a while is tried again")
    func refusedForAWhile() {
        var client = MachineHarness()
        client.take(.connect(token: "t"))
        client.take(.opened(1))
        client.refuse(1, .unavailable)
        guard case .waiting = client.machine.connection else {
            Issue.record("\(client.machine.connection)")
            return
        }
    }
}

/// Cuts the connection and greets on the next one.
func reconnect(_ client: inout MachineHarness, _ reply: HelloReply) {
    client.close(1006)
    client.take(.connect(token: nil))
    client.greet(reply)
}
