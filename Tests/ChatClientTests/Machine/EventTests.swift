// Events against positions: protocol.md, section 3, rule by rule.

import ChatProtocol
import Testing

@testable import ChatClient

@Suite("Events")
struct EventTests {
    /// The position is 5, three messages are held.
    @Test(
        "An interval is applied, ignored or a gap",
        arguments: [
            (after: 5, rev: 6, position: 6, isApplied: true, syncs: false),
            (after: 4, rev: 6, position: 6, isApplied: true, syncs: false),
            (after: 0, rev: 9, position: 9, isApplied: true, syncs: false),
            (after: 5, rev: 9, position: 9, isApplied: true, syncs: false),
            (after: 4, rev: 5, position: 5, isApplied: false, syncs: false),
            (after: 3, rev: 4, position: 5, isApplied: false, syncs: false),
            (after: 6, rev: 7, position: 5, isApplied: true, syncs: true),
            (after: 50, rev: 51, position: 5, isApplied: true, syncs: true),
        ]
    )
    func intervals(_ row: (after: Int64, rev: Int64, position: Int64, isApplied: Bool, syncs: Bool)) {
        var client = MachineHarness.following()
        client.event(messageEvent(4, after: row.after, rev: row.rev))
        #expect(client.machine.position(of: room) == row.position)
        #expect(client.replica?.position == row.position)
        #expect((client.replica?.message(4) != nil) == row.isApplied)
        #expect(client.commands == (row.syncs ? [.sync(conversation: room, since: 5, limit: nil)] : []))
    }

    @Test(
        "Every kind of event with an interval moves the position",
        arguments: [
            Event.message(conversation: room, after: 5, rev: 6, message: message(4, rev: 6)),
            .member(conversation: room, after: 5, rev: 6, member: member(bob, rev: 6)),
            .conversation(conversation: room, after: 5, rev: 6, row: row(rev: 6)),
            .changes(conversation: room, after: 5, rev: 6, messages: [], members: [], row: nil),
            .skip(conversation: room, after: 5, rev: 6),
            .unknown(name: "poll", conversation: room, after: 5, rev: 6),
        ]
    )
    func kinds(event: Event) {
        var client = MachineHarness.following()
        client.event(event)
        #expect(client.replica?.position == 6)
        client.event(event)
        #expect(client.replica?.position == 6)
        #expect(client.commands.isEmpty)
    }

    @Test("An unknown event without an interval is ignored")
    func unknown() {
        var client = MachineHarness.following()
        client.event(.unknown(name: "weather", conversation: nil, after: nil, rev: nil))
        client.event(.unknown(name: "weather", conversation: room, after: nil, rev: 6))
        #expect(client.replica?.position == 5)
        #expect(client.actions.isEmpty)
    }

    @Test("A gap is synced once, and what was heard meanwhile counts if it joins on")
    func gap() {
        var client = MachineHarness.following()
        client.event(messageEvent(5, after: 6, rev: 7))
        let sync = client.syncInFlight ?? 0
        client.event(messageEvent(6, after: 7, rev: 8))
        #expect(client.commands.isEmpty)
        #expect(client.replica?.position == 5)
        client.answer(sync, ChangesPage(conversation: room, messages: [message(4, rev: 6)], upTo: 6, head: 6))
        #expect(client.replica?.position == 8)
        #expect(client.replica?.messages.map(\.seq) == [1, 2, 3, 4, 5, 6])
        #expect(client.commands.isEmpty)
    }

    @Test("What was heard and does not join on is another gap")
    func secondGap() {
        var client = MachineHarness.following()
        client.event(messageEvent(5, after: 6, rev: 7))
        let sync = client.syncInFlight ?? 0
        client.event(messageEvent(9, after: 10, rev: 11))
        client.answer(
            sync,
            ChangesPage(conversation: room, messages: [message(4, rev: 6), message(5, rev: 7)], upTo: 7, head: 7)
        )
        #expect(client.replica?.position == 7)
        #expect(client.commands == [.sync(conversation: room, since: 7, limit: nil)])
    }

