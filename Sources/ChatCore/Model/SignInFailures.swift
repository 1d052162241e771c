// Slowing down those who guess passwords: a few free tries, then one per growing delay. Nobody is locked out for good.

/// The failed sign-ins of one key (an account, or one device of it), as they are stored.
package struct SignInFailures: Sendable, Equatable {
    package var count: Int64
    package var firstAt: Int64
    package var lastAt: Int64

    package init(count: Int64, firstAt: Int64, lastAt: Int64) {
        self.count = count
        self.firstAt = firstAt
        self.lastAt = lastAt
    }

    /// The free tries are counted in a window of this length.
    package static let windowMs: Int64 = 900_000
    /// The first delay; it doubles with each further failure.
    package static let leastDelayMs: Int64 = 1_000
    /// The longest delay.
    package static let mostDelayMs: Int64 = 900_000
    /// Failures beyond the free ones are forgotten after so long without any.
    package static let forgottenAfterMs: Int64 = 86_400_000

    /// In how many milliseconds the next try is allowed; `nil`: now. So many tries are free as `limit` says; 0 switches
    /// delays off.
    package func delay(limit: Int64, now: Int64) -> Int64? {
        guard limit > 0, count >= limit else { return nil }
        // A wall clock that was set back must not lock anybody out for longer than the delay.
        let elapsed = max(0, now - lastAt)
        let doublings = min(count - limit, 20)
        let delay = min(Self.leastDelayMs << doublings, Self.mostDelayMs)
        return elapsed < delay ? delay - elapsed : nil
    }

    /// The state after one more failure.
    package func failing(limit: Int64, now: Int64) -> SignInFailures {
        let isOver =
            count < limit
            ? now - firstAt > Self.windowMs
            : now - lastAt > Self.forgottenAfterMs
        return isOver
            ? SignInFailures(count: 1, firstAt: now, lastAt: now)
            : SignInFailures(count: count + 1, firstAt: firstAt, lastAt: now)
    }
}
