// A position in a log (of a conversation, or the user's own) and what is known above it: protocol.md, section 3.

/// How far a reader has come in a log.
struct LogCursor: Sendable, Equatable {
    /// What to do with an event.
    enum Verdict: Sendable, Equatable {
        /// Known already.
        case ignore
        /// Apply; the position has moved.
        case apply
        /// Apply as rows; the position has not moved, for a sync is under way.
        case applyAsRows
        /// Apply as rows; something before it is missing, a sync is needed.
        case gap
    }

    private struct Interval: Sendable, Equatable {
        var after: Int64
        var rev: Int64
    }

    /// At most this many separate intervals are remembered while a sync is under way; what is above costs another sync.
    static let intervalLimit = 32

    /// Everything up to this `rev` has been applied.
    private(set) var position: Int64
    /// Whether a sync is needed or under way.
    private(set) var isCatchingUp = false
    private var isAgainNeeded = false
    private var heard: [Interval] = []

    init(position: Int64) { self.position = position }

    /// An event that covers (`after`, `rev`].
    mutating func hear(after: Int64, rev: Int64) -> Verdict {
        guard rev > position else { return .ignore }
        if isCatchingUp {
            remember(after: after, rev: rev)
            return .applyAsRows
        }
        guard after <= position else {
            isCatchingUp = true
            remember(after: after, rev: rev)
            return .gap
        }
        position = rev
        return .apply
    }

    /// Something is missing. Whatever was asked for before does not count: another sync must follow it.
    mutating func fallBehind() {
        if isCatchingUp { isAgainNeeded = true }
        isCatchingUp = true
    }

    /// A sync is about to be asked for: it will answer everything noticed until now.
    mutating func beginSync() {
        isCatchingUp = true
        isAgainNeeded = false
    }

    /// A page of a sync was applied. Answers whether another one is needed.
    mutating func finishPage(upTo: Int64, more: Bool) -> Bool {
        position = max(position, upTo)
        if more {
            isCatchingUp = true
            return true
        }
        // Intervals are ordered by `after`: those that join on count as applied, the rest is a gap.
        var joined = 0
        while joined < heard.count, heard[joined].after <= position {
            position = max(position, heard[joined].rev)
            joined += 1
        }
        heard.removeSubrange(..<joined)
        isCatchingUp = isAgainNeeded || !heard.isEmpty
        isAgainNeeded = false
        return isCatchingUp
    }

    /// The connection is gone: what was heard is forgotten, the next `hello` says what is missing.
    mutating func disconnect() {
        isCatchingUp = false
        isAgainNeeded = false
        heard = []
    }

    private mutating func remember(after: Int64, rev: Int64) {
        var merged = Interval(after: after, rev: rev)
        var first = heard.count
        while first > 0, heard[first - 1].rev >= after { first -= 1 }
        var last = first
        while last < heard.count, heard[last].after <= rev {
            merged.after = min(merged.after, heard[last].after)
            merged.rev = max(merged.rev, heard[last].rev)
            last += 1
        }
        if first == last, heard.count >= Self.intervalLimit {
            isAgainNeeded = true
            return
        }
        heard.replaceSubrange(first..<last, with: CollectionOfOne(merged))
    }
}
