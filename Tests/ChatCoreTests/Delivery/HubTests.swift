// Delivery on one loop: who gets which event, gaps and their repair, what a slow reader gets, and how membership ends.
import ChatCore
import ChatProtocol
import Testing

@Suite struct HubTests {
    private var hub = Hub()

    // MARK: - Order and gaps

    @Test mutating func everybodyWhoListensGetsAnEventInOneAction() {
        let first = hub.connect(Sample.opening(Sample.ann))
        let second = hub.connect(Sample.opening(Sample.bob, session: 2))
        let elsewhere = hub.connect(Sample.opening(Sample.cat, session: 3, [Sample.hall: 0]))
        let actions = hub.hear(Sample.posted(1))
        let event = Event.message(conversation: Sample.room, after: 0, rev: 1, message: Sample.message(1))
        #expect(actions == [.send(event, to: [first, second])])
        #expect(actions.events(for: elsewhere).isEmpty)
        #expect(hub.counts.deliveries == 2)
    }

    @Test mutating func whatTheSnapshotHadIsNotSentAgain() {
        let slot = hub.connect(Sample.opening(Sample.ann, [Sample.room: 5]))
        #expect(hub.hear(Sample.posted(5)).isEmpty)
        #expect(hub.hear(Sample.posted(6)).events(for: slot).map(\.interval) == [[5, 6]])
    }

