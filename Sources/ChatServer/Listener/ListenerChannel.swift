// One port for HTTP and WebSocket: Hummingbird's server sets up every connection through this. A WebSocket leaves
// Hummingbird at its upgrade: it owns no task.
package import ChatGateway
import ChatProtocol
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Sets up and serves the connections of the listener.
package struct ListenerChannel: HTTPChannelHandler {
    /// A connection as it was accepted; what it becomes is known after its first request.
    package struct Value: ServerChildChannelValue {
        package let channel: any Channel
        fileprivate let becomes: EventLoopFuture<Outcome>
    }

    fileprivate enum Outcome: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case webSocket
        case refused
    }

    package let responder: HTTPChannelHandler.Responder
    private let configuration: ListenerConfiguration
    private let application: WebSocketApplication
    private let timers: LoopTimersByLoop
    private let connections: ConnectionCount

    /// The builder that Hummingbird's `Application` takes as its server.
    /// - Parameters:
    ///   - configuration: the bounds.
    ///   - application: who decides on handshakes and receives WebSockets.
    ///   - timers: the timers of the event loop group that the application runs on.
    ///   - connections: counts the open connections; `drained` tells when they are gone.
    /// - Returns: what `Application(server:)` wants.
    package static func server(
        configuration: ListenerConfiguration,
        application: WebSocketApplication,
        timers: LoopTimersByLoop,
        connections: ConnectionCount
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            ListenerChannel(
                responder: responder,
                configuration: configuration,
                application: application,
                timers: timers,
                connections: connections
            )
        }
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let open = self.connections.enter()
        channel.closeFuture.whenComplete { [connections] _ in connections.leave() }
        return channel.eventLoop.makeCompletedFuture {
            try Self.setOptions(channel)
            guard open <= self.configuration.maxConnections else {
                try self.refuse(channel, open: open)
                return Value(channel: channel, becomes: channel.eventLoop.makeSucceededFuture(.refused))
            }
            return Value(channel: channel, becomes: try self.addHandlers(channel))
        }
    }

    package func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            do {
                switch try await value.becomes.get() {
                case .http(let channel):
                    await self.handleHTTP(asyncChannel: channel, logger: logger)
                case .webSocket, .refused:
                    break
                }
            } catch {
                logger.trace("A connection ended before its first request.")
            }
        } onCancel: {
            // A connection that has not said anything yet would be waited for.
            let channel = value.channel
            channel.eventLoop.execute {
                channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            }
        }
    }

    // MARK: - The pipeline

    private func addHandlers(_ channel: any Channel) throws -> EventLoopFuture<Outcome> {
        let configuration = self.configuration
        let application = self.application
        let timers = self.timers
        let responseHeaders = HandshakeRules(subprotocol: configuration.subprotocol).responseHeaders
        let gate = RequestGate(
            configuration: configuration,
            application: application,
            timers: timers.timers(of: channel.eventLoop)
        )
        let upgrader = WebSocketUpgrader<Outcome>(
            shouldUpgrade: { _, _ in responseHeaders },
            install: { channel, head in
                let socket = WebSocketHandler(
                    configuration: configuration.webSocket,
                    timers: timers.timers(of: channel.eventLoop)
                )
                try channel.pipeline.syncOperations.addHandler(socket)
                try application.install(channel, socket, Handshake(head, remoteAddress: channel.remoteAddress))
                return .webSocket
            }
        )
        // As `configureUpgradableHTTPServerPipeline` builds it, with the gate between the parser and the upgrade: NIO's
        // upgrade handler loses the head of a request whose upgrade it declines, so it sees only what is accepted.
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.maxHeaderBytes
        limits.maxHeaderListSize = configuration.maxHeaderBytes
        limits.maxHeaderFieldCount = configuration.maxHeaderFields
        let encoder = HTTPResponseEncoder()
        let watch = ByteWatch(gate: gate)
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)
        )
        let upgrade = NIOTypedHTTPServerUpgradeHandler(
            httpEncoder: encoder,
            extraHTTPHandlers: [watch, decoder, gate],
            upgradeConfiguration: .init(upgraders: [upgrader], notUpgradingCompletionHandler: Self.stayHTTP)
        )
        try channel.pipeline.syncOperations.addHandlers(encoder, watch, decoder, gate, upgrade)
        return upgrade.upgradeResultFuture
    }

    /// As Hummingbird's own HTTP/1 channel, without its idle handler: the gate keeps the time.
    @Sendable
    private static func stayHTTP(_ channel: any Channel) -> EventLoopFuture<Outcome> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            return .http(
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)
                )
            )
        }
    }

    private static func setOptions(_ channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(.tcpOption(.tcp_nodelay), value: 1)
        // The first buffer of a channel stays with it for life (see `TransientReceiveAllocator`): not a large one.
        try options.setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 1_024, maximum: 65_536)
        )
    }

    /// One connection too many is told so; many too many are not.
    private func refuse(_ channel: any Channel, open: Int) throws {
        let spare = max(self.configuration.maxConnections / 100, 16)
        guard open <= self.configuration.maxConnections + spare else {
            channel.close(promise: nil)
            return
        }
        let bytes = RefusalWriter(securityHeaders: self.configuration.securityHeaders).bytes(
            HTTPRefusal(
                status: 503,
                code: ErrorCode.unavailable.rawValue,
                detail: "this node has no room for another connection; try again",
                retryAfterMs: 5_000
            )
        )
        try channel.pipeline.syncOperations.addHandler(
            OverloadRefusal(
                bytes: bytes,
                linger: self.configuration.lingerTimeout,
                timers: self.timers.timers(of: channel.eventLoop)
            )
        )
    }
}

/// Answers a connection before it has asked, and closes it when the answer is read.
private final class OverloadRefusal: ChannelInboundHandler, LoopTimerTarget {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bytes: ByteBuffer
    private let linger: TimeAmount
    private let timers: LoopTimers
    private var timer: LoopTimers.Token?
    private var context: ChannelHandlerContext?

    init(bytes: ByteBuffer, linger: TimeAmount, timers: LoopTimers) {
        self.bytes = bytes
        self.linger = linger
        self.timers = timers
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer.map(self.timers.cancel)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.timer = self.timers.schedule(after: self.linger, self, tag: 0)
        context.writeAndFlush(OverloadRefusal.wrapOutboundOut(self.bytes), promise: nil)
        context.close(mode: .output, promise: nil)
    }

    /// What it says is not of interest.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed, is ChannelShouldQuiesceEvent:
            context.close(promise: nil)
        default:
            break
        }
    }

    func loopTimerFired(tag: UInt8) -> TimeAmount? {
        self.context?.close(promise: nil)
        return nil
    }
}