    @Test("Events while paging are applied as rows and do not move the position")
    func whilePaging() {
        var client = MachineHarness.following()
        client.event(.behind(conversation: room, head: 8))
        client.event(messageEvent(4, after: 5, rev: 6))
        #expect(client.replica?.position == 5)
        #expect(client.replica?.message(4) != nil)
        let first = client.syncInFlight ?? 0
        client.answer(
            first,
            ChangesPage(conversation: room, messages: [message(4, rev: 6)], upTo: 6, head: 8, more: true)
        )
        #expect(client.commands == [.sync(conversation: room, since: 6, limit: nil)])
        #expect(client.replica?.position == 6)
        client.event(messageEvent(7, after: 8, rev: 9))
        #expect(client.replica?.position == 6)
        let last = ChangesPage(
            conversation: room,
            messages: [message(5, rev: 7), message(6, rev: 8)],
            upTo: 8,
            head: 8
        )
        client.answer(client.syncInFlight ?? 0, last)
        #expect(client.replica?.position == 9)
        #expect(client.replica?.messages.map(\.seq) == [1, 2, 3, 4, 5, 6, 7])
    }

    @Test("behind: sync from the position; heard again while paging, another sync follows")
    func behind() {
        var client = MachineHarness.following()
        client.event(.behind(conversation: room, head: 8))
        let sync = client.syncInFlight ?? 0
        #expect(client.commands == [.sync(conversation: room, since: 5, limit: nil)])
        client.event(.behind(conversation: room, head: 9))
        #expect(client.commands.isEmpty)
        client.answer(sync, ChangesPage(conversation: room, upTo: 9, head: 9))
        #expect(client.commands == [.sync(conversation: room, since: 9, limit: nil)])
        client.answer(client.syncInFlight ?? 0, ChangesPage(conversation: room, upTo: 9, head: 9))
        #expect(client.commands.isEmpty)
        #expect(client.machine.isSettled)
    }

    @Test("behind while the conversation is fetched: a sync follows, however new the row", arguments: [true, false])
    func behindWhileFetching(keepsRows: Bool) {
        var configuration = ClientConfiguration()
        configuration.keepsRows = keepsRows
        var client = MachineHarness.online(configuration)
        client.event(.behind(conversation: room, head: 6))
        if keepsRows {
            client.answer(client.machine.lastCommand, ConversationsAnswer(conversations: [row(head: 9, lastSeq: 0)]))
        }
        #expect(client.commands == [.sync(conversation: room, since: keepsRows ? 9 : 6, limit: nil)])
    }

    @Test("A sync that shows less than was heard is not repeated at once")
    func noProgress() {
        var client = MachineHarness.following()
        client.event(messageEvent(9, after: 10, rev: 11))
        client.answer(client.syncInFlight ?? 0, ChangesPage(conversation: room, upTo: 5, head: 5))
        #expect(client.commands.isEmpty)
        client.wait(499)
        #expect(client.commands.isEmpty)
        client.wait(1)
        #expect(client.commands == [.sync(conversation: room, since: 5, limit: nil)])
    }

    @Test("A page that goes on without going on ends the connection")
    func endlessPage() {
        var client = MachineHarness.following()
        client.event(.behind(conversation: room, head: 8))
        client.answer(client.syncInFlight ?? 0, ChangesPage(conversation: room, upTo: 5, head: 8, more: true))
        #expect(client.closedWith == .protocolError)
    }

