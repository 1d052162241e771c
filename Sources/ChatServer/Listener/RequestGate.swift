// The door of every connection, between NIO's HTTP parser and everybody else: judges each request's head, decides which
// one becomes a WebSocket, keeps the time, and closes so that the last answer is read.
import ChatGateway
import NIOCore
import NIOHTTP1

/// The gate of one connection. Behind it requests are well-formed, in time, and never carry `Upgrade` unless they are
/// an accepted handshake. Confined to its event loop.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What the connection is doing.
    private enum Phase {
        /// Requests are passed on.
        case serving
        /// The last answer is still awaited; nothing more is read.
        case finishing(HTTPRefusal?)
        /// The last answer is out, or on its way; what comes and what is written is dropped.
        case lingering
        /// A handshake was accepted; HTTP is about to leave the pipeline.
        case upgrading
    }

    private enum Timer: UInt8 {
        case clock, linger
    }

    private let configuration: ListenerConfiguration
    private let application: WebSocketApplication
    private let timers: LoopTimers
    private let requestRules: RequestRules
    private let handshakeRules: HandshakeRules
    private let refusals: RefusalWriter

    private var context: ChannelHandlerContext?
    private var phase = Phase.serving
    private var clock: RequestClock?
    private var timer: LoopTimers.Token?
    /// Requests that were passed on and whose answers are not complete.
    private var outstanding = 0
    private var isReadingBody = false
    private var isAnswerBegun = false
    /// No request after the present one: the client said so, or we shut down.
    private var isLastRequest = false
    private var hasSeenRequest = false
    private var isReadWanted = false
    private var readCompletedAt = NIODeadline.uptimeNanoseconds(0)

    init(
        configuration: ListenerConfiguration,
        application: WebSocketApplication,
        timers: LoopTimers
    ) {
        self.configuration = configuration
        self.application = application
        self.timers = timers
        self.requestRules = RequestRules(maxTargetBytes: configuration.maxTargetBytes)
        self.handshakeRules = HandshakeRules(subprotocol: configuration.subprotocol)
        self.refusals = RefusalWriter(securityHeaders: configuration.securityHeaders)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.clock = RequestClock(configuration: self.configuration, now: context.eventLoop.now)
        self.arm(after: self.configuration.headerTimeout, .clock)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.disarm()
        self.context = nil
    }

    // MARK: - Bytes, as the watch before the parser sees them

    /// Whether what comes still goes to the parser.
    var isListening: Bool {
        switch self.phase {
        case .serving, .upgrading: true
        case .finishing, .lingering: false
        }
    }

    func bytesCame(_ count: Int) {
        guard let context = self.context, self.clock?.received(count, now: context.eventLoop.now) == true else {
            return
        }
        self.arm(after: self.configuration.headerTimeout, .clock)
    }

    func readCompleted() {
        guard let context = self.context else { return }
        self.isReadWanted = false
        self.readCompletedAt = context.eventLoop.now
        if case .lingering = self.phase {
            context.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        self.isReadWanted = true
        // Wanted again, but not at once: somebody held back in between.
        if context.eventLoop.now - self.readCompletedAt > .milliseconds(100) {
            self.clock?.unwanted()
        }
        context.read()
    }

    // MARK: - Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.isListening else { return }
        switch RequestGate.unwrapInboundIn(data) {
        case .head(let head):
            self.headCame(head, context)
        case .body:
            context.fireChannelRead(data)
        case .end:
            self.isReadingBody = false
            if case .serving = self.phase {
                self.clock?.requestEnded()
                self.restIfIdle(context)
            }
            context.fireChannelRead(data)
        }
    }

    private func headCame(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let isFirst = !self.hasSeenRequest
        self.hasSeenRequest = true
        if self.isLastRequest {
            self.finish(nil, context)
            return
        }
        self.clock?.headerEnded(now: context.eventLoop.now)
        self.arm(after: self.configuration.bodyWindow, .clock)
        if let refusal = self.requestRules.judge(head) {
            self.finish(refusal, context, isHead: head.method == .HEAD)
        } else if head.uri.prefix(while: { $0 != "?" }) == self.configuration.webSocketPath {
            self.handshakeCame(head, isFirst: isFirst, context)
        } else {
            self.pass(head, context)
        }
    }

    /// Lets a request through to the application.
    private func pass(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var head = head
        self.isReadingBody = true
        self.isLastRequest = !head.isKeepAlive
        if head.headers.contains(name: "Upgrade") {
            // Whatever it asks to become, it stays HTTP. The parser stops behind such a request: so does the
            // connection.
            head.headers.remove(name: "Upgrade")
            head.headers.replaceOrAdd(name: "Connection", value: "close")
            self.isLastRequest = true
        }
        if self.outstanding == 0, head.version == .http1_1,
            head.headers[canonicalForm: "Expect"].contains(where: { $0.lowercased() == "100-continue" })
        {
            let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(RequestGate.wrapOutboundOut(.head(goOn)), promise: nil)
        }
        self.outstanding += 1
        context.fireChannelRead(RequestGate.wrapInboundOut(.head(head)))
    }

    private func handshakeCame(_ head: HTTPRequestHead, isFirst: Bool, _ context: ChannelHandlerContext) {
        if case .refuse(let refusal) = self.handshakeRules.judge(head) {
            self.finish(refusal, context, isHead: head.method == .HEAD)
            return
        }
        guard isFirst else {
            // The pipeline is Hummingbird's by now. To a kept connection that is closed before an answer, clients and
            // proxies do what they must for any that was idle too long: they open another.
            self.finish(nil, context)
            return
        }
        let handshake = Handshake(head, remoteAddress: context.channel.remoteAddress)
        switch self.application.admit(handshake, context.channel) {
        case .refuse(let refusal):
            self.finish(refusal, context)
        case .accept:
            self.phase = .upgrading
            self.disarm()
            context.fireChannelRead(RequestGate.wrapInboundOut(.head(head)))
        }
    }

    // MARK: - Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch self.phase {
        case .upgrading:
            context.write(data, promise: promise)
            return
        case .lingering:
            promise?.fail(ChannelError.outputClosed)
            return
        case .serving, .finishing:
            break
        }
        switch RequestGate.unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            self.isAnswerBegun = true
            if self.outstanding == 1, head.headers[canonicalForm: "Connection"].contains("close") {
                // The application refuses to read on (a body that is too large): what still comes is not worth its time.
                self.isLastRequest = true
            }
            if self.isLastAnswer {
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            context.write(RequestGate.wrapOutboundOut(.head(head)), promise: promise)
        case .head, .body:
            context.write(data, promise: promise)
        case .end:
            self.isAnswerBegun = false
            self.outstanding -= 1
            context.write(data, promise: promise)
            self.answerEnded(context)
        }
    }

    private var isLastAnswer: Bool {
        guard self.outstanding == 1 else { return false }
        if case .finishing(nil) = self.phase { return true }
        return self.isLastRequest
    }

    private func answerEnded(_ context: ChannelHandlerContext) {
        guard self.outstanding == 0 else { return }
        switch self.phase {
        case .finishing(let refusal):
            self.finish(refusal, context)
        case .serving where self.isLastRequest:
            self.finish(nil, context)
        case .serving, .lingering, .upgrading:
            self.restIfIdle(context)
        }
    }

    private func restIfIdle(_ context: ChannelHandlerContext) {
        guard self.outstanding == 0, self.clock?.becameIdle(now: context.eventLoop.now) == true else { return }
        self.arm(after: self.configuration.idleTimeout, .clock)
    }

    // MARK: - The end

    /// Nothing more is read; when what is outstanding is answered the refusal follows, if there is one, and the
    /// connection is closed.
    private func finish(_ refusal: HTTPRefusal?, _ context: ChannelHandlerContext, isHead: Bool = false) {
        guard self.outstanding == 0 else {
            self.phase = .finishing(refusal)
            return
        }
        self.phase = .lingering
        self.arm(after: self.configuration.lingerTimeout, .linger)
        if let refusal {
            let (head, body) = self.refusals.answer(refusal)
            context.write(RequestGate.wrapOutboundOut(.head(head)), promise: nil)
            if !isHead {
                context.write(RequestGate.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            }
            context.write(RequestGate.wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.flush()
        // Closing with unread bytes makes the kernel reset the connection, and the client loses the answer: only our
        // half is closed, when all is written, and what still comes is read and dropped until the client closes, or for
        // a while.
        context.close(mode: .output, promise: nil)
        context.read()
    }

    /// The request that is being read is refused in the middle.
    private func interrupt(_ refusal: HTTPRefusal, _ context: ChannelHandlerContext) {
        guard self.isReadingBody else {
            self.finish(refusal, context)
            return
        }
        guard self.outstanding <= 1, !self.isAnswerBegun else {
            // Another answer is on the wire, or comes first: there is no place for this one.
            context.close(promise: nil)
            return
        }
        // One that was answered before it was complete gets no second answer.
        let isAnswered = self.outstanding == 0
        self.outstanding = 0
        self.isReadingBody = false
        self.phase = .lingering
        // Hummingbird takes the end of the connection for the end of the body: who reads it must hear first that it is
        // only the beginning.
        context.fireErrorCaught(HTTPParserError.invalidEOFState)
        self.finish(isAnswered ? nil : refusal, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch self.phase {
        case .serving:
            guard let error = error as? HTTPParserError else {
                context.close(promise: nil)
                return
            }
            if self.isLastRequest, !self.isReadingBody {
                // What comes behind the last request is nobody's.
                self.finish(nil, context)
            } else {
                self.interrupt(RequestRules.refusal(of: error), context)
            }
        case .finishing, .lingering:
            // The parser complains about what is dropped.
            break
        case .upgrading:
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            self.quiesce(context)
        case ChannelEvent.inputClosed:
            if case .lingering = self.phase {
                context.close(promise: nil)
                return
            }
            if self.isReadingBody {
                self.interrupt(RequestRules.refuse(400, "the body ended before its time"), context)
            }
            context.fireUserInboundEventTriggered(event)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// The listener shuts down: what is outstanding is answered, nothing else.
    private func quiesce(_ context: ChannelHandlerContext) {
        guard case .serving = self.phase else { return }
        self.isLastRequest = true
        if self.outstanding == 0 {
            context.close(promise: nil)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output {
            // Hummingbird has said its last word; it would wait for the client's for ever.
            self.arm(after: self.configuration.lingerTimeout, .linger)
        }
        context.close(mode: mode, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.disarm()
        if self.isReadingBody {
            context.fireErrorCaught(HTTPParserError.invalidEOFState)
        }
        context.fireChannelInactive()
    }

    // MARK: - Time

    private func arm(after delay: TimeAmount, _ timer: Timer) {
        self.disarm()
        self.timer = self.timers.schedule(after: delay, self, tag: timer.rawValue)
    }

    private func disarm() {
        if let timer = self.timer {
            self.timers.cancel(timer)
            self.timer = nil
        }
    }
}

extension RequestGate: LoopTimerTarget {
    func loopTimerFired(tag: UInt8) -> TimeAmount? {
        guard let context = self.context else { return nil }
        if tag == Timer.linger.rawValue {
            context.close(promise: nil)
            return nil
        }
        switch self.clock?.look(now: context.eventLoop.now, isWanted: self.isReadWanted) ?? .rest {
        case .lookAgain(let delay):
            return delay
        case .hangUp:
            context.close(promise: nil)
            return nil
        case .tooSlow:
            self.interrupt(RequestRules.refuse(408, "the request took too long to arrive"), context)
            return nil
        case .rest:
            return nil
        }
    }
}

@available(*, unavailable)
extension RequestGate: Sendable {}