    @Test mutating func whatOvertakesWaitsAndAskedOnceAfterAWhile() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        let early = hub.hear(Sample.posted(2))
        #expect(early == [.timer(.gap(Sample.room), afterMs: 25)])
        #expect(hub.hear(Sample.posted(3)).isEmpty, "one timer is enough")
        #expect(hub.hear(Sample.posted(1)).events(for: slot).map(\.interval) == [[0, 1], [1, 2], [2, 3]])
        #expect(hub.fired(.gap(Sample.room), now: 25).isEmpty, "nothing is missing any more")
    }

    @Test mutating func whatIsMissingIsFetchedAndDeliveredOnce() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        _ = hub.hear(Sample.posted(3))
        #expect(hub.fired(.gap(Sample.room), now: 25) == [.fetch(Sample.room, since: 0)])
        #expect(hub.fired(.gap(Sample.room), now: 26).isEmpty, "one fetch at a time")
        let fetched = LogEvent(
            conversation: Sample.room,
            after: 0,
            rev: 3,
            messages: [1, 2, 3].map { Sample.message($0) },
            memberCount: 3
        )
        let actions = hub.fetched(Sample.room, .success(fetched), now: 30)
        #expect(actions.events(for: slot).map(\.interval) == [[0, 3]])
        #expect(hub.hear(Sample.posted(2)).isEmpty)
        #expect(hub.counts.gaps == 1)
    }

    @Test mutating func aFetchThatBringsTooLittleIsRepeated() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        _ = hub.hear([CommitLogPage.Head(conversation: Sample.room, rev: 4)])
        #expect(hub.fired(.gap(Sample.room), now: 25).fetches == [0])
        let actions = hub.fetched(Sample.room, .success(Sample.posted(1)), now: 30)
        #expect(actions.events(for: slot).map(\.interval) == [[0, 1]])
        #expect(actions.timers == [.gap(Sample.room)])
        #expect(hub.fired(.gap(Sample.room), now: 55).fetches == [1])
    }

    @Test mutating func aFetchThatFailsIsRepeatedLater() {
        _ = hub.connect(Sample.opening(Sample.ann))
        _ = hub.hear([CommitLogPage.Head(conversation: Sample.room, rev: 1)])
        _ = hub.fired(.gap(Sample.room), now: 25)
        #expect(hub.fetched(Sample.room, .failure(.unavailable), now: 30) == [.timer(.gap(Sample.room), afterMs: 500)])
        #expect(hub.fired(.gap(Sample.room), now: 530).fetches == [0])
    }

    @Test mutating func aHeadThatIsKnownOrOfNobodyHereIsNoGap() {
        _ = hub.connect(Sample.opening(Sample.ann, [Sample.room: 3]))
        let heads = [
            CommitLogPage.Head(conversation: Sample.room, rev: 3),
            CommitLogPage.Head(conversation: Sample.hall, rev: 9),
        ]
        #expect(hub.hear(heads, own: [CommitLogPage.OwnHead(user: Sample.bob, rev: 4)]).isEmpty)
    }

    @Test mutating func aFetchForNobodyIsForgotten() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        _ = hub.hear(Sample.posted(2))
        _ = hub.fired(.gap(Sample.room), now: 25)
        hub.disconnect(slot)
        #expect(hub.fetched(Sample.room, .success(Sample.posted(1)), now: 30).isEmpty)
        #expect(hub.feedCount == 0 && hub.connectionCount == 0)
    }

    // MARK: - On the wire

    @Test mutating func eachKindOfChangeHasItsEvent() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        let member = Sample.member(Sample.cat, rev: 2)
        let row = Sample.row(rev: 3)
        var two = LogEvent(conversation: Sample.room, after: 3, rev: 5, memberCount: 3)
        two.messages = [Sample.message(4)]
        two.members = [Sample.member(Sample.cat, rev: 5)]
        let actions = hub.hear(
            Sample.posted(1),
            LogEvent(conversation: Sample.room, after: 1, rev: 2, members: [member], memberCount: 3),
            LogEvent(conversation: Sample.room, after: 2, rev: 3, row: row, memberCount: 3),
            two,
            LogEvent(conversation: Sample.room, after: 5, rev: 6, memberCount: 3)
        )
        #expect(
            actions.events(for: slot) == [
                .message(conversation: Sample.room, after: 0, rev: 1, message: Sample.message(1)),
                .member(conversation: Sample.room, after: 1, rev: 2, member: member),
                .conversation(conversation: Sample.room, after: 2, rev: 3, row: row),
                .changes(
                    conversation: Sample.room,
                    after: 3,
                    rev: 5,
                    messages: two.messages,
                    members: two.members,
                    row: nil
                ),
                .skip(conversation: Sample.room, after: 5, rev: 6),
            ]
        )
    }

    @Test mutating func membersOfLargeConversationsAreSkipped() {
        let slot = hub.connect(Sample.opening(Sample.ann, memberCount: 501))
        var event = LogEvent(conversation: Sample.room, after: 0, rev: 1, memberCount: 501)
        event.members = [Sample.member(Sample.cat, rev: 1)]
        let actions = hub.hear(event)
        #expect(actions.events(for: slot) == [.skip(conversation: Sample.room, after: 0, rev: 1)])
    }

    // MARK: - Slow readers

    @Test mutating func whoIsCongestedFallsBehindOnceAndOthersGoOn() {
        let slow = hub.connect(Sample.opening(Sample.ann))
        let quick = hub.connect(Sample.opening(Sample.bob, session: 2))
        #expect(hub.setCongested(slow, true).isEmpty)
        let actions = hub.hear(Sample.posted(1), Sample.posted(2))
        #expect(actions.events(for: slow) == [.behind(conversation: Sample.room, head: 1)])
        #expect(actions.events(for: quick).map(\.interval) == [[0, 1], [1, 2]])
        #expect(hub.setCongested(slow, false).isEmpty)
        #expect(hub.hear(Sample.posted(3)).events(for: slow).isEmpty, "nothing more until it has synced")
        #expect(hub.counts.behind == 1)
    }

    @Test mutating func afterASyncEventsGoOnFromItsEnd() {
        let slow = hub.connect(Sample.opening(Sample.ann))
        _ = hub.setCongested(slow, true)
        _ = hub.hear(Sample.posted(1))
        _ = hub.setCongested(slow, false)
        _ = hub.hear(Sample.posted(2))
        let watch = hub.beginReading()
        // The sync reads up to 2; 3 and 4 come before it is answered.
        _ = hub.hear(Sample.posted(3), Sample.posted(4))
        let actions = hub.caughtUp(slow, Sample.room, upTo: 2, watch: watch)
        #expect(actions.events(for: slow).map(\.interval) == [[2, 3], [3, 4]])
        #expect(hub.hear(Sample.posted(5)).events(for: slow).map(\.interval) == [[4, 5]])
    }

    @Test mutating func aSyncThatSawMoreThanTheFeedMakesItCatchUp() {
        let slow = hub.connect(Sample.opening(Sample.ann))
        _ = hub.setCongested(slow, true)
        _ = hub.hear(Sample.posted(1))
        _ = hub.setCongested(slow, false)
        let watch = hub.beginReading()
        let actions = hub.caughtUp(slow, Sample.room, upTo: 3, watch: watch)
        #expect(actions == [.timer(.gap(Sample.room), afterMs: 25)])
        #expect(hub.hear(Sample.posted(2), Sample.posted(3)).events(for: slow).isEmpty)
        #expect(hub.hear(Sample.posted(4)).events(for: slow).map(\.interval) == [[3, 4]])
    }

    @Test mutating func aSyncOfSomebodyWhoIsNotBehindChangesNothing() {
        let slot = hub.connect(Sample.opening(Sample.ann))
        _ = hub.hear(Sample.posted(1))
        let watch = hub.beginReading()
        #expect(hub.caughtUp(slot, Sample.room, upTo: 0, watch: watch).isEmpty)
        #expect(hub.hear(Sample.posted(2)).events(for: slot).map(\.interval) == [[1, 2]])
    }

    // MARK: - Leaving

    @Test(arguments: LeaveReason.allCases)
    func whoIsOutGetsLeftAsTheLastEvent(_ reason: LeaveReason) {
        var hub = Hub()
        let stays = hub.connect(Sample.opening(Sample.ann))
        let goes = hub.connect(Sample.opening(Sample.bob, session: 2))
        let actions = hub.hear(Sample.departed(Sample.bob, 1, reason), Sample.posted(2))
        #expect(actions.events(for: goes) == [.left(conversation: Sample.room, rev: 1, reason: reason)])
        #expect(actions.events(for: stays).map(\.interval) == [[0, 1], [1, 2]])
    }

    @Test mutating func leftGoesToThoseBehindAndCongestedToo() {
        let goes = hub.connect(Sample.opening(Sample.bob))
        _ = hub.setCongested(goes, true)
        _ = hub.hear(Sample.posted(1))
        let actions = hub.hear(Sample.departed(Sample.bob, 2))
        #expect(actions.events(for: goes) == [.left(conversation: Sample.room, rev: 2, reason: .removed)])
        #expect(hub.feedCount == 0)
    }

    @Test mutating func whoCameBackBeforeTheSnapshotDoesNotHearOfLeaving() {
        let returned = hub.connect(Sample.opening(Sample.bob, [Sample.room: 3]))
        _ = hub.connect(Sample.opening(Sample.ann, session: 2, [Sample.room: 3]))
        let actions = hub.hear(Sample.departed(Sample.bob, 2), Sample.posted(4))
        #expect(actions.events(for: returned).map(\.interval) == [[3, 4]])
    }

    @Test mutating func aSessionThatEndsClosesItsConnections() {
        let first = hub.connect(Sample.opening(Sample.ann, session: 5))
        _ = hub.connect(Sample.opening(Sample.ann, session: 6))
        let second = hub.connect(Sample.opening(Sample.ann, session: 5))
        let actions = hub.receive(Commit(endedSessions: [makeID(5)]), now: 0)
        #expect(actions == [.close(first, .sessionEnded), .close(second, .sessionEnded)])
        #expect(hub.sessions == [makeID(5), makeID(6)])
    }

    @Test mutating func aSlotIsUsedAgainAndItsFormerOwnerForgotten() {
        let first = hub.connect(Sample.opening(Sample.ann))
        hub.disconnect(first)
        hub.disconnect(first)
        let second = hub.connect(Sample.opening(Sample.bob, [Sample.hall: 0]))
        #expect(second == first)
        #expect(hub.connectionCount == 1 && hub.feedCount == 1)
        #expect(hub.hear(Sample.posted(1)).isEmpty)
    }
}
