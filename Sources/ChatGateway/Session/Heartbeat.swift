// Whether the other side is still there: pings, and whether what is written is read (trust.md, W6 and W9).
import NIOCore

struct Heartbeat {
    enum Step: Equatable {
        case ping
        case wait
        case dead
    }

    private let heartbeatMs: Int64
    private let pongMs: Int64
    private let stalledMs: Int64
    private var heardAt: Int64
    private var pingedAt: Int64?
    /// Since when nothing was taken by the other side, and how much was unsent then.
    private var stalled: (since: Int64, unsent: Int)?
    private(set) var next: TimeAmount

    init(times: Gateway.Times, now: Int64) {
        heartbeatMs = times.heartbeatMs
        pongMs = times.pongMs
        stalledMs = times.stalledMs
        heardAt = now
        // Spread over the interval, so that connections made together do not ping together.
        next = .milliseconds(Int64.random(in: heartbeatMs / 2...max(heartbeatMs / 2, heartbeatMs)))
    }

    var interval: TimeAmount { next }

    mutating func heard(now: Int64) {
        heardAt = now
        pingedAt = nil
    }

    /// The time for a look has come. Afterwards ``next`` says when the next one is due.
    mutating func step(now: Int64, isWritable: Bool, unsent: Int) -> Step {
        if isWritable || unsent == 0 {
            stalled = nil
        } else if let since = stalled, unsent >= since.unsent {
            // What is queued only grows: nothing was taken.
            if now - since.since >= stalledMs { return .dead }
        } else {
            stalled = (now, unsent)
        }
        if let pingedAt {
            // While the other side does not read, a pong cannot be expected.
            if stalled == nil, now - pingedAt >= pongMs { return .dead }
            next = .milliseconds(pongMs)
            return .wait
        }
        if now - heardAt >= heartbeatMs, stalled == nil {
            pingedAt = now
            next = .milliseconds(pongMs)
            return .ping
        }
        let untilPing = max(100, heartbeatMs - (now - heardAt))
        next = .milliseconds(stalled == nil ? untilPing : min(untilPing, max(100, stalledMs / 6)))
        return .wait
    }
}
