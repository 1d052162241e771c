// One connection on its event loop: performs what the value-type Session decides.
import ChatCore
import ChatProtocol
import Logging
import Metrics
import NIOCore
import Synchronization

/// Behind the `WebSocketHandler` in the pipeline. Confined to its event loop; owns no task.
final class SessionHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketInbound

    enum Deadline {
        static let hello: UInt8 = 1
        static let heartbeat: UInt8 = 2
        static let moving: UInt8 = 3
    }

    let loop: LoopHub
    let socket: WebSocketHandler
    let channel: any Channel
    let handshake: Handshake
    let key: ConnectionKey
    let record: ConnectionRecord
    var session: Session
    /// Set while the hub delivers here.
    var slot: Int32?
    var opening: Opening?
    private var helloToken: LoopTimers.Token?
    private var heartbeatToken: LoopTimers.Token?
    private var movingToken: LoopTimers.Token?
    private var heartbeat: Heartbeat
    private var isCongested = false
    private var isGone = false

    init(loop: LoopHub, socket: WebSocketHandler, channel: any Channel, handshake: Handshake) {
        self.loop = loop
        self.socket = socket
        self.channel = channel
        self.handshake = handshake
        key = loop.nextKey()
        record = ConnectionRecord(key: key, now: loop.now)
        session = Session(limits: loop.node.configuration.limits)
        heartbeat = Heartbeat(times: loop.node.configuration.times, now: loop.now)
    }

    var configuration: Gateway.Configuration { loop.node.configuration }
    var chat: Chat { loop.node.chat }

    /// A name for logs and support.
    var name: String { "\(configuration.node)-\(key.loop)-\(key.number)" }

    /// The connection is in the pipeline.
    func begin() {
        loop.add(self)
        loop.node.metrics.connections.increment()
        // Without an origin there is no page to judge, and no cookie counts.
        if let origin = handshake.origin, !configuration.origins.allows(origin, host: handshake.host) {
            return perform(session.close(.originNotAllowed, "This page may not talk to this server."))
        }
        helloToken = loop.timers.schedule(
            after: .seconds(configuration.limits.helloSeconds),
            self,
            tag: Deadline.hello
        )
        heartbeatToken = loop.timers.schedule(after: heartbeat.interval, self, tag: Deadline.heartbeat)
    }

    // MARK: - Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let now = loop.now
        heartbeat.heard(now: now)
        record.lastActive.store(now, ordering: .relaxed)
        switch unwrapInboundIn(data) {
        case .text(let buffer): perform(session.received(buffer.readableBytesView, now: now))
        case .binary: perform(session.receivedBinary())
        case .ping, .pong: break
        case .closed(let code): ended(code)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if channel.isWritable { relieve() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .quiescing? = event as? WebSocketEvent { move() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended(nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Whatever goes wrong ends this connection, and nothing else (trust.md, T6).
        loop.node.logger.debug("A connection failed.", metadata: .keys([.errorType: "\(type(of: error))"]))
        context.close(promise: nil)
    }

    // MARK: - Outbound

    /// An event that the hub sends here.
    func deliver(_ frame: ByteBuffer) {
        socket.send(.encoded(frame))
        guard !isCongested, socket.unsentBytes > Int(configuration.limits.outboundBytes), let slot else { return }
        isCongested = true
        loop.setCongested(slot, true)
    }

    func write(_ text: [UInt8]) {
        socket.send(.text(ByteBuffer(bytes: text)))
    }

    /// The socket has taken most of what was queued.
    private func relieve() {
        perform(session.setChoked(false))
        guard isCongested, let slot else { return }
        isCongested = false
        loop.setCongested(slot, false)
    }

    /// Closes for a reason of the node's.
    func close(_ code: CloseCode, _ reason: String) {
        perform(session.close(code, reason))
    }

    // MARK: - Actions

    func perform(_ actions: [Session.Action]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: Session.Action) {
        switch action {
        case .hello(let id, let hello): open(id, hello)
        case .append(let id, let send): append(id, send)
        case .perform(let id, let command, let lane): run(id, command, lane)
        case .reply(let text): write(text)
        case .refused(let code): loop.node.metrics.errors(code).increment()
        case .close(let code, let reason):
            loop.node.metrics.closes(code).increment()
            socket.send(.close(code: code.rawValue, reason: reason))
        case .pause: socket.pauseReading()
        case .resume: socket.resumeReading()
        }
    }

    /// A command ended; its reply goes out, and what waited for it begins.
    func finish(_ frame: [UInt8], _ lane: Session.Lane) {
        perform(session.finished(frame, lane, now: loop.now))
        if lane == .bulk, socket.unsentBytes > FixedLimits.bulkBytes {
            perform(session.setChoked(true))
        }
    }

    /// The deadline for `hello` is off.
    func stopWaitingForHello() {
        if let helloToken { loop.timers.cancel(helloToken) }
        helloToken = nil
    }

    private func move() {
        guard session.isOpen, movingToken == nil else { return close(.draining, "") }
        let afterMs = Int64.random(in: 0...configuration.times.drainMs)
        write(Event.moving(afterMs: afterMs).encoded())
        movingToken = loop.timers.schedule(after: .milliseconds(afterMs), self, tag: Deadline.moving)
    }

    private func ended(_ code: UInt16?) {
        guard !isGone else { return }
        isGone = true
        session.closed()
        for token in [helloToken, heartbeatToken, movingToken] {
            if let token { loop.timers.cancel(token) }
        }
        loop.remove(self)
        slot = nil
        loop.node.metrics.connections.decrement()
        if let user = opening?.user.id {
            loop.node.registry.exit(key, of: user)
            loop.node.presence.disconnected(user, key)
        }
    }
}

extension SessionHandler: LoopTimerTarget {
    func loopTimerFired(tag: UInt8) -> TimeAmount? {
        switch tag {
        case Deadline.hello:
            perform(session.helloTimedOut())
            return nil
        case Deadline.moving:
            perform(session.close(.draining, #"{"afterMs":0}"#))
            return nil
        default:
            let step = heartbeat.step(now: loop.now, isWritable: channel.isWritable, unsent: socket.unsentBytes)
            switch step {
            case .ping: socket.send(.ping)
            case .wait: break
            case .dead:
                // Whoever does not read will not read the close frame either.
                loop.node.metrics.closes(.readsNothing).increment()
                perform(session.close(.readsNothing, "Nothing was read or said for too long."))
                channel.close(promise: nil)
                return nil
            }
            return heartbeat.next
        }
    }
}

@available(*, unavailable)
extension SessionHandler: Sendable {}
