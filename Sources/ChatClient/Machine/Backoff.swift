// How long to wait before the next try: between a minimum and a bound that doubles, with full jitter.

/// Waits that double up to a maximum.
enum Backoff {
    /// A wait after `attempts` failures in a row, in [minimum, bound], where the bound doubles from twice the minimum on.
    static func delay(attempts: Int, minimum: Int64, maximum: Int64, random: UInt64) -> Int64 {
        let doubled = minimum.multipliedReportingOverflow(by: Int64(2) << Int64(min(max(0, attempts), 32)))
        let bound = max(minimum, doubled.overflow ? maximum : min(maximum, doubled.partialValue))
        return minimum + Int64(random % UInt64(max(1, bound - minimum + 1)))
    }
}

/// A bucket of tokens by which a client keeps its own housekeeping below the server's rate of commands.
struct Pacer: Sendable, Equatable {
    private var thousandths: Int64 = 0
    private var perSecond: Int64 = 0
    private var burst: Int64 = 0
    private var filledAt: Int64 = 0

    /// No limit.
    init() {}

    /// Half of what the server allows, so that the other half is the app's.
    init(perSecond: Int64, burst: Int64, now: Int64) {
        guard perSecond > 0 else { return }
        self.perSecond = max(1, perSecond / 2)
        self.burst = max(1, burst / 2)
        thousandths = self.burst * 1_000
        filledAt = now
    }

    /// Takes a token, if there is one.
    mutating func take(now: Int64) -> Bool {
        guard perSecond > 0 else { return true }
        fill(now: now)
        guard thousandths >= 1_000 else { return false }
        thousandths -= 1_000
        return true
    }

    /// Everything was used up, as the server says.
    mutating func drain(now: Int64) {
        thousandths = 0
        filledAt = now
    }

    /// When there will be a token.
    func readyAt(now: Int64) -> Int64 {
        guard perSecond > 0, thousandths < 1_000 else { return now }
        return filledAt + (1_000 - thousandths + perSecond - 1) / perSecond
    }

    private mutating func fill(now: Int64) {
        thousandths = min(burst * 1_000, thousandths + max(0, now - filledAt) * perSecond)
        filledAt = now
    }
}
