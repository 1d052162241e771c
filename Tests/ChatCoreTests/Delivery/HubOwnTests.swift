// The own log on one loop: order, one row per second and conversation, joining, and what a congested device missed.
import ChatCore
import ChatProtocol
import Testing

@Suite struct HubOwnTests {
    private var hub = Hub()

    @Test mutating func allDevicesOfTheUserAndNobodyElseGetOwnEvents() {
        let first = hub.connect(Sample.opening(Sample.ann))
        let second = hub.connect(Sample.opening(Sample.ann, session: 2))
        let other = hub.connect(Sample.opening(Sample.bob, session: 3))
        let actions = hub.hearOwn(Sample.own(Sample.ann, 1))
        #expect(actions == [.send(.own(after: 0, rev: 1, rows: [Sample.membership(1)]), to: [first, second])])
        #expect(actions.events(for: other).isEmpty)
    }

    @Test mutating func aConversationsRowComesAtMostOnceASecond() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        #expect(hub.hearOwn(Sample.own(Sample.ann, 1), now: 0).events(for: slot).count == 1)
        let held = hub.hearOwn(Sample.own(Sample.ann, 2), now: 100)
        #expect(held == [.timer(.ownHold(Sample.ann), afterMs: 1_000)])
        #expect(hub.hearOwn(Sample.own(Sample.ann, 3, Sample.membership(3, unread: 7)), now: 200).isEmpty)
        let released = hub.fired(.ownHold(Sample.ann), now: 1_100)
        #expect(released.events(for: slot) == [.own(after: 1, rev: 3, rows: [Sample.membership(3, unread: 7)])])
        #expect(hub.fired(.ownHold(Sample.ann), now: 2_100).isEmpty)
    }

    @Test mutating func whatCannotWaitTakesTheHeldRowsAlong() {
        let slot = hub.connect(Sample.opening(Sample.ann, [Sample.room: 0, Sample.hall: 0]))
        _ = hub.hearOwn(Sample.own(Sample.ann, 1), now: 0)
        _ = hub.hearOwn(Sample.own(Sample.ann, 2), now: 100)
        let other = Sample.membership(3, in: Sample.hall)
        let actions = hub.hearOwn(Sample.own(Sample.ann, 3, other), now: 200)
        #expect(actions.events(for: slot) == [.own(after: 1, rev: 3, rows: [Sample.membership(2), other])])
        #expect(hub.fired(.ownHold(Sample.ann), now: 1_100).isEmpty)
    }

    @Test(arguments: [
        Sample.membership(2, left: true),
        OwnRow.reaction(OwnRow.ReactionRow(rev: 2, conversation: Sample.room, seq: 1, mine: ["x"])),
        OwnRow.session(OwnRow.SessionRow(rev: 2, id: makeID(1), device: nil, createdAt: 0)),
    ])
    func onlyMembershipsThatGoOnAreHeldBack(_ row: OwnRow) {
        var hub = Hub()
        let slot = hub.connect(Sample.opening(Sample.ann))
        _ = hub.hearOwn(Sample.own(Sample.ann, 1), now: 0)
        #expect(hub.hearOwn(Sample.own(Sample.ann, 2, row), now: 1).events(for: slot).count == 1)
    }

    @Test mutating func aGapIsFetched() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        #expect(hub.hearOwn(Sample.own(Sample.ann, 2)).timers == [.ownGap(Sample.ann)])
        #expect(hub.fired(.ownGap(Sample.ann), now: 25) == [.fetchOwn(Sample.ann, since: 0)])
        let page = OwnPage(rows: [Sample.membership(2)], upTo: 2, head: 2)
        let actions = hub.fetchedOwn(Sample.ann, since: 0, .success(page), now: 30)
        #expect(actions.events(for: slot).map(\.interval) == [[0, 2]])
        #expect(hub.hearOwn(Sample.own(Sample.ann, 1)).isEmpty)
    }

    @Test mutating func aFetchThatFailsOrEndsEarlyIsRepeated() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        _ = hub.hear([], own: [CommitLogPage.OwnHead(user: Sample.ann, rev: 3)])
        _ = hub.fired(.ownGap(Sample.ann), now: 25)
        let failed = hub.fetchedOwn(Sample.ann, since: 0, .failure(.unavailable), now: 30)
        #expect(failed == [.timer(.ownGap(Sample.ann), afterMs: 500)])
        _ = hub.fired(.ownGap(Sample.ann), now: 530)
        let page = OwnPage(rows: [Sample.membership(2)], upTo: 2, head: 3, more: true)
        let actions = hub.fetchedOwn(Sample.ann, since: 0, .success(page), now: 540)
        #expect(actions.events(for: slot).map(\.interval) == [[0, 2]])
        #expect(actions.timers == [.ownGap(Sample.ann)])
    }

    @Test mutating func whatACongestedDeviceMissedIsNamed() {
        let slow = hub.connect(Sample.opening(Sample.ann))
        let quick = hub.connect(Sample.opening(Sample.ann, session: 2))
        _ = hub.setCongested(slow, true)
        let actions = hub.hearOwn(Sample.own(Sample.ann, 1))
        #expect(actions.events(for: slow).isEmpty && actions.events(for: quick).count == 1)
        #expect(hub.setCongested(slow, false).events(for: slow) == [.own(after: 1, rev: 1, rows: [])])
        #expect(hub.hearOwn(Sample.own(Sample.ann, 2), now: 5_000).events(for: slow).map(\.interval) == [[1, 2]])
    }

    @Test mutating func ownEventsDuringAHelloMakeTheClientSync() {
        let watch = hub.beginReading()
        _ = hub.hearOwn(Sample.own(Sample.ann, 4))
        let (slot, actions) = hub.open(Sample.opening(Sample.ann, own: 3), watch: watch, now: 0)
        #expect(actions.events(for: slot) == [.own(after: 4, rev: 4, rows: [])])
        #expect(hub.hearOwn(Sample.own(Sample.ann, 4)).events(for: slot).isEmpty)
    }

    // MARK: - Joining

    @Test mutating func whoIsAddedGetsJoinedThenEvents() throws {
        let first = hub.connect(Sample.opening(Sample.bob, [:]))
        let second = hub.connect(Sample.opening(Sample.bob, session: 2, [:]))
        let added = LogEvent(
            conversation: Sample.room,
            after: 4,
            rev: 5,
            members: [Sample.member(Sample.bob, rev: 5)],
            arrivals: [Sample.bob],
            memberCount: 3
        )
        let actions = hub.receive(Commit(events: [added], own: [Sample.own(Sample.bob, 1)]), now: 0)
        let join = try #require(actions.joins.first)
        #expect(actions.joins.count == 1 && join.user == Sample.bob && join.conversation == Sample.room)
        // 6 comes while the conversation is read, which is already at 5.
        _ = hub.hear(Sample.posted(6))
        let row = Sample.row(rev: 1, head: 5)
        let loaded = hub.loaded(Sample.bob, Sample.room, .success(row), watch: join.watch, now: 10)
        for slot in [first, second] {
            #expect(loaded.events(for: slot).first == .joined(conversation: Sample.room, row: row))
            #expect(loaded.events(for: slot).dropFirst().map(\.interval) == [[5, 6]])
        }
        #expect(hub.hear(Sample.posted(7)).events(for: second).map(\.interval) == [[6, 7]])
    }

    @Test mutating func aConnectionThatKnowsTheConversationIsNotToldAgain() throws {
        let old = hub.connect(Sample.opening(Sample.bob, [:]))
        let join = try #require(hub.hearOwn(Sample.own(Sample.bob, 1)).joins.first)
        let knowing = hub.connect(Sample.opening(Sample.bob, session: 2, own: 1, [Sample.room: 5]))
        let row = Sample.row(rev: 1, head: 5)
        let loaded = hub.loaded(Sample.bob, Sample.room, .success(row), watch: join.watch, now: 10)
        #expect(loaded.events(for: old) == [.joined(conversation: Sample.room, row: row)])
        #expect(loaded.events(for: knowing).isEmpty)
        #expect(hub.hearOwn(Sample.own(Sample.bob, 2)).joins.isEmpty)
    }

    @Test mutating func aConversationThatIsLoadedIsLoadedOnce() {
        _ = hub.connect(Sample.opening(Sample.bob, [:]))
        #expect(hub.hearOwn(Sample.own(Sample.bob, 1)).joins.count == 1)
        #expect(hub.hearOwn(Sample.own(Sample.bob, 2), now: 2_000).joins.isEmpty)
    }

    @Test mutating func aLoadThatFailsIsRepeated() throws {
        let slot = hub.connect(Sample.opening(Sample.bob, [:]))
        let join = try #require(hub.hearOwn(Sample.own(Sample.bob, 1)).joins.first)
        let failed = hub.loaded(Sample.bob, Sample.room, .failure(.unavailable), watch: join.watch, now: 10)
        #expect(failed == [.timer(.join(Sample.bob, Sample.room), afterMs: 500)])
        let again = try #require(hub.fired(.join(Sample.bob, Sample.room), now: 510).joins.first)
        let row = Sample.row(rev: 1, head: 5)
        let loaded = hub.loaded(Sample.bob, Sample.room, .success(row), watch: again.watch, now: 520)
        #expect(loaded.events(for: slot) == [.joined(conversation: Sample.room, row: row)])
    }

    @Test mutating func whoIsOutAgainWhenItIsReadIsNotTold() throws {
        let slot = hub.connect(Sample.opening(Sample.bob, [:]))
        let join = try #require(hub.hearOwn(Sample.own(Sample.bob, 1)).joins.first)
        #expect(hub.loaded(Sample.bob, Sample.room, .success(nil), watch: join.watch, now: 10).isEmpty)
        #expect(hub.hear(Sample.posted(6)).events(for: slot).isEmpty)
    }

    @Test mutating func whoComesBackWhileItIsReadIsTold() throws {
        _ = hub.connect(Sample.opening(Sample.bob, [:]))
        let join = try #require(hub.hearOwn(Sample.own(Sample.bob, 1)).joins.first)
        // Out (the reading sees that) and in again (it does not).
        _ = hub.hearOwn(Sample.own(Sample.bob, 2, Sample.membership(2, left: true)))
        _ = hub.hearOwn(Sample.own(Sample.bob, 3, Sample.membership(3)))
        let actions = hub.loaded(Sample.bob, Sample.room, .success(nil), watch: join.watch, now: 10)
        #expect(actions.joins.count == 1, "the answer is older than the return: read again")
    }

    @Test mutating func whoseReturnOvertakesTheDepartureIsTold() throws {
        let slot = hub.connect(Sample.opening(Sample.bob, [Sample.room: 4]))
        // The own log tells of removal and return before the conversation's log tells of the removal.
        let early = hub.hearOwn(
            Sample.own(Sample.bob, 1, Sample.membership(1, left: true)),
            Sample.own(Sample.bob, 2, Sample.membership(2))
        )
        #expect(early.joins.isEmpty)
        let actions = hub.hear(Sample.departed(Sample.bob, 5))
        #expect(actions.events(for: slot) == [.left(conversation: Sample.room, rev: 5, reason: .removed)])
        let join = try #require(actions.joins.first, "nobody else would tell of the return")
        let row = Sample.row(rev: 1, head: 6)
        let loaded = hub.loaded(Sample.bob, Sample.room, .success(row), watch: join.watch, now: 10)
        #expect(loaded.events(for: slot) == [.joined(conversation: Sample.room, row: row)])
    }
}
