// Deadlines of many connections on one event loop: a hashed timing wheel with a single scheduled task per loop, so that
// a connection with three deadlines costs no timer of its own, only a row here. Also "at the end of this tick", once
// per tick however many ask, which is how connections flush once for many writes.
//
// Confined to its event loop. Times are the loop's own, so a test's loop decides what time it is.
package import NIOCore

/// Who is told that a deadline has passed.
package protocol LoopTimerTarget: AnyObject {
    /// The deadline asked for with this tag has passed (never early, late by at most two resolutions).
    /// - Returns: nil if that was all; a time to be called again after it.
    func loopTimerFired(tag: UInt8) -> TimeAmount?
}

/// The deadlines of one event loop.
package final class LoopTimers {
    /// Names one scheduled deadline, for cancelling it. Harmless when out of date.
    package struct Token: Sendable, Hashable {
        fileprivate let index: Int32
        fileprivate let generation: UInt32
    }

    private struct Row {
        var target: (any LoopTimerTarget)?
        var deadline: NIODeadline
        var generation: UInt32
        var next: Int32
        var previous: Int32
        var slot: Int16
        var tag: UInt8
    }

    private static let none: Int32 = -1
    private static let slotCount = 512

    private let eventLoop: any EventLoop
    private let resolution: TimeAmount
    private var rows: ContiguousArray<Row> = []
    private var firstFree = LoopTimers.none
    private var slots = ContiguousArray<Int32>(repeating: LoopTimers.none, count: LoopTimers.slotCount)
    /// The tick up to which all slots have been served; the wheel stands still while it is empty.
    private var servedTick: Int64 = 0
    private var tickScheduled = false
    private var atTickEnd: ContiguousArray<(target: any LoopTimerTarget, tag: UInt8)> = []

    /// The number of deadlines that are waiting.
    package private(set) var count = 0

    /// - Parameters:
    ///   - eventLoop: the loop on which everything here happens.
    ///   - resolution: how often the wheel looks; a deadline may be late by twice that.
    package init(eventLoop: any EventLoop, resolution: TimeAmount = .milliseconds(100)) {
        precondition(resolution > .zero, "a wheel needs a resolution")
        self.eventLoop = eventLoop
        self.resolution = resolution
    }

    /// Calls `target.loopTimerFired(tag:)` when `delay` has passed. The target is held until then; cancel what is no
    /// longer wanted when a connection ends.
    @discardableResult
    package func schedule(after delay: TimeAmount, _ target: any LoopTimerTarget, tag: UInt8) -> Token {
        self.eventLoop.preconditionInEventLoop()
        if self.count == 0 {
            self.servedTick = self.tick(of: self.eventLoop.now)
        }
        let index = self.takeRow()
        self.rows[Int(index)].target = target
        self.rows[Int(index)].tag = tag
        self.link(index, deadline: self.eventLoop.now + max(delay, .zero))
        self.count += 1
        self.scheduleTick()
        return Token(index: index, generation: self.rows[Int(index)].generation)
    }

    /// Forgets a deadline. Nothing happens if it has passed or was cancelled.
    package func cancel(_ token: Token) {
        self.eventLoop.preconditionInEventLoop()
        let index = Int(token.index)
        guard self.rows.indices.contains(index), self.rows[index].generation == token.generation,
            self.rows[index].target != nil
        else { return }
        self.unlink(token.index)
        self.freeRow(token.index)
    }

    /// Calls `target.loopTimerFired(tag:)` once, when what the loop is doing now is done. The answer is ignored.
    package func atEndOfTick(_ target: any LoopTimerTarget, tag: UInt8) {
        self.eventLoop.preconditionInEventLoop()
        self.atTickEnd.append((target, tag))
        guard self.atTickEnd.count == 1 else { return }
        self.eventLoop.assumeIsolated().execute {
            var due: ContiguousArray<(target: any LoopTimerTarget, tag: UInt8)> = []
            swap(&due, &self.atTickEnd)
            for (target, tag) in due {
                _ = target.loopTimerFired(tag: tag)
            }
        }
    }

    // MARK: - The wheel

    private func tick(of deadline: NIODeadline) -> Int64 {
        Int64(deadline.uptimeNanoseconds) / self.resolution.nanoseconds
    }

    private func scheduleTick() {
        guard !self.tickScheduled else { return }
        self.tickScheduled = true
        _ = self.eventLoop.assumeIsolated().scheduleTask(in: self.resolution) { self.turn() }
    }

    /// Serves every slot between the last turn and now, each at most once.
    private func turn() {
        self.tickScheduled = false
        let now = self.eventLoop.now
        let current = self.tick(of: now)
        let first = max(self.servedTick, current - Int64(Self.slotCount) + 1)
        for tick in stride(from: first, through: current, by: 1) {
            self.serve(slot: Int(tick % Int64(Self.slotCount)), now: now)
        }
        self.servedTick = current
        if self.count > 0 {
            self.scheduleTick()
        }
    }

    /// Fires what is due in a slot. The due rows are taken out first: a target may schedule and cancel as it likes.
    private func serve(slot: Int, now: NIODeadline) {
        var due: ContiguousArray<Token> = []
        var index = self.slots[slot]
        while index != Self.none {
            let row = self.rows[Int(index)]
            if row.deadline <= now {
                due.append(Token(index: index, generation: row.generation))
            }
            index = row.next
        }
        for token in due {
            let row = self.rows[Int(token.index)]
            guard row.generation == token.generation, let target = row.target else { continue }
            let again = target.loopTimerFired(tag: row.tag)
            // It may have cancelled itself meanwhile.
            guard self.rows[Int(token.index)].generation == token.generation else { continue }
            self.unlink(token.index)
            if let again {
                self.link(token.index, deadline: self.eventLoop.now + max(again, .zero))
            } else {
                self.freeRow(token.index)
            }
        }
    }

    private func takeRow() -> Int32 {
        if self.firstFree != Self.none {
            let index = self.firstFree
            self.firstFree = self.rows[Int(index)].next
            return index
        }
        self.rows.append(
            Row(target: nil, deadline: .now(), generation: 0, next: Self.none, previous: Self.none, slot: 0, tag: 0)
        )
        return Int32(self.rows.count - 1)
    }

    private func freeRow(_ index: Int32) {
        self.rows[Int(index)].target = nil
        self.rows[Int(index)].generation &+= 1
        self.rows[Int(index)].next = self.firstFree
        self.firstFree = index
        self.count -= 1
    }

    private func link(_ index: Int32, deadline: NIODeadline) {
        // A slot is served in the tick of its deadline and looked at once per round; one tick later the deadline has
        // surely passed, so a row never waits a round for a fraction of a tick.
        let slot = Int((self.tick(of: deadline) + 1) % Int64(Self.slotCount))
        let head = self.slots[slot]
        self.rows[Int(index)].deadline = deadline
        self.rows[Int(index)].slot = Int16(slot)
        self.rows[Int(index)].previous = Self.none
        self.rows[Int(index)].next = head
        if head != Self.none {
            self.rows[Int(head)].previous = index
        }
        self.slots[slot] = index
    }

    private func unlink(_ index: Int32) {
        let row = self.rows[Int(index)]
        if row.previous != Self.none {
            self.rows[Int(row.previous)].next = row.next
        } else {
            self.slots[Int(row.slot)] = row.next
        }
        if row.next != Self.none {
            self.rows[Int(row.next)].previous = row.previous
        }
    }
}

@available(*, unavailable)
extension LoopTimers: Sendable {}

/// The timers of every loop of a group, made once at start.
package struct LoopTimersByLoop: Sendable {
    private let boxes: [ObjectIdentifier: NIOLoopBoundBox<LoopTimers>]
    private let resolution: TimeAmount

    package init(group: any EventLoopGroup, resolution: TimeAmount = .milliseconds(100)) {
        var boxes: [ObjectIdentifier: NIOLoopBoundBox<LoopTimers>] = [:]
        for loop in group.makeIterator() {
            boxes[ObjectIdentifier(loop)] = .makeBoxSendingValue(
                LoopTimers(eventLoop: loop, resolution: resolution),
                eventLoop: loop
            )
        }
        self.boxes = boxes
        self.resolution = resolution
    }

    /// The timers of a loop; to be called on that loop. A loop that is not of the group gets timers of its own.
    package func timers(of eventLoop: any EventLoop) -> LoopTimers {
        self.boxes[ObjectIdentifier(eventLoop)]?.value ?? LoopTimers(eventLoop: eventLoop, resolution: self.resolution)
    }
}
