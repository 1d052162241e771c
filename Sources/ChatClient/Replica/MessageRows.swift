// Rows of messages in the order of `seq`.

import ChatProtocol

/// A sorted array of rows; appending, the common case, is cheap.
struct MessageRows: Sendable, Equatable {
    private(set) var all: [Message] = []

    /// Where a `seq` is, or would be.
    func index(of seq: Int64) -> (index: Int, found: Bool) {
        guard let last = all.last, last.seq >= seq else { return (all.count, false) }
        var low = 0
        var high = all.count - 1
        while low < high {
            let middle = (low + high) / 2
            if all[middle].seq < seq { low = middle + 1 } else { high = middle }
        }
        return (low, all[low].seq == seq)
    }

    subscript(seq: Int64) -> Message? {
        let place = index(of: seq)
        return place.found ? all[place.index] : nil
    }

    /// Takes a row: the higher `rev` wins, `mine` absent leaves it as it was. Answers whether anything changed.
    mutating func merge(_ row: Message) -> Bool {
        let place = index(of: row.seq)
        guard place.found else {
            all.insert(row, at: place.index)
            return true
        }
        return Self.merge(row, into: &all[place.index])
    }

    /// The rule for two rows of one message.
    static func merge(_ row: Message, into stored: inout Message) -> Bool {
        if row.rev > stored.rev {
            let mine = row.mine ?? stored.mine
            stored = row
            stored.mine = row.isDeleted ? nil : mine
            return true
        }
        guard row.rev == stored.rev, let mine = row.mine, mine != stored.mine else { return false }
        stored.mine = mine
        return true
    }

    /// Sets the reader's reactions; a tombstone has none. Answers whether anything changed.
    mutating func setMine(_ mine: [String], seq: Int64) -> Bool {
        let place = index(of: seq)
        guard place.found, !all[place.index].isDeleted, all[place.index].mine != mine else { return false }
        all[place.index].mine = mine
        return true
    }

    mutating func remove(_ isRemoved: (Int64) -> Bool) { all.removeAll { isRemoved($0.seq) } }

    /// How many rows above a `seq` are tombstones.
    func tombstones(above seq: Int64) -> Int64 {
        var count: Int64 = 0
        for row in all.reversed() {
            guard row.seq > seq else { break }
            if row.isDeleted { count += 1 }
        }
        return count
    }
}
