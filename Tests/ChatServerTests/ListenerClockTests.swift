// The times of a connection, with the time as a parameter.
import NIOCore
import Testing

@testable import ChatServer

@Suite("Listener: clock")
struct ListenerClockTests {
    static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    let clock = Bench(RequestClock(configuration: .init(maxConnections: 1), now: Self.start))

    /// A clock that an expectation may ask: those cannot mutate a value.
    final class Bench {
        var clock: RequestClock
        init(_ clock: RequestClock) { self.clock = clock }
        func copy() -> Bench { Bench(self.clock) }
        func received(_ count: Int, now: NIODeadline) -> Bool { self.clock.received(count, now: now) }
        func headerEnded(now: NIODeadline) { self.clock.headerEnded(now: now) }
        func requestEnded() { self.clock.requestEnded() }
        func becameIdle(now: NIODeadline) -> Bool { self.clock.becameIdle(now: now) }
        func unwanted() { self.clock.unwanted() }
        func look(now: NIODeadline, isWanted: Bool) -> RequestClock.Verdict {
            self.clock.look(now: now, isWanted: isWanted)
        }
    }

    func at(_ seconds: Double) -> NIODeadline { Self.start + .nanoseconds(Int64(seconds * 1e9)) }

    @Test("nothing said in ten seconds: hung up; something: 408")
    func firstHeader() {
        #expect(self.clock.look(now: self.at(4), isWanted: true) == .lookAgain(.seconds(6)))
        let other = self.clock.copy()
        #expect(self.clock.look(now: self.at(10), isWanted: true) == .hangUp)
        #expect(!other.received(1, now: self.at(9)))
        #expect(other.look(now: self.at(9.9), isWanted: true) == .lookAgain(.milliseconds(100)))
        #expect(other.look(now: self.at(10), isWanted: true) == .tooSlow)
    }

    @Test("a body must come at 1 KiB/s in every ten seconds")
    func body() {
        _ = self.clock.received(100, now: self.at(1))
        self.clock.headerEnded(now: self.at(1))
        _ = self.clock.received(10_240, now: self.at(2))
        #expect(self.clock.look(now: self.at(11), isWanted: true) == .lookAgain(.seconds(10)))
        _ = self.clock.received(10_239, now: self.at(12))
        #expect(self.clock.look(now: self.at(21), isWanted: true) == .tooSlow)
    }

    @Test("what nobody wants may take its time")
    func heldBack() {
        self.clock.headerEnded(now: self.at(0))
        self.clock.unwanted()
        #expect(self.clock.look(now: self.at(10), isWanted: false) == .lookAgain(.seconds(10)))
        // Not wanted at the beginning of this window either.
        #expect(self.clock.look(now: self.at(20), isWanted: true) == .lookAgain(.seconds(10)))
        // Wanted during all of this one.
        #expect(self.clock.look(now: self.at(30), isWanted: true) == .tooSlow)
    }

    @Test("an answer is waited for without limit, then the next request for a minute")
    func idle() {
        self.clock.headerEnded(now: self.at(0))
        self.clock.requestEnded()
        #expect(self.clock.look(now: self.at(1_000), isWanted: true) == .rest)
        #expect(self.clock.becameIdle(now: self.at(1_000)))
        #expect(self.clock.look(now: self.at(1_059), isWanted: true) == .lookAgain(.seconds(1)))
        let other = self.clock.copy()
        #expect(self.clock.look(now: self.at(1_060), isWanted: true) == .hangUp)
        #expect(other.received(1, now: self.at(1_050)))
        #expect(other.look(now: self.at(1_060), isWanted: true) == .tooSlow)
    }

    @Test("an answer that comes before its request is complete does not make the connection idle")
    func earlyAnswer() {
        self.clock.headerEnded(now: self.at(0))
        #expect(!self.clock.becameIdle(now: self.at(1)))
        #expect(self.clock.look(now: self.at(10), isWanted: true) == .tooSlow)
    }

    @Test(
        "dates as HTTP writes them",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        ]
    )
    func dates(seconds: Int, text: String) {
        #expect(RefusalWriter.date(seconds) == text)
    }
}
