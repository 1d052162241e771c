// Rows in a replica: which wins, which is dropped, what is counted.

import ChatProtocol
import Testing

@testable import ChatClient

@Suite("Replica")
struct ReplicaTests {
    func replica(lastSeq: Int64 = 3, readSeq: Int64 = 0, everything: Bool = true) -> ConversationReplica {
        var replica = ConversationReplica(
            row(lastSeq: lastSeq, own: ownState(readSeq: readSeq)),
            everything: everything
        )
        guard everything, lastSeq > 0 else { return replica }
        for seq in 1...lastSeq { _ = replica.apply(message(seq, rev: seq), sentBy: alice) }
        return replica
    }

    struct Merge: Sendable {
        var stored: (rev: Int64, mine: [String]?)
        var new: (rev: Int64, mine: [String]?)
        var kept: (rev: Int64, mine: [String]?)
    }

    @Test(
        "The higher rev wins; mine absent leaves it",
        arguments: [
            Merge(stored: (5, ["a"]), new: (6, nil), kept: (6, ["a"])),
            Merge(stored: (5, ["a"]), new: (6, ["b"]), kept: (6, ["b"])),
            Merge(stored: (5, ["a"]), new: (5, ["b"]), kept: (5, ["b"])),
            Merge(stored: (5, ["a"]), new: (5, nil), kept: (5, ["a"])),
            Merge(stored: (5, ["a"]), new: (4, ["b"]), kept: (5, ["a"])),
            Merge(stored: (5, nil), new: (4, nil), kept: (5, nil)),
        ]
    )
    func merging(_ row: Merge) {
        var rows = MessageRows()
        _ = rows.merge(message(1, rev: row.stored.rev, mine: row.stored.mine))
        _ = rows.merge(message(1, rev: row.new.rev, mine: row.new.mine))
        #expect(rows[1]?.rev == row.kept.rev)
        #expect(rows[1]?.mine == row.kept.mine)
    }

    @Test("The reader's reaction may come before the message's row")
    func earlyReaction() {
        var replica = replica(lastSeq: 3)
        _ = replica.apply(OwnRow.ReactionRow(rev: 1, conversation: replica.id, seq: 4, mine: ["+1"]))
        _ = replica.apply(message(4, rev: 5), sentBy: alice)
        #expect(replica.message(4)?.mine == ["+1"])
        // A row that says it itself was read later.
        _ = replica.apply(OwnRow.ReactionRow(rev: 2, conversation: replica.id, seq: 5, mine: ["+1"]))
        _ = replica.apply(message(5, rev: 8, mine: []), sentBy: alice)
        #expect(replica.message(5)?.mine == [])
    }

    @Test("A reaction that is told after the message was deleted changes nothing")
    func lateReaction() {
        var replica = replica(lastSeq: 3)
        var tombstone = message(3, rev: 5)
        tombstone.isDeleted = true
        _ = replica.apply(tombstone, sentBy: alice)
        let row = OwnRow.ReactionRow(rev: 1, conversation: replica.id, seq: 3, mine: ["+1"])
        #expect(replica.apply(row) == nil)
        #expect(replica.message(3)?.mine == nil)
    }

    @Test("Rows are in order of seq however they come")
    func sorted() {
        var generator = SeededGenerator(seed: 5)
        var rows = MessageRows()
        for seq in (1...200).map(Int64.init).shuffled(using: &generator) { _ = rows.merge(message(seq, rev: seq)) }
        #expect(rows.all.map(\.seq) == (1...200).map(Int64.init))
        #expect(rows[200]?.seq == 200)
        #expect(rows[201] == nil)
        #expect(rows[0] == nil)
    }

    struct Unread: Sendable {
        var readSeq: Int64
        var tombstones: [Int64]
        var unread: Int64
    }

