// Token buckets: how many at once, how many over time, when to come back, and how much is remembered.
import ChatCore
import ChatProtocol
import Testing

@Suite struct RateLimiterTests {
    @Test func aBurstThenTheRate() {
        var buckets = TokenBuckets<String>(capacity: 10)
        for _ in 0..<20 { #expect(buckets.take("a", rate: .perSecond(5), burst: 20, now: 1_000) == nil) }
        #expect(buckets.take("a", rate: .perSecond(5), burst: 20, now: 1_000) == 200)
        #expect(buckets.take("a", rate: .perSecond(5), burst: 20, now: 1_199) == 1)
        #expect(buckets.take("a", rate: .perSecond(5), burst: 20, now: 1_200) == nil)
        #expect(buckets.take("a", rate: .perSecond(5), burst: 20, now: 1_200) == 200)
        // Others are not concerned.
        #expect(buckets.take("b", rate: .perSecond(5), burst: 20, now: 1_200) == nil)
        // A pause fills the bucket, but never beyond the burst.
        for _ in 0..<20 { #expect(buckets.take("a", rate: .perSecond(5), burst: 20, now: 1_000_000) == nil) }
        #expect(buckets.take("a", rate: .perSecond(5), burst: 20, now: 1_000_000) != nil)
    }

    @Test func refusalsCostNothing() {
        var buckets = TokenBuckets<String>(capacity: 10)
        #expect(buckets.take("a", rate: .perMinute(10), burst: 1, now: 0) == nil)
        for _ in 0..<100 { #expect(buckets.take("a", rate: .perMinute(10), burst: 1, now: 0) == 6_000) }
        #expect(buckets.take("a", rate: .perMinute(10), burst: 1, now: 6_000) == nil)
    }

    @Test(arguments: [Int64(1), 3, 7, 1_000, 4_000])
    func theRateHoldsOverTime(_ perSecond: Int64) {
        var buckets = TokenBuckets<Int>(capacity: 10)
        var taken: Int64 = 0
        for now in Int64(0)..<10_000 {
            for _ in 0..<5 where buckets.take(1, rate: .perSecond(perSecond), burst: 5, now: now) == nil { taken += 1 }
        }
        #expect(taken <= perSecond * 10 + 5 + perSecond / 100)
        #expect(taken >= perSecond * 10)
    }

    @Test func aRateOfZeroIsOff() {
        let limiter = RateLimiter()
        for _ in 0..<1_000 { #expect(limiter.take(.signIns("::1"), perSecond: 0, burst: 1, now: 0) == nil) }
    }

    @Test func extremeSettingsDoNotTrap() {
        var buckets = TokenBuckets<Int>(capacity: 10)
        #expect(buckets.take(1, rate: .perHour(1), burst: .max, now: 1) == nil)
        #expect(buckets.take(2, rate: .perSecond(.max), burst: 0, now: 1) == nil)
        #expect(buckets.take(3, rate: Rate(count: 1, perMs: 1), burst: -5, now: 0) == nil)
    }

    @Test func memoryIsBoundedAndTheBusiestAreKept() {
        var buckets = TokenBuckets<Int>(capacity: 100)
        for _ in 0..<50 { _ = buckets.take(-1, rate: .perHour(100), burst: 50, now: 0) }
        for key in 0..<100_000 { _ = buckets.take(key, rate: .perHour(100), burst: 50, now: 0) }
        #expect(buckets.count <= 100)
        #expect(buckets.take(-1, rate: .perHour(100), burst: 50, now: 0) != nil)
    }

    @Test func keysOfDifferentKindsAreDifferent() {
        let limiter = RateLimiter()
        #expect(limiter.take(.signIns("::1"), perSecond: 1, burst: 1, now: 0) == nil)
        #expect(limiter.take(.accounts("::1"), perSecond: 1, burst: 1, now: 0) == nil)
        #expect(limiter.take(.signIns("::1"), perSecond: 1, burst: 1, now: 0) != nil)
        limiter.reset(.signIns("::1"))
        #expect(limiter.take(.signIns("::1"), perSecond: 1, burst: 1, now: 0) == nil)
    }
}
