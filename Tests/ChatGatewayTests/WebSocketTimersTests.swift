// The timing wheel on a loop whose time is moved by hand.
import NIOCore
import NIOEmbedded
import Testing

@testable import ChatGateway

@Suite("Loop timers")
struct WebSocketTimersTests {
    final class Target: LoopTimerTarget {
        let loop: EmbeddedEventLoop
        var fired: [(tag: UInt8, at: Int64)] = []
        var again: [TimeAmount] = []
        var onFire: (UInt8) -> Void = { _ in }

        init(_ loop: EmbeddedEventLoop) { self.loop = loop }

        func loopTimerFired(tag: UInt8) -> TimeAmount? {
            self.fired.append((tag, Int64(self.loop.now.uptimeNanoseconds) / 1_000_000))
            self.onFire(tag)
            return self.again.isEmpty ? nil : self.again.removeFirst()
        }
    }

    let loop = EmbeddedEventLoop()

    @Test(
        "never early, at most two resolutions late",
        arguments: [0, 1, 99, 100, 101, 250, 2_000, 10_000, 51_200, 51_201, 120_000]
    )
    func punctual(delay: Int64) {
        let timers = LoopTimers(eventLoop: self.loop)
        let target = Target(self.loop)
        self.loop.advanceTime(by: .milliseconds(37))
        timers.schedule(after: .milliseconds(delay), target, tag: 1)
        self.step(.milliseconds(delay + 1_000))
        #expect(target.fired.count == 1)
        let late = (target.fired.first?.at ?? 0) - 37 - delay
        #expect((0...200).contains(late), "late by \(late)")
        #expect(timers.count == 0)
    }

    @Test("a thousand random deadlines, some cancelled, in order")
    func many() {
        var generator = Seeded(seed: 3)
        let timers = LoopTimers(eventLoop: self.loop)
        let target = Target(self.loop)
        var expected = 0
        var tokens: [LoopTimers.Token] = []
        for _ in 0..<1000 {
            tokens.append(
                timers.schedule(after: .milliseconds(.random(in: 0...90_000, using: &generator)), target, tag: 0)
            )
        }
        for (index, token) in tokens.enumerated() where index % 3 == 0 {
            timers.cancel(token)
            timers.cancel(token)
        }
        expected = 1000 - 334
        #expect(timers.count == expected)
        self.step(.seconds(91))
        #expect(target.fired.count == expected)
        #expect(timers.count == 0)
    }

    @Test("asks to be called again")
    func again() {
        let timers = LoopTimers(eventLoop: self.loop)
        let target = Target(self.loop)
        target.again = [.seconds(1), .seconds(60)]
        timers.schedule(after: .seconds(2), target, tag: 9)
        self.step(.seconds(70))
        #expect(target.fired.map(\.tag) == [9, 9, 9])
        #expect(target.fired.map { $0.at / 1000 } == [2, 3, 63])
    }

    @Test("may cancel, schedule and be called again from within")
    func reentrant() {
        let timers = LoopTimers(eventLoop: self.loop)
        let target = Target(self.loop)
        let other = timers.schedule(after: .milliseconds(500), target, tag: 2)
        var own: LoopTimers.Token?
        target.onFire = { [unowned target] tag in
            guard tag == 1 else { return }
            timers.cancel(other)
            own.map(timers.cancel)
            timers.schedule(after: .zero, target, tag: 3)
            // It asks to be called again, but is cancelled already.
            target.again = [.seconds(1)]
        }
        own = timers.schedule(after: .milliseconds(500), target, tag: 1)
        timers.schedule(after: .milliseconds(500), target, tag: 4)
        self.step(.seconds(5))
        let tags = target.fired.map(\.tag)
        // Of deadlines in the same tick nobody knows which is first; 2 may have come before its cancellation.
        #expect(tags.filter { $0 != 2 }.sorted() == [1, 3, 4])
        #expect(timers.count == 0)
    }

    @Test("an out-of-date token does not touch the row's next owner")
    func staleToken() {
        let timers = LoopTimers(eventLoop: self.loop)
        let target = Target(self.loop)
        let stale = timers.schedule(after: .seconds(1), target, tag: 1)
        timers.cancel(stale)
        timers.schedule(after: .seconds(1), target, tag: 2)
        timers.cancel(stale)
        self.step(.seconds(2))
        #expect(target.fired.map(\.tag) == [2])
    }

    @Test("holds its target no longer than it must")
    func lifetime() {
        let timers = LoopTimers(eventLoop: self.loop)
        var target: Target? = Target(self.loop)
        weak let weakTarget = target
        let token = target.map { timers.schedule(after: .seconds(60), $0, tag: 0) }
        target = nil
        #expect(weakTarget != nil)
        token.map(timers.cancel)
        #expect(weakTarget == nil)
    }

    @Test("sleeps through a long pause of the loop without losing anything")
    func pause() {
        let timers = LoopTimers(eventLoop: self.loop)
        let target = Target(self.loop)
        for seconds in 1...100 {
            timers.schedule(after: .seconds(Int64(seconds)), target, tag: 0)
        }
        // One jump, as after a suspended process: longer than a round of the wheel.
        self.loop.advanceTime(by: .seconds(1000))
        self.step(.seconds(1))
        #expect(target.fired.count == 100)
    }

    @Test("end of tick: once for each who asked, after what runs now")
    func endOfTick() {
        let timers = LoopTimers(eventLoop: self.loop)
        let target = Target(self.loop)
        target.onFire = { tag in if tag == 1 { timers.atEndOfTick(target, tag: 5) } }
        timers.atEndOfTick(target, tag: 1)
        timers.atEndOfTick(target, tag: 2)
        #expect(target.fired.isEmpty)
        self.loop.run()
        #expect(target.fired.map(\.tag) == [1, 2, 5])
    }

    /// Moves time on in small steps, as it passes.
    private func step(_ time: TimeAmount) {
        var left = time.nanoseconds
        while left > 0 {
            let piece = min(left, 10_000_000)
            self.loop.advanceTime(by: .nanoseconds(piece))
            left -= piece
        }
    }
}
