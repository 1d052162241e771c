// How a connection begins to listen: nothing between the reading of its snapshot and its first event is missed.
import ChatCore
import ChatProtocol
import Testing

@Suite struct HubOpeningTests {
    private var hub = Hub()

    @Test mutating func whatHappensWhileTheFirstOneReadsIsReplayed() {
        let watch = hub.beginReading()
        #expect(hub.hear(Sample.posted(4), Sample.posted(3)).isEmpty)
        let (slot, actions) = hub.open(Sample.opening(Sample.ann, [Sample.room: 2]), watch: watch, now: 0)
        #expect(actions.events(for: slot).map(\.interval) == [[2, 3], [3, 4]])
        #expect(hub.hear(Sample.posted(5)).events(for: slot).map(\.interval) == [[4, 5]])
    }

    @Test mutating func whatWasNotHeardMeanwhileIsAGap() {
        let watch = hub.beginReading()
        _ = hub.hear(Sample.posted(4))
        let (slot, actions) = hub.open(Sample.opening(Sample.ann, [Sample.room: 2]), watch: watch, now: 0)
        #expect(actions.events(for: slot).isEmpty)
        #expect(actions.timers == [.gap(Sample.room)])
        #expect(hub.hear(Sample.posted(3)).events(for: slot).map(\.interval) == [[2, 3], [3, 4]])
    }