    @Test(
        "A refused sync is tried again later; not found means out",
        arguments: [
            (ErrorCode.rateLimited, 700 as Int64?, 700 as Int64), (.unavailable, 300, 300), (.unknown, nil, 1_000),
            (.internal, nil, 1_000),
        ]
    )
    func refusedSync(code: ErrorCode, retryAfterMs: Int64?, within: Int64) {
        var client = MachineHarness.following()
        client.event(.behind(conversation: room, head: 8))
        client.refuse(client.syncInFlight ?? 0, code, retryAfterMs: retryAfterMs)
        #expect(client.commands.isEmpty)
        client.wait(within - 1)
        if retryAfterMs != nil { #expect(client.commands.isEmpty) }
        client.wait(1)
        #expect(client.syncInFlight != nil)
    }

    @Test("A sync of a conversation that is not found drops it")
    func syncNotFound() {
        var client = MachineHarness.following()
        client.event(.behind(conversation: room, head: 8))
        client.refuse(client.syncInFlight ?? 0, .notFound)
        #expect(client.delivered.contains(.left(room, nil)))
        #expect(client.replica == nil)
        #expect(client.machine.isSettled)
    }

    @Test("joined starts the conversation afresh, left drops it")
    func joinedAndLeft() {
        var client = MachineHarness.online()
        client.event(.joined(conversation: room, row: row(head: 7, lastSeq: 4)))
        #expect(client.delivered.contains(.joined(room)))
        #expect(client.replica?.position == 7)
        #expect(client.commands == [.history(conversation: room, bound: .newest, limit: 50)])
        client.event(messageEvent(5, after: 7, rev: 8))
        client.answer(client.machine.lastCommand, HistoryPage(messages: [message(4, rev: 7)], more: true))
        #expect(client.replica?.messages.map(\.seq) == [4, 5])
        client.event(.left(conversation: room, rev: 9, reason: .removed))
        #expect(client.delivered == [.left(room, .removed)])
        #expect(client.replica == nil)
        client.event(.joined(conversation: room, row: row(head: 20, lastSeq: 9)))
        #expect(client.replica?.position == 20)
        #expect(client.replica?.messages == [])
    }

    @Test("A sync of a former membership is not taken for one of the new")
    func formerSync() {
        var client = MachineHarness.following()
        client.event(.behind(conversation: room, head: 8))
        let sync = client.syncInFlight ?? 0
        client.event(.left(conversation: room, rev: 9, reason: .removed))
        client.event(.joined(conversation: room, row: row(head: 20, lastSeq: 9)))
        client.answer(sync, ChangesPage(conversation: room, messages: [message(4, rev: 6)], upTo: 40, head: 40))
        #expect(client.replica?.position == 20)
        #expect(client.replica?.message(4) == nil)
    }

    @Test("An event of an unknown conversation fetches it; what was heard meanwhile is synced")
    func unknownConversation() {
        var client = MachineHarness.online()
        client.event(messageEvent(4, after: 5, rev: 6))
        #expect(client.commands == [.conversations(ids: [room])])
        client.event(messageEvent(5, after: 6, rev: 7))
        #expect(client.commands.isEmpty)
        client.answer(client.machine.lastCommand, ConversationsAnswer(conversations: [row(head: 6, lastSeq: 4)]))
        #expect(client.commands.contains(.sync(conversation: room, since: 6, limit: nil)))
        client.answer(
            client.syncInFlight ?? 0,
            ChangesPage(conversation: room, messages: [message(5, rev: 7)], upTo: 7, head: 7)
        )
        #expect(client.replica?.position == 7)
        #expect(client.replica?.message(5) != nil)
    }

    @Test("An unknown conversation that is not the user's is forgotten")
    func notMine() {
        var client = MachineHarness.online()
        client.event(messageEvent(4, after: 5, rev: 6))
        client.answer(client.machine.lastCommand, ConversationsAnswer(conversations: []))
        #expect(client.machine.isSettled)
        #expect(client.machine.conversations.isEmpty)
    }

    @Test("Left while it is being fetched, a conversation does not come back by an older answer")
    func leftWhileFetching() {
        var client = MachineHarness.online()
        client.event(messageEvent(4, after: 5, rev: 6))
        let fetch = client.machine.lastCommand
        client.event(.left(conversation: room, rev: 7, reason: .left))
        client.answer(fetch, ConversationsAnswer(conversations: [row(head: 6)]))
        #expect(client.machine.conversations.isEmpty)
    }

    @Test("The own log: intervals, gap, repair")
    func ownLog() {
        var client = MachineHarness.following()
        #expect(client.machine.ownPosition == 0)
        client.event(.own(after: 0, rev: 1, rows: [membership(rev: 1, readSeq: 2, unread: 1)]))
        #expect(client.machine.ownPosition == 1)
        #expect(client.replica?.own?.readSeq == 2)
        client.event(.own(after: 0, rev: 1, rows: [membership(rev: 1, readSeq: 1, unread: 2)]))
        #expect(client.replica?.own?.readSeq == 2)
        client.event(.own(after: 2, rev: 3, rows: [membership(rev: 3, readSeq: 3, unread: 0)]))
        #expect(client.commands == [.syncOwn(since: 1, limit: nil)])
        #expect(client.machine.ownPosition == 1)
        #expect(client.replica?.own?.readSeq == 3)
        let page = OwnPage(
            rows: [membership(rev: 2, readSeq: 2, unread: 1, favourite: true)],
            upTo: 2,
            head: 3,
            more: true
        )
        client.answer(client.machine.lastCommand, page)
        #expect(client.commands == [.syncOwn(since: 2, limit: nil)])
        client.answer(client.machine.lastCommand, OwnPage(rows: [], upTo: 3, head: 3))
        #expect(client.machine.ownPosition == 3)
        #expect(client.replica?.own?.isFavourite == false)
        #expect(client.machine.isSettled)
    }

    @Test("A page of the own log that is older than what came meanwhile changes nothing")
    func ownPageIsOlder() {
        var client = MachineHarness.following()
        func reaction(_ rev: Int64, _ mine: [String]) -> OwnRow {
            .reaction(OwnRow.ReactionRow(rev: rev, conversation: room, seq: 2, mine: mine))
        }
        client.event(.own(after: 1, rev: 2, rows: [reaction(2, ["a"])]))
        let sync = client.machine.lastCommand
        client.event(.own(after: 2, rev: 3, rows: [reaction(3, ["a", "b"])]))
        client.answer(sync, OwnPage(rows: [reaction(2, ["a"])], upTo: 2, head: 2))
        #expect(client.replica?.message(2)?.mine == ["a", "b"])
        #expect(client.machine.ownPosition == 3)
        #expect(client.machine.ownRevs.isEmpty)
    }

    @Test("What was missed of the own log is synced after hello")
    func ownMissed() {
        var client = MachineHarness.following()
        reconnect(&client, helloReply(own: 4, index: [entry(head: 5)]))
        #expect(client.commands == [.syncOwn(since: 0, limit: nil)])
        client.event(.own(after: 4, rev: 5, rows: [membership(rev: 5, readSeq: 3, unread: 0)]))
        client.answer(client.machine.lastCommand, OwnPage(rows: [], upTo: 4, head: 4))
        #expect(client.machine.ownPosition == 5)
    }

    @Test("Ephemera are passed on")
    func ephemera() {
        var client = MachineHarness.following()
        client.event(.typing(conversation: room, user: bob))
        #expect(client.delivered == [.typing(room, user: bob)])
        client.event(.presence(users: [bob: .away]))
        #expect(client.delivered == [.presence([bob: .away])])
        client.event(.read(conversation: room, user: bob, readSeq: 3))
        #expect(client.delivered == [.read(room, user: bob, readSeq: 3)])
        #expect(client.replica?.member(bob)?.readSeq == 3)
        client.event(.read(conversation: room, user: bob, readSeq: 2))
        #expect(client.delivered.isEmpty)
        #expect(client.replica?.member(bob)?.readSeq == 3)
    }

    @Test("Events before the greeting are not heard")
    func early() {
        var client = MachineHarness()
        client.take(.connect(token: "t"))
        client.take(.opened(1))
        client.event(messageEvent(4, after: 5, rev: 6))
        #expect(client.actions.isEmpty)
    }
}

func membership(
    _ conversation: ConversationID = room,
    rev: Int64,
    readSeq: Int64,
    unread: Int64,
    favourite: Bool = false,
    left: Bool = false
) -> OwnRow {
    var state = ownState(readSeq: readSeq, unread: unread)
    state.isFavourite = favourite
    return .membership(OwnRow.Membership(rev: rev, conversation: conversation, state: state, left: left))
}
