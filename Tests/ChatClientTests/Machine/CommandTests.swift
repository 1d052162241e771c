// Commands of the app and what their answers do to the copy.

import ChatProtocol
import Testing

@testable import ChatClient

@Suite("Commands")
struct CommandTests {
    @Test("A command waits for the connection, and is answered once")
    func waits() {
        var client = MachineHarness()
        client.take(.connect(token: "t"))
        let ticket = client.command(.ping)
        #expect(client.actions.isEmpty)
        client.greet(helloReply())
        #expect(client.commands == [.ping])
        let id = client.machine.lastCommand
        client.answer(id, PingAnswer(now: 5))
        #expect(client.result(of: ticket) == .success(json(PingAnswer(now: 5))))
        client.answer(id, PingAnswer(now: 5))
        #expect(client.actions.isEmpty)
    }

    @Test("A refusal is reported as it is")
    func refused() {
        var client = MachineHarness.following()
        let ticket = client.command(.edit(conversation: room, seq: 1, body: "x", ifRev: nil))
        client.refuse(client.machine.lastCommand, .rateLimited, retryAfterMs: 5)
        let error = ErrorBody(code: .rateLimited, message: "", retryAfterMs: 5)
        #expect(client.result(of: ticket) == .failure(.refused(error)))
    }

    static let repeatable: [Command] = [
        .history(conversation: room, bound: .newest, limit: nil), .conversations(ids: [room]),
        .sync(conversation: room, since: 0, limit: nil), .syncOwn(since: 0, limit: nil), .index(after: room),
        .read(conversation: room, mark: .upTo(3)), .create(NewConversation(kind: .group)), .open(conversation: nil),
        .presence(watch: [], set: nil), .state(active: true), .ping,
    ]
    static let others: [Command] = [
        .edit(conversation: room, seq: 1, body: "x", ifRev: nil), .delete(conversation: room, seq: 1),
        .react(conversation: room, seq: 1, emoji: "+"), .unreact(conversation: room, seq: 1, emoji: "+"),
        .pin(conversation: room, seq: 1), .unpin(conversation: room, seq: 1),
        .read(conversation: room, mark: .unreadFrom(2)), .typing(conversation: room), .join(conversation: room),
        .leave(conversation: room), .member(conversation: room, user: bob, role: nil),
        .remove(conversation: room, user: bob),
    ]

