// A token bucket in one number: the time at which the bucket will be full again (GCRA).

/// Lets `burst` through at once and `rate` per second in the long run; a rate of 0 lets everything through.
struct TokenBucket: Sendable {
    private let rate: Int64
    private let burst: Int64
    /// Thousandths of a millisecond on the monotonic clock.
    private var fullAt: Int64 = .min

    init(rate: Int64, burst: Int64) {
        self.rate = rate
        self.burst = min(max(1, burst), 1_000_000)
    }

    /// Takes a token. - Returns: `nil`, or after how many milliseconds there will be one.
    mutating func take(now: Int64) -> Int64? {
        guard rate > 0 else { return nil }
        let micros = now * 1_000
        let cost = max(1, 1_000_000 / rate)
        let start = max(fullAt, micros)
        let wait = start + cost - (micros + cost * burst)
        guard wait <= 0 else { return (wait + 999) / 1_000 }
        fullAt = start + cost
        return nil
    }
}
