// A socket between a device and a server: in order, late, and cut without a word. Its ends learn of a cut at different
// times, and what was under way may have arrived or not.
import ChatProtocol

final class SimLink {
    let number: Int
    unowned let world: SimWorld
    unowned let device: SimDevice
    let socket: UInt64
    var connection: SimConnection?
    private var random: SimRandom

    /// Bytes the server has written and the device has not taken.
    private(set) var unsent = 0
    private var queue: [SimFrame] = []
    private var isStalled = false
    private var isCut = false
    private var losesUnderWay = false
    private var isClosedByServer = false
    private var isOver = false
    private var lastUp: Int64 = 0
    private var lastDown: Int64 = 0

    init(number: Int, device: SimDevice, socket: UInt64, _ random: SimRandom) {
        self.number = number
        self.device = device
        self.world = device.world
        self.socket = socket
        self.random = random
    }

    private var now: Int64 { world.scheduler.now }

    // MARK: - Upwards

    func clientWrote(_ bytes: [UInt8]) {
        guard !isCut, !isOver else { return }
        guard let connection else { return }
        lastUp = max(lastUp, now + random.within(world.settings.latencyMs))
        connection.node.post(after: lastUp - now) { [self] in
            guard !(isCut && losesUnderWay) else { return }
            connection.received(bytes)
        }
    }

    /// The device closes; the server hears of it, unless the link is cut.
    func clientClosed() {
        guard !isOver else { return }
        isOver = true
        guard !isCut, let connection else { return }
        lastUp = max(lastUp, now + random.within(world.settings.latencyMs))
        connection.node.post(after: lastUp - now) { connection.ended() }
    }

    // MARK: - Downwards

    func serverWrote(_ frame: SimFrame) {
        guard !isClosedByServer else { return }
        guard !isCut, !isOver, !isStalled else {
            // The kernel takes it, until it is full.
            unsent += frame.bytes.count
            if !isCut, !isOver { queue.append(frame) }
            return
        }
        send(frame)
    }

    private func send(_ frame: SimFrame) {
        let swapped = world.mutant == .reorderSocket && random.chance(5)
        lastDown = max(lastDown, now + random.within(world.settings.latencyMs))
        world.scheduler.after(lastDown - now + (swapped ? 40 : 0)) { [self] in
            guard !(isCut && losesUnderWay), !isOver else { return }
            device.received(frame, on: self)
        }
    }

    func serverClosed(_ code: CloseCode, _ reason: String) {
        isClosedByServer = true
        guard !isCut, !isOver else { return }
        // A stalled reader finds what was queued, then the end.
        isStalled = false
        flush()
        lastDown = max(lastDown, now + random.within(world.settings.latencyMs))
        world.scheduler.after(lastDown - now) { [self] in end(code, reason) }
    }

    /// The process at the other end is gone: the kernel says so, or nobody does.
    func serverDied() {
        isClosedByServer = true
        guard !isOver else { return }
        losesUnderWay = random.chance(50)
        isCut = true
        world.scheduler.after(random.within(0...400)) { [self] in end(nil, "") }
    }

    // MARK: - Faults

    /// The cable is out.
    func cut() {
        guard !isCut, !isOver else { return }
        isCut = true
        losesUnderWay = random.chance(50)
        world.history.faults.cuts += 1
        world.scheduler.after(random.within(0...2_000)) { [self] in end(nil, "") }
        let connection = self.connection
        connection?.node.post(after: random.within(0...6_000)) { connection?.ended() }
    }

    /// The device takes nothing.
    func stall() { isStalled = true }

    func flow() {
        guard isStalled else { return }
        isStalled = false
        flush()
        let connection = self.connection
        connection?.node.post(after: 0) { connection?.relieve() }
    }

    private func flush() {
        let late = queue
        queue = []
        unsent = 0
        for frame in late { send(frame) }
    }

    private func end(_ code: CloseCode?, _ reason: String) {
        guard !isOver else { return }
        isOver = true
        device.closed(self, code, reason)
    }
}