    @Test("With the connection lost, what can be repeated is asked again", arguments: repeatable)
    func repeated(command: Command) {
        var client = MachineHarness.following()
        let ticket = client.command(command)
        let asked = client.sent.last?.command
        reconnect(&client, helloReply(index: [entry(head: 5)]))
        #expect(client.result(of: ticket) == nil)
        #expect(client.sent.last?.command == asked)
        if case .create(let new) = asked { #expect(new.nonce?.utf8.count == 26) }
    }

    @Test("With the connection lost, the outcome of other commands is unknown", arguments: others)
    func lost(command: Command) {
        var client = MachineHarness.following()
        let ticket = client.command(command)
        client.close(1006)
        #expect(client.result(of: ticket) == .failure(.lost))
    }

    @Test("Typing is never late")
    func typing() {
        var client = MachineHarness.online()
        client.close(1006)
        let ticket = client.command(.typing(conversation: room))
        #expect(client.result(of: ticket) == .failure(.notConnected))
    }

    @Test("The app cannot say hello")
    func hello() {
        var client = MachineHarness.online()
        let ticket = client.command(.hello(Hello(token: "x")))
        #expect(client.commands.isEmpty)
        guard case .failure(.refused) = client.result(of: ticket) else {
            Issue.record("not refused")
            return
        }
    }

    @Test("Waiting commands have a bound")
    func bound() {
        var configuration = ClientConfiguration()
        configuration.commandCapacity = 2
        var client = MachineHarness(configuration)
        client.take(.connect(token: "t"))
        client.command(.ping)
        client.command(.ping)
        let third = client.command(.ping)
        #expect(client.result(of: third) == .failure(.tooMany))
    }

    @Test("An answer that cannot be read fails its command alone")
    func malformed() {
        var client = MachineHarness.following()
        let ticket = client.command(.history(conversation: room, bound: .newest, limit: nil))
        client.answer(client.machine.lastCommand, EmptyAnswer())
        #expect(client.result(of: ticket) == .failure(.malformed))
        #expect(client.machine.connection == .online)
    }

    @Test(
        "A changed message in an answer is a row, and does not move the position",
        arguments: [
            Command.edit(conversation: room, seq: 2, body: "x", ifRev: nil), .delete(conversation: room, seq: 2),
            .react(conversation: room, seq: 2, emoji: "+"), .unreact(conversation: room, seq: 2, emoji: "+"),
            .pin(conversation: room, seq: 2), .unpin(conversation: room, seq: 2),
        ]
    )
    func changed(command: Command) {
        var client = MachineHarness.following()
        client.command(command)
        let new = message(2, rev: 6, body: "new", mine: ["+"])
        client.answer(client.machine.lastCommand, MessageAnswer(message: new))
        #expect(client.replica?.message(2) == new)
        #expect(client.replica?.position == 5)
        client.event(.message(conversation: room, after: 5, rev: 6, message: message(2, rev: 6, body: "new")))
        #expect(client.replica?.position == 6)
        #expect(client.replica?.message(2)?.mine == ["+"])
    }

    @Test("History becomes a loaded range; rows outside are dropped")
    func history() {
        var client = MachineHarness.following(head: 100, lastSeq: 90, configuration: newest(2))
        client.answerAll(rows: [])
        #expect(client.replica?.loaded == [89...90])
        client.event(messageEvent(50, after: 100, rev: 101))
        #expect(client.replica?.message(50) == nil)
        #expect(client.replica?.position == 101)
        let ticket = client.command(.history(conversation: room, bound: .before(60), limit: 3))
        client.answer(
            client.machine.lastCommand,
            HistoryPage(messages: (57...59).map { message($0, rev: $0) }, more: true)
        )
        #expect(client.result(of: ticket) != nil)
        #expect(client.replica?.loaded == [57...59, 89...90])
        client.event(messageEvent(58, after: 101, rev: 102))
        #expect(client.replica?.message(58)?.rev == 102)
    }

    @Test("A row heard while history is read is newer than what history brings")
    func historyRace() {
        var client = MachineHarness.following(head: 100, lastSeq: 90, configuration: newest(2))
        client.answerAll(rows: [])
        client.command(.history(conversation: room, bound: .before(60), limit: 3))
        client.event(messageEvent(58, after: 100, rev: 101))
        client.answer(
            client.machine.lastCommand,
            HistoryPage(messages: (57...59).map { message($0, rev: $0) }, more: true)
        )
        #expect(client.replica?.message(58)?.rev == 101)
    }

    @Test("The reader's reactions heard while history is read are newer than what it brings")
    func mineRace() {
        var client = MachineHarness.following()
        client.command(.history(conversation: room, bound: .newest, limit: nil))
        let reaction = OwnRow.ReactionRow(rev: 1, conversation: room, seq: 2, mine: ["+"])
        client.event(.own(after: 0, rev: 1, rows: [.reaction(reaction)]))
        #expect(client.replica?.message(2)?.mine == ["+"])
        client.answer(
            client.machine.lastCommand,
            HistoryPage(messages: (1...3).map { message($0, rev: $0 + 1, mine: []) }, more: false)
        )
        #expect(client.replica?.message(2)?.mine == ["+"])
        #expect(client.replica?.message(3)?.mine == [])
    }

    @Test("A read that the server has done moves the marker; an older answer does not undo what the own log says")
    func read() {
        var client = MachineHarness.following()
        client.command(.read(conversation: room, mark: .upTo(2)))
        client.answer(client.machine.lastCommand, ReadState(readSeq: 2, unread: 1))
        #expect(client.replica?.own?.readSeq == 2)
        #expect(client.replica?.unread == 1)

        client.command(.read(conversation: room, mark: .upTo(3)))
        var state = ownState(readSeq: 3, unreadFrom: 1)
        state.isMuted = true
        let row = OwnRow.Membership(rev: 1, conversation: room, state: state)
        client.event(.own(after: 0, rev: 1, rows: [.membership(row)]))
        client.answer(client.machine.lastCommand, ReadState(readSeq: 3, unread: 0))
        #expect(client.replica?.own?.unreadFrom == 1)
    }

    @Test(
        "create and join bring the conversation before its joined event",
        arguments: [
            Command.create(NewConversation(kind: .group, nonce: "n")), .join(conversation: room),
        ]
    )
    func create(command: Command) {
        var client = MachineHarness.online()
        client.command(command)
        client.answer(client.machine.lastCommand, ConversationAnswer(conversation: row(head: 2, lastSeq: 0)))
        #expect(client.replica?.position == 2)
        client.event(.joined(conversation: room, row: row(head: 2, lastSeq: 0)))
        #expect(client.delivered.contains(.joined(room)))
        client.event(messageEvent(1, after: 2, rev: 3))
        #expect(client.replica?.position == 3)
        #expect(client.commands.isEmpty)
    }

    @Test(
        "An older answer does not bring back who has left",
        arguments: [
            Command.join(conversation: room), .create(NewConversation(kind: .direct)),
        ]
    )
    func formerMember(command: Command) {
        var client = MachineHarness.following()
        client.command(command)
        client.event(.member(conversation: room, after: 5, rev: 6, member: member(bob, rev: 6, leftAt: 9)))
        let old = row(head: 5, members: [member(alice, rev: 1), member(bob, rev: 2)])
        client.answer(client.machine.lastCommand, ConversationAnswer(conversation: old))
        #expect(client.replica?.members.map(\.user) == [alice])
        client.command(.conversations(ids: [room]))
        client.answer(client.machine.lastCommand, ConversationsAnswer(conversations: [old]))
        #expect(client.replica?.members.map(\.user) == [alice])
    }

    @Test("create answered after its joined event changes nothing")
    func createdLate() {
        var client = MachineHarness.online()
        client.command(.create(NewConversation(kind: .group)))
        let id = client.machine.lastCommand
        client.event(.joined(conversation: room, row: row(head: 2, lastSeq: 0)))
        client.event(messageEvent(1, after: 2, rev: 3))
        let before = client.replica
        client.answer(id, ConversationAnswer(conversation: row(head: 2, lastSeq: 0)))
        #expect(client.replica == before)
        client.command(.join(conversation: otherRoom))
        let join = client.machine.lastCommand
        client.event(.joined(conversation: otherRoom, row: row(otherRoom, head: 2, lastSeq: 0)))
        client.event(.left(conversation: otherRoom, rev: 3, reason: .left))
        client.answer(join, ConversationAnswer(conversation: row(otherRoom, head: 2, lastSeq: 0)))
        #expect(client.machine.conversations == [room])
    }

    @Test(
        "A sync that the app asks for covers an interval like an event",
        arguments: [
            (since: 0, upTo: 9, position: 9, syncs: false), (since: 5, upTo: 9, position: 9, syncs: false),
            (since: 2, upTo: 4, position: 5, syncs: false), (since: 7, upTo: 9, position: 5, syncs: true),
        ]
    )
    func sync(_ row: (since: Int64, upTo: Int64, position: Int64, syncs: Bool)) {
        var client = MachineHarness.following()
        client.command(.sync(conversation: room, since: row.since, limit: nil))
        client.answer(
            client.machine.lastCommand,
            ChangesPage(conversation: room, messages: [message(4, rev: 9)], upTo: row.upTo, head: row.upTo)
        )
        #expect(client.replica?.position == row.position)
        #expect((client.syncInFlight != nil) == row.syncs)
        #expect(client.replica?.message(4)?.rev == 9)
    }

    @Test("Whole conversations bring news of what is known")
    func conversations() {
        var client = MachineHarness.following()
        client.command(.conversations(ids: [room]))
        var new = row(rev: 6, head: 6, name: "Renamed", own: ownState(readSeq: 2, unread: 1))
        new.members = [member(alice, rev: 1), member(bob, rev: 6)]
        client.answer(client.machine.lastCommand, ConversationsAnswer(conversations: [new]))
        #expect(client.replica?.row.name == "Renamed")
        #expect(client.replica?.own?.readSeq == 2)
        #expect(client.replica?.member(bob)?.rev == 6)
        #expect(client.replica?.position == 5)
    }

    func newest(_ count: Int64) -> ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.bootstrap = .newest(count)
        return configuration
    }
}
