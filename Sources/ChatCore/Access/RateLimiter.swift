// Rates by key (a user, an address): token buckets in bounded memory. Time is a parameter, so tests need no waiting.
package import ChatProtocol
import Synchronization

/// So many per so long. A count of 0 switches the limit off.
package struct Rate: Sendable, Equatable {
    package var count: Int64
    package var perMs: Int64

    package init(count: Int64, perMs: Int64) {
        self.count = count
        self.perMs = perMs
    }

    package static func perSecond(_ count: Int64) -> Rate { Rate(count: count, perMs: 1_000) }
    package static func perMinute(_ count: Int64) -> Rate { Rate(count: count, perMs: 60_000) }
    package static func perHour(_ count: Int64) -> Rate { Rate(count: count, perMs: 3_600_000) }
}

/// Token buckets as plain state: for one event loop, a simulator, or behind a lock (``RateLimiter``).
///
/// A bucket is one number: the time at which it will be full again (the "generic cell rate algorithm"). A bucket that
/// is full is the same as none, so what is kept is only who was busy lately.
package struct TokenBuckets<Key: Hashable & Sendable>: Sendable {
    private let capacity: Int
    /// When each key's bucket is full again, microseconds of the caller's clock.
    private var fullAt: [Key: Int64] = [:]

    /// - Parameter capacity: how many busy keys are kept; beyond it those nearest to full are forgotten.
    package init(capacity: Int) {
        precondition(capacity >= 4, "a handful of keys is the least")
        self.capacity = capacity
    }

    /// How many keys are kept now.
    package var count: Int { fullAt.count }

    /// Takes a token: `nil` if there was one, else in how many milliseconds there will be one (at least 1). `burst`
    /// tokens may be taken at once from a full bucket (below 1 counts as 1); `now` is of a clock that never runs
    /// backwards, in milliseconds.
    package mutating func take(_ key: Key, rate: Rate, burst: Int64, now: Int64) -> Int64? {
        guard rate.count > 0 else { return nil }
        let now = now * 1_000
        let interval = max(1, rate.perMs * 1_000 / rate.count)
        let (depth, isTooDeep) = interval.multipliedReportingOverflow(by: max(1, burst) - 1)
        let full = max(fullAt[key] ?? now, now)
        let wait = full - now - (isTooDeep ? .max : depth)
        guard wait <= 0 else { return (wait + 999) / 1_000 }
        if fullAt.count >= capacity, fullAt[key] == nil { makeRoom(now: now) }
        fullAt[key] = full + interval
        return nil
    }

    /// Forgets a key: its bucket is full.
    package mutating func reset(_ key: Key) { fullAt[key] = nil }

    private mutating func makeRoom(now: Int64) {
        fullAt = fullAt.filter { $0.value > now }
        guard fullAt.count > capacity / 4 * 3 else { return }
        // Still crowded: those nearest to full lose least. A quarter at a time keeps the cost per call small.
        let times = fullAt.values.sorted()
        let border = times[times.count / 4]
        fullAt = fullAt.filter { $0.value > border }
    }
}

/// Whose rate it is.
package enum RateKey: Hashable, Sendable {
    /// Messages of a user, over all devices.
    case messages(UserID)
    /// WebSocket handshakes of an address.
    case handshakes(String)
    /// Sign-ins of an address.
    case signIns(String)
    /// New accounts of an address.
    case accounts(String)
    /// Other costly calls of a user (searching people, exporting).
    case costly(UserID)
}

/// Token buckets that many threads share.
package final class RateLimiter: Sendable {
    private let buckets: Mutex<TokenBuckets<RateKey>>

    /// - Parameter capacity: how many busy keys are kept; beyond it those nearest to full are forgotten.
    package init(capacity: Int = 100_000) {
        self.buckets = Mutex(TokenBuckets(capacity: capacity))
    }

    /// Takes a token: `nil` if there was one, else in how many milliseconds there will be one (at least 1). `burst`
    /// tokens may be taken at once from a full bucket (below 1 counts as 1); `now` is of a clock that never runs
    /// backwards, in milliseconds.
    package func take(_ key: RateKey, rate: Rate, burst: Int64, now: Int64) -> Int64? {
        buckets.withLock { $0.take(key, rate: rate, burst: burst, now: now) }
    }

    /// The same for a rate per second.
    package func take(_ key: RateKey, perSecond: Int64, burst: Int64, now: Int64) -> Int64? {
        take(key, rate: .perSecond(perSecond), burst: burst, now: now)
    }

    /// Forgets a key: its bucket is full.
    package func reset(_ key: RateKey) { buckets.withLock { $0.reset(key) } }
}