    @Test mutating func whatTheFeedDeliveredToOthersMeanwhileIsReplayed() {
        let first = hub.connect(Sample.opening(Sample.ann, [Sample.room: 2]))
        let watch = hub.beginReading()
        let live = hub.hear(Sample.posted(3), Sample.posted(4))
        #expect(live.events(for: first).count == 2)
        let opening = Sample.opening(Sample.bob, session: 2, [Sample.room: 3])
        let (slot, actions) = hub.open(opening, watch: watch, now: 0)
        #expect(
            actions == [
                .send(.message(conversation: Sample.room, after: 3, rev: 4, message: Sample.message(4)), to: [slot])
            ]
        )
    }

    @Test mutating func aSnapshotAheadOfTheFeedMakesItCatchUp() {
        let first = hub.connect(Sample.opening(Sample.ann, [Sample.room: 2]))
        let watch = hub.beginReading()
        let opening = Sample.opening(Sample.bob, session: 2, [Sample.room: 4])
        let (slot, actions) = hub.open(opening, watch: watch, now: 0)
        #expect(actions == [.timer(.gap(Sample.room), afterMs: 25)])
        let late = hub.hear(Sample.posted(3), Sample.posted(4), Sample.posted(5))
        #expect(late.events(for: first).map(\.interval) == [[2, 3], [3, 4], [4, 5]])
        #expect(late.events(for: slot).map(\.interval) == [[4, 5]])
    }

    /// The event itself was announced to nobody: only the commit log told of it, while nobody listened here.
    @Test mutating func aHeadHeardWhileReadingIsFetched() {
        let watch = hub.beginReading()
        #expect(hub.hear([CommitLogPage.Head(conversation: Sample.room, rev: 3)]).isEmpty)
        let (_, actions) = hub.open(Sample.opening(Sample.ann, [Sample.room: 2]), watch: watch, now: 0)
        #expect(actions.timers == [.gap(Sample.room)])
        #expect(hub.fired(.gap(Sample.room), now: 25) == [.fetch(Sample.room, since: 2)])
    }

    @Test mutating func anOwnHeadHeardWhileReadingIsFetched() {
        let watch = hub.beginReading()
        #expect(hub.hear([], own: [CommitLogPage.OwnHead(user: Sample.ann, rev: 4)]).isEmpty)
        let (_, actions) = hub.open(Sample.opening(Sample.ann, own: 3), watch: watch, now: 0)
        #expect(actions.timers == [.ownGap(Sample.ann)])
    }

    @Test mutating func whoIsRemovedWhileReadingGetsLeftAndNothingAfterIt() {
        let stays = hub.connect(Sample.opening(Sample.ann, [Sample.room: 2]))
        let watch = hub.beginReading()
        let live = hub.hear(Sample.posted(3), Sample.departed(Sample.bob, 4), Sample.posted(5))
        #expect(live.events(for: stays).count == 3)
        let opening = Sample.opening(Sample.bob, session: 2, [Sample.room: 2])
        let (slot, actions) = hub.open(opening, watch: watch, now: 0)
        #expect(
            actions.events(for: slot) == [
                .message(conversation: Sample.room, after: 2, rev: 3, message: Sample.message(3)),
                .left(conversation: Sample.room, rev: 4, reason: .removed),
            ]
        )
        #expect(hub.hear(Sample.posted(6)).events(for: slot).isEmpty)
    }

    @Test mutating func whoseSessionEndsWhileReadingIsClosed() {
        let watch = hub.beginReading()
        _ = hub.receive(Commit(endedSessions: [makeID(9)]), now: 0)
        let (slot, actions) = hub.open(Sample.opening(Sample.ann, session: 9), watch: watch, now: 0)
        #expect(actions == [.close(slot, .sessionEnded)])
    }

    @Test mutating func whatIsHeardBeforeAReadingIsNotKept() {
        _ = hub.hear(Sample.posted(1))
        let watch = hub.beginReading()
        #expect(hub.isCovered(watch))
        let (slot, actions) = hub.open(Sample.opening(Sample.ann), watch: watch, now: 0)
        #expect(actions.events(for: slot).isEmpty, "the snapshot would have had it")
    }

    @Test mutating func moreThanCanBeKeptMustBeReadAgain() {
        let watch = hub.beginReading()
        for rev in 1...20_001 { _ = hub.hear(Sample.posted(Int64(rev))) }
        #expect(!hub.isCovered(watch))
        hub.endReading(watch)
        let second = hub.beginReading()
        #expect(hub.isCovered(second))
    }

    @Test mutating func whenNobodyReadsNothingIsKept() {
        let watch = hub.beginReading()
        _ = hub.hear(Sample.posted(3))
        hub.endReading(watch)
        let second = hub.beginReading()
        let (slot, actions) = hub.open(Sample.opening(Sample.ann, [Sample.room: 2]), watch: second, now: 0)
        #expect(actions.events(for: slot).isEmpty)
    }

    // MARK: - Resume

    @Test mutating func theLatestEventsAnswerAResumeWithoutTheStore() {
        _ = hub.connect(Sample.opening(Sample.ann, [Sample.room: 2]))
        _ = hub.hear(Sample.posted(3), Sample.posted(4), Sample.posted(5))
        let page = hub.resume(Sample.room, from: 3, head: 5)
        #expect(page?.messages.map(\.seq) == [4, 5])
        #expect(page?.upTo == 5 && page?.head == 5 && page?.more == false)
    }

    @Test mutating func aRingThatHasNotAllOfItAnswersNothing() {
        _ = hub.connect(Sample.opening(Sample.ann, [Sample.room: 2]))
        _ = hub.hear(Sample.posted(3), Sample.posted(4))
        #expect(hub.resume(Sample.room, from: 1, head: 4) == nil, "3 is the first it has")
        #expect(hub.resume(Sample.room, from: 2, head: 5) == nil, "the store is ahead")
        #expect(hub.resume(Sample.room, from: 2, head: 3) == nil, "the snapshot is older")
        #expect(hub.resume(Sample.hall, from: 0, head: 0) == nil)
        for rev in 5...40 { _ = hub.hear(Sample.posted(Int64(rev))) }
        #expect(hub.resume(Sample.room, from: 2, head: 40) == nil, "it is bounded")
        #expect(hub.resume(Sample.room, from: 30, head: 40)?.messages.count == 10)
    }

    @Test mutating func aRowThatChangedTwiceIsAnsweredOnceByItsLatestState() {
        _ = hub.connect(Sample.opening(Sample.ann, [Sample.room: 0]))
        var edited = Sample.message(1)
        edited.rev = 3
        edited.body = "edited"
        let change = LogEvent(conversation: Sample.room, after: 2, rev: 3, messages: [edited], memberCount: 3)
        _ = hub.hear(Sample.posted(1), Sample.posted(2), change)
        #expect(hub.resume(Sample.room, from: 0, head: 3)?.messages == [Sample.message(2), edited])
    }
}