    @Test(
        "Unread is what lies above the marker without tombstones",
        arguments: [
            Unread(readSeq: 0, tombstones: [], unread: 5),
            Unread(readSeq: 0, tombstones: [1, 5], unread: 3),
            Unread(readSeq: 3, tombstones: [1, 2], unread: 2),
            Unread(readSeq: 3, tombstones: [4], unread: 1),
            Unread(readSeq: 5, tombstones: [], unread: 0),
            Unread(readSeq: 4, tombstones: [5], unread: 0),
            Unread(readSeq: 3, tombstones: [4, 5], unread: 0),
        ]
    )
    func unread(_ row: Unread) {
        var replica = replica(lastSeq: 5, readSeq: row.readSeq)
        for seq in row.tombstones { _ = replica.apply(message(seq, rev: 9, isDeleted: true), sentBy: alice) }
        #expect(replica.unread == row.unread)
    }

    @Test("Where rows are missing above the marker, the server's number stands")
    func unreadTold() {
        var replica = ConversationReplica(row(lastSeq: 50, own: ownState(readSeq: 10, unread: 33)), everything: false)
        #expect(replica.unread == 33)
        _ = replica.load((11...50).map { message($0, rev: $0, isDeleted: $0 == 20) }, sentBy: alice)
        #expect(replica.unread == 39)
    }

    @Test("Sending moves the marker to one's own message")
    func ownMessage() {
        var replica = replica(lastSeq: 3)
        _ = replica.apply(message(4, rev: 9, from: alice), sentBy: alice)
        #expect(replica.own?.readSeq == 4)
        #expect(replica.unread == 0)
        _ = replica.apply(message(2, rev: 10, from: alice), sentBy: alice)
        #expect(replica.own?.readSeq == 4)
    }

    @Test("The own state: higher rev wins, the marker never goes back, left is for the left event")
    func ownRows() {
        var replica = replica()
        func apply(_ rev: Int64, readSeq: Int64, left: Bool = false) -> Bool {
            replica.apply(
                OwnRow.Membership(rev: rev, conversation: room, state: ownState(readSeq: readSeq), left: left)
            )
        }
        expect(apply(5, readSeq: 2))
        expect(!apply(4, readSeq: 3))
        #expect(replica.own?.readSeq == 2)
        expect(!apply(6, readSeq: 1))
        #expect(replica.own?.readSeq == 2)
        expect(!apply(7, readSeq: 3, left: true))
    }

    @Test("Members: higher rev wins, a late row does not bring back who left")
    func members() {
        var replica = replica()
        expect(replica.apply(member(bob, rev: 5)) != nil)
        expect(replica.apply(member(bob, rev: 7, leftAt: 9)) != nil)
        replica.beginRead()
        expect(replica.apply(member(bob, rev: 6)) == nil)
        replica.endRead()
        #expect(replica.members.isEmpty)
        #expect(replica.memberRows.isEmpty)
    }

    @Test("Markers of others: the furthest counts, rows without one leave it")
    func markers() {
        var replica = replica()
        _ = replica.apply(member(bob, rev: 5))
        expect(replica.apply(readSeq: 3, of: bob))
        expect(!replica.apply(readSeq: 2, of: bob))
        _ = replica.apply(member(bob, rev: 6))
        #expect(replica.member(bob)?.readSeq == 3)
        expect(!replica.apply(readSeq: 3, of: alice))
    }

    @Test("Members are counted where all are known, else told")
    func memberCount() {
        var known = ConversationReplica(row(members: [member(alice, rev: 1), member(bob, rev: 1)]), everything: false)
        _ = known.apply(member(bob, rev: 9, leftAt: 3))
        #expect(known.memberCount == 1)
        let told = ConversationReplica(row(), everything: false)
        #expect(told.memberCount == 2)
    }

    @Test("The conversation's row: higher rev wins, derived fields by the head")
    func rows() {
        var replica = replica()
        var new = row(rev: 2, head: 9, lastSeq: 8, name: "New")
        new.memberCount = 7
        expect(replica.apply(row: new))
        #expect(replica.row.name == "New")
        #expect(replica.lastSeq == 8)
        var old = row(rev: 1, head: 6, name: "Old")
        old.memberCount = 3
        expect(!replica.apply(row: old))
        #expect(replica.memberCount == 7)
    }

