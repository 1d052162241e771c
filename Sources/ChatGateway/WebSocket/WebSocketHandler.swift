// The socket layer of one connection: bytes in, whole messages out, and the closing handshake in both directions.
// Reading is here; writing and closing are in WebSocketHandler+Writing.swift and WebSocketHandler+Closing.swift.
package import NIOCore

/// RFC 6455 for the server's side of one connection. The application handler sits behind it in the pipeline:
///
///     head (socket) ── WebSocketHandler ── application handler ── tail
///
/// Inbound it delivers `WebSocketInbound` and fires `WebSocketEvent`; outbound it takes `WebSocketOutbound` (by
/// `context.write`, or cheaper, without a box, by `send`) and `WebSocketReadControl` user events.
/// `channelWritabilityChanged` passes through.
///
/// Writes are collected in one buffer for each connection and given to the socket at the flush: many small frames of
/// one tick cost one write. `send` asks for that flush by itself.
///
/// Confined to the channel's event loop.
package final class WebSocketHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = WebSocketInbound
    package typealias OutboundIn = WebSocketOutbound
    package typealias OutboundOut = ByteBuffer

    /// The bounds of one connection.
    package struct Configuration: Sendable {
        /// The largest frame and the largest assembled message; over it: 1009.
        package var maxMessageBytes = 65_536
        /// The most fragments of one message; over it: 1009.
        package var maxFragments = 256
        /// How long a frame or message may stay unfinished; over it: 4200. Time during which reading is paused does
        /// not count.
        package var unfinishedTimeout = TimeAmount.seconds(10)
        /// How long a close frame of ours waits for the peer's before the connection is dropped.
        package var closeTimeout = TimeAmount.seconds(2)
        /// How long after `WebSocketEvent.quiescing` a connection that is still open is closed with 4203.
        package var quiesceTimeout = TimeAmount.seconds(10)

        package init() {}
    }

    /// How far the conversation is. Nothing is written once it is not open.
    enum Phase: Equatable {
        case open
        /// Our close frame is on its way; the peer's is awaited.
        case closing(code: UInt16)
        /// The peer's close frame was answered; the connection ends when the answer is out.
        case answered
        /// The peer broke a rule: our close frame is on its way, what comes is thrown away until the peer hangs up.
        case failed
        /// The connection is gone, or as good as.
        case over
    }

    /// What the tags of the timers mean.
    enum Timer: UInt8 {
        case unfinished, closing, quiescing, flush
    }

    /// What may be held while reading is paused: more than one turn of the socket brings. Only a peer that hangs up
    /// meanwhile leaves more, and to that one nothing can be answered.
    static let maxHeldBytes = 512 << 10

    let configuration: Configuration
    let timers: LoopTimers
    var context: ChannelHandlerContext?
    var phase = Phase.open
    var writer = FrameWriter()
    var flushRequested = false
    /// The last ping that could not be answered because the socket takes nothing; older ones need no answer.
    var owedPong: ByteBuffer?
    var hasToldClosed = false
    var unfinishedTimer: LoopTimers.Token?
    var closingTimer: LoopTimers.Token?
    var quiesceTimer: LoopTimers.Token?

    private var assembler: MessageAssembler
    /// Bytes that are not decoded yet: the beginning of a header, or everything while reading is paused.
    private var input = ByteBuffer()
    private var isPaused = false
    private var isDelivering = false
    /// The channel asked for bytes while reading was paused.
    private var owesRead = false

    package init(configuration: Configuration = .init(), timers: LoopTimers) {
        self.configuration = configuration
        self.timers = timers
        self.assembler = MessageAssembler(
            limits: .init(maxMessageBytes: configuration.maxMessageBytes, maxFragments: configuration.maxFragments)
        )
    }

    /// A complete text frame with this payload, encoded once to be written to many connections as `.encoded`.
    package static func encodeTextFrame(_ payload: ByteBufferView, allocator: ByteBufferAllocator) -> ByteBuffer {
        var frame = allocator.buffer(
            capacity: FrameEncoding.headerBytes(payloadBytes: payload.count) + payload.count
        )
        FrameEncoding.writeHeader(.text, payloadBytes: payload.count, into: &frame)
        frame.writeBytes(payload)
        return frame
    }

    // MARK: - Pausing

    /// As `WebSocketReadControl.pause`. On the event loop only.
    package func pauseReading() {
        guard self.phase == .open else { return }
        self.isPaused = true
        // The peer cannot finish what we do not read.
        self.cancel(&self.unfinishedTimer)
    }

    /// As `WebSocketReadControl.resume`. On the event loop only. What is held is delivered before this returns, except
    /// when called from within a delivery: then it goes on after the present one.
    package func resumeReading() {
        guard self.isPaused, let context = self.context else { return }
        self.isPaused = false
        if self.deliver(context) {
            context.fireChannelReadComplete()
        }
        if !self.isPaused, self.owesRead {
            self.owesRead = false
            context.read()
        }
    }

    package func read(context: ChannelHandlerContext) {
        if self.isPaused {
            self.owesRead = true
        } else {
            context.read()
        }
    }

    // MARK: - Inbound

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.letGo()
        self.context = nil
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.end(context)
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = WebSocketHandler.unwrapInboundIn(data)
        switch self.phase {
        case .open, .closing:
            break
        case .answered, .failed, .over:
            return
        }
        if self.input.readableBytes == 0 {
            self.input = bytes
        } else {
            self.input.writeBuffer(&bytes)
        }
        if self.input.readableBytes > Self.maxHeldBytes {
            self.drop(context)
            return
        }
        self.deliver(context)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if !self.writer.isEmpty {
            self.flush(context: context)
        }
    }

    /// Delivers messages until the input is used up or reading is paused. True if anything was delivered.
    @discardableResult
    private func deliver(_ context: ChannelHandlerContext) -> Bool {
        guard !self.isDelivering else { return false }
        self.isDelivering = true
        defer { self.isDelivering = false }
        var hasDelivered = false
        while !self.isPaused, self.isReading {
            let outcome = self.assembler.next(&self.input)
            if case .incomplete = outcome { break }
            if self.assembler.isIdle {
                self.cancel(&self.unfinishedTimer)
            }
            hasDelivered = true
            self.handle(outcome, context)
        }
        self.settleInput()
        return hasDelivered
    }

    private var isReading: Bool {
        switch self.phase {
        case .open, .closing: true
        case .answered, .failed, .over: false
        }
    }

    private func handle(_ outcome: MessageAssembler.Outcome, _ context: ChannelHandlerContext) {
        switch outcome {
        case .close(let code, _):
            self.peerClosed(code: code, context)
        case .violation(let code, let reason):
            self.fail(code: code, reason: reason, context)
        case .incomplete:
            break
        case .text, .binary, .ping, .pong:
            // After our close frame nobody listens any more, and nothing may be answered.
            guard self.phase == .open else { return }
            self.deliver(outcome, context)
        }
    }

    private func deliver(_ outcome: MessageAssembler.Outcome, _ context: ChannelHandlerContext) {
        switch outcome {
        case .text(let payload):
            context.fireChannelRead(WebSocketHandler.wrapInboundOut(.text(payload)))
        case .binary(let payload):
            context.fireChannelRead(WebSocketHandler.wrapInboundOut(.binary(payload)))
        case .ping(let payload):
            self.answerPing(payload, context)
            context.fireChannelRead(WebSocketHandler.wrapInboundOut(.ping))
        case .pong(let payload):
            context.fireChannelRead(WebSocketHandler.wrapInboundOut(.pong(payload)))
        case .close, .incomplete, .violation:
            break
        }
    }

    /// Lets go of the read buffer, and watches what is unfinished.
    private func settleInput() {
        guard self.isReading else {
            self.input = ByteBuffer()
            return
        }
        if self.input.readableBytes == 0 {
            self.input = ByteBuffer()
        } else {
            // A few bytes must not hold a whole read buffer, nor make the next read allocate another.
            var rest = ByteBuffer()
            rest.writeImmutableBuffer(self.input)
            self.input = rest
        }
        guard !self.isPaused, self.phase == .open, self.unfinishedTimer == nil else { return }
        if !self.assembler.isIdle || self.input.readableBytes > 0 {
            self.unfinishedTimer = self.timers.schedule(
                after: self.configuration.unfinishedTimeout,
                self,
                tag: Timer.unfinished.rawValue
            )
        }
    }

    /// Reads on although the application had paused: only the peer's close frame is of interest now.
    func readOnlyForClose(_ context: ChannelHandlerContext) {
        guard self.isPaused else { return }
        self.isPaused = false
        self.deliver(context)
        if self.owesRead {
            self.owesRead = false
            context.read()
        }
    }

    /// Frees what was read and not delivered.
    func dropInput() {
        self.input = ByteBuffer()
        self.assembler = MessageAssembler()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            self.quiesce(context)
        case ChannelEvent.inputClosed:
            // A WebSocket has no half: who does not send any more cannot even close.
            self.drop(context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Errors of the socket end the connection; the channel says so by becoming inactive.
    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.drop(context)
    }
}

@available(*, unavailable)
extension WebSocketHandler: Sendable {}
