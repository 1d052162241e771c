// How guessing is slowed down, as a pure function of what was counted.
import ChatCore
import Testing

@Suite struct SignInFailuresTests {
    private let start: Int64 = 1_800_000_000_000

    @Test func delaysDoubleFromOneSecondToFifteenMinutes() {
        var failures = SignInFailures(count: 1, firstAt: start, lastAt: start)
        var delays: [Int64?] = []
        var now = start
        for _ in 0..<20 {
            delays.append(failures.delay(limit: 5, now: now))
            now += failures.delay(limit: 5, now: now) ?? 0
            #expect(failures.delay(limit: 5, now: now) == nil)
            failures = failures.failing(limit: 5, now: now)
        }
        let seconds: [Int64?] = [
            nil, nil, nil, nil, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900, 900,
        ]
        #expect(delays == seconds.map { $0.map { $0 * 1_000 } })
    }

    @Test func zeroSwitchesDelaysOff() {
        let failures = SignInFailures(count: 1_000, firstAt: start, lastAt: start)
        #expect(failures.delay(limit: 0, now: start) == nil)
    }

    @Test func aClockThatWasSetBackLocksNobodyOut() {
        let failures = SignInFailures(count: 30, firstAt: start, lastAt: start)
        #expect(failures.delay(limit: 5, now: start - 86_400_000) == SignInFailures.mostDelayMs)
        #expect(failures.failing(limit: 5, now: start - 86_400_000).count == 31)
    }

    @Test func hugeCountsDoNotTrap() {
        let failures = SignInFailures(count: .max - 1, firstAt: 0, lastAt: start)
        #expect(failures.delay(limit: 1, now: start) == SignInFailures.mostDelayMs)
        #expect(failures.failing(limit: 5, now: start).count == .max)
    }
}