    @Test("The newest message is known even where no rows are loaded")
    func lastMessage() {
        var replica = ConversationReplica(row(lastSeq: 9), everything: false)
        _ = replica.apply(message(9, rev: 20), sentBy: alice)
        #expect(replica.lastMessage?.seq == 9)
        #expect(replica.messages.isEmpty)
        _ = replica.apply(message(9, rev: 19, body: "older"), sentBy: alice)
        #expect(replica.lastMessage?.rev == 20)
    }

    struct Trim: Sendable {
        var anchor: ClosedRange<Int64>?
        var kept: [ClosedRange<Int64>]
        var dropped: [ClosedRange<Int64>]
    }

    @Test(
        "Trimming drops what is farthest from the anchor",
        arguments: [
            Trim(anchor: nil, kept: [71...100], dropped: [1...70]),
            Trim(anchor: 1...20, kept: [1...30], dropped: [31...100]),
            Trim(anchor: 91...100, kept: [71...100], dropped: [1...70]),
            Trim(anchor: 40...50, kept: [21...50], dropped: [51...100, 1...20]),
        ]
    )
    func trim(_ row: Trim) {
        var replica = replica(lastSeq: 100)
        expect(replica.trim(to: 30, near: row.anchor) == row.dropped)
        #expect(replica.loaded == row.kept)
        #expect(replica.messages.map(\.seq) == row.kept.flatMap { Array($0) })
        _ = replica.apply(message(101, rev: 200), sentBy: alice)
        #expect(replica.message(101) != nil)
    }

    @Test("The reader's reactions may come before the message, and a heard row leaves those of the page")
    func early() {
        var replica = replica(lastSeq: 3)
        expect(replica.apply(OwnRow.ReactionRow(rev: 1, conversation: room, seq: 4, mine: ["a"])) == nil)
        expect(replica.apply(message(4, rev: 9), sentBy: alice)?.mine == ["a"])
        expect(replica.apply(OwnRow.ReactionRow(rev: 2, conversation: room, seq: 4, mine: []))?.mine == [])
        expect(replica.apply(message(4, rev: 10), sentBy: alice)?.mine == [])
        var told = ConversationReplica(row(lastSeq: 9), everything: false)
        told.beginRead()
        _ = told.apply(message(5, rev: 20), sentBy: alice)
        _ = told.load([message(5, rev: 6, mine: ["b"])], sentBy: alice)
        #expect(told.message(5)?.rev == 20)
        #expect(told.message(5)?.mine == ["b"])
    }

    @Test("Too many rows heard while history is read: its range is not taken for loaded")
    func heardLimit() {
        var replica = ConversationReplica(row(lastSeq: 5_000), everything: false)
        replica.beginRead()
        for seq in 1...Int64(ConversationReplica.heardLimit + 1) {
            _ = replica.apply(message(seq, rev: seq + 9_000), sentBy: alice)
        }
        #expect(replica.heardRows.count == ConversationReplica.heardLimit)
        _ = replica.load([message(1, rev: 1)], sentBy: alice)
        #expect(replica.loaded.isEmpty)
        replica.endRead()
        #expect(replica.heardRows.isEmpty)
        _ = replica.load([message(1, rev: 9_001)], sentBy: alice)
        #expect(replica.loaded == [1...1])
    }
}

@Suite("Ranges and cursors")
struct RangeTests {
    struct Insert: Sendable {
        var ranges: [ClosedRange<Int64>]
        var closed: [ClosedRange<Int64>]
        var tail: Int64
    }

