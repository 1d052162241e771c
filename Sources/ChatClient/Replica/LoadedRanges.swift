// Which messages of a conversation a client holds: closed ranges that `history` brought, and the open end that
// live events extend.

/// A set of `seq`: disjoint closed ranges, ascending and not adjacent, and everything from `tail` on.
struct LoadedRanges: Sendable, Equatable {
    private(set) var closed: [ClosedRange<Int64>] = []
    /// Everything from here on is held, as far as it exists.
    private(set) var tail: Int64

    init(tail: Int64) { self.tail = tail }

    func contains(_ seq: Int64) -> Bool {
        if seq >= tail { return true }
        return closed.contains { $0.contains(seq) }
    }

    mutating func insert(_ range: ClosedRange<Int64>) {
        var merged = range
        closed.removeAll { other in
            guard other.upperBound >= merged.lowerBound - 1, other.lowerBound <= merged.upperBound + 1 else {
                return false
            }
            merged = min(other.lowerBound, merged.lowerBound)...max(other.upperBound, merged.upperBound)
            return true
        }
        if merged.upperBound >= tail - 1 {
            tail = min(tail, merged.lowerBound)
        } else {
            let index = closed.firstIndex { $0.lowerBound > merged.upperBound } ?? closed.endIndex
            closed.insert(merged, at: index)
        }
    }

    /// Everything below `seq` is not held any more.
    mutating func removeBelow(_ seq: Int64) {
        tail = max(tail, seq)
        closed = closed.compactMap { range in
            range.upperBound < seq ? nil : max(range.lowerBound, seq)...range.upperBound
        }
    }

    /// Everything from `seq` on is not held any more; the tail begins at `tail`, where nothing exists yet.
    mutating func removeFrom(_ seq: Int64, tail newTail: Int64) {
        let oldTail = tail
        closed = closed.compactMap { range in
            range.lowerBound >= seq ? nil : range.lowerBound...min(range.upperBound, seq - 1)
        }
        tail = newTail
        if oldTail < seq { insert(oldTail...(seq - 1)) }
    }
}
