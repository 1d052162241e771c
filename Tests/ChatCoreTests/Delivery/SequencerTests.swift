// Steps into order: early ones wait, late ones are dropped, a gap is named.
import ChatProtocol
import Testing

@testable import ChatCore

@Suite struct SequencerTests {
    private var sequencer = Sequencer<LogEvent>(position: 10)

    private func step(_ after: Int64, _ rev: Int64) -> LogEvent {
        LogEvent(conversation: makeID(1), after: after, rev: rev, memberCount: 1)
    }

    private mutating func take(_ after: Int64, _ rev: Int64) -> [Int64] {
        sequencer.take(step(after, rev)).map(\.rev)
    }

    @Test mutating func whatComesInOrderIsDueAtOnce() {
        #expect(take(10, 11) == [11])
        #expect(take(11, 14) == [14])
        #expect(sequencer.position == 14)
        #expect(!sequencer.hasGap)
    }

    @Test mutating func whatWasTakenIsDropped() {
        #expect(take(10, 12) == [12])
        #expect(take(10, 12).isEmpty)
        #expect(take(9, 11).isEmpty)
        #expect(sequencer.position == 12)
    }

    @Test mutating func whatComesEarlyWaitsForWhatIsMissing() {
        #expect(take(12, 13).isEmpty)
        #expect(sequencer.hasGap)
        #expect(take(11, 12).isEmpty)
        #expect(take(12, 13).isEmpty, "heard twice, delivered once")
        #expect(take(10, 11) == [11, 12, 13])
        #expect(!sequencer.hasGap)
    }

    @Test mutating func anIntervalThatOverlapsIsTaken() {
        #expect(take(10, 12) == [12])
        #expect(take(11, 15) == [15])
        #expect(sequencer.position == 15)
    }

    @Test mutating func earlyOnesThatTheMissingPartCoversAreDropped() {
        #expect(take(12, 13).isEmpty)
        #expect(take(13, 14).isEmpty)
        #expect(take(16, 17).isEmpty)
        #expect(take(10, 14) == [14])
        #expect(sequencer.hasGap, "15 and 16 are missing still")
        #expect(take(14, 16) == [16, 17])
    }

    @Test mutating func hearingOfMoreIsAGap() {
        sequencer.hear(10)
        #expect(!sequencer.hasGap)
        sequencer.hear(12)
        #expect(sequencer.hasGap)
        #expect(take(10, 12) == [12])
        #expect(!sequencer.hasGap)
    }

    @Test mutating func whatWaitsIsBoundedAndWhatIsDroppedStaysAGap() {
        let count = Int64(Sequencer<LogEvent>.maximumEarly)
        for rev in 12...(12 + count + 50) { _ = take(rev - 1, rev) }
        #expect(sequencer.waiting.count == Int(count))
        let due = take(10, 11)
        #expect(due == Array(11...(11 + count)))
        #expect(sequencer.hasGap)
        #expect(sequencer.head == 12 + count + 50)
    }
}