    @Test(
        "Ranges join where they touch; the tail swallows what reaches it",
        arguments: [
            Insert(ranges: [1...2, 5...6], closed: [1...2, 5...6], tail: 20),
            Insert(ranges: [1...2, 3...4], closed: [1...4], tail: 20),
            Insert(ranges: [5...6, 1...2, 3...4], closed: [1...6], tail: 20),
            Insert(ranges: [1...9, 3...4], closed: [1...9], tail: 20),
            Insert(ranges: [15...19], closed: [], tail: 15),
            Insert(ranges: [15...25], closed: [], tail: 15),
            Insert(ranges: [10...14, 15...19], closed: [], tail: 10),
            Insert(ranges: [25...30], closed: [], tail: 20),
            Insert(ranges: [5...6, 18...19, 7...17], closed: [], tail: 5),
        ]
    )
    func insert(_ row: Insert) {
        var ranges = LoadedRanges(tail: 20)
        for range in row.ranges { ranges.insert(range) }
        #expect(ranges.closed == row.closed)
        #expect(ranges.tail == row.tail)
    }

    @Test("Ranges against a plain set, at random")
    func model() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            var ranges = LoadedRanges(tail: 40)
            var model = Set(Int64(40)...60)
            for _ in 0..<20 {
                let low = Int64(generator.below(45)) + 1
                if generator.chance(80) {
                    let range = low...(low + Int64(generator.below(6)))
                    ranges.insert(range)
                    model.formUnion(range)
                } else if generator.chance(50) {
                    ranges.removeBelow(low)
                    model = model.filter { $0 >= low }
                } else {
                    ranges.removeFrom(low, tail: 50)
                    model = model.filter { $0 < low || $0 >= 50 }.union(50...60)
                }
                let contained = (Int64(1)...60).filter { ranges.contains($0) }
                #expect(contained == model.sorted())
            }
        }
    }

    @Test("A cursor ends at the head whatever is lost, doubled or late")
    func cursor() {
        for seed in 0..<200 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var cursor = LogCursor(position: 0)
            var head: Int64 = 0
            var readAt: Int64?
            for _ in 0..<200 {
                if generator.chance(60) {
                    let after = head
                    head += Int64(1 + generator.below(3))
                    // Some events are lost, some come twice, some are behind.
                    if generator.chance(80) { _ = cursor.hear(after: after, rev: head) }
                    if generator.chance(10) { _ = cursor.hear(after: after, rev: head) }
                    if generator.chance(5) { cursor.fallBehind() }
                } else if let upTo = readAt {
                    readAt = nil
                    let more = generator.chance(20) && upTo > cursor.position + 1
                    if cursor.finishPage(upTo: more ? upTo - 1 : upTo, more: more) {
                        cursor.beginSync()
                        readAt = head
                    }
                } else if cursor.isCatchingUp {
                    cursor.beginSync()
                    readAt = head
                }
                #expect(cursor.position <= head)
            }
            cursor.fallBehind()
            cursor.beginSync()
            _ = cursor.finishPage(upTo: head, more: false)
            #expect(cursor.position == head)
            #expect(!cursor.isCatchingUp)
            head += 1
            expect(cursor.hear(after: head - 1, rev: head) == .apply)
        }
    }

    @Test("Intervals remembered have a bound; what is above costs another sync")
    func intervalLimit() {
        var cursor = LogCursor(position: 0)
        for number in 1...Int64(LogCursor.intervalLimit + 5) {
            _ = cursor.hear(after: number * 10, rev: number * 10 + 1)
        }
        cursor.beginSync()
        for number in 100...Int64(105) { _ = cursor.hear(after: number * 10, rev: number * 10 + 1) }
        expect(cursor.finishPage(upTo: 2_000, more: false))
        cursor.beginSync()
        expect(!cursor.finishPage(upTo: 2_000, more: false))
    }

    @Test("A pacer gives half the rate, and what was drained comes back with time")
    func pacer() {
        var pacer = Pacer(perSecond: 20, burst: 60, now: 0)
        let taken = (0..<31).map { _ in pacer.take(now: 0) }
        #expect(taken == Array(repeating: true, count: 30) + [false])
        #expect(pacer.readyAt(now: 0) == 100)
        expect(!pacer.take(now: 99))
        expect(pacer.take(now: 100))
        pacer.drain(now: 5_000)
        expect(!pacer.take(now: 5_050))
        expect(pacer.take(now: 5_100))
        var free = Pacer()
        expect(free.take(now: 0))
    }
}
