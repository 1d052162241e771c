// A plain echo over the same socket layer, for conformance suites: no hello, no subprotocol, any path.
import NIOCore
import NIOHTTP1
package import NIOPosix

/// `vibetalk echo`: sends back every text and binary message as it came.
package struct EchoServer: Sendable {
    /// The server's own channel; closing it stops accepting.
    private let channel: any Channel

    /// The port that is bound.
    package let port: Int

    /// Binds and serves until `shutdown`.
    /// - Parameters:
    ///   - host: the address to bind.
    ///   - port: 0 takes a free one.
    ///   - maxFrameBytes: the largest frame and message; over it: 1009.
    ///   - configuration: further bounds; its `maxMessageBytes` is replaced.
    ///   - group: where the connections live.
    /// - Returns: the running server, which knows its port.
    /// - Throws: what keeps it from binding.
    package static func start(
        host: String = "127.0.0.1",
        port: Int,
        maxFrameBytes: Int = 65_536,
        configuration: WebSocketHandler.Configuration = .init(),
        group: MultiThreadedEventLoopGroup = .singleton
    ) async throws -> EchoServer {
        var bounds = configuration
        bounds.maxMessageBytes = maxFrameBytes
        let configuration = bounds
        let timers = LoopTimersByLoop(group: group)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.configure(channel, configuration, timers)
                }
            }
            .bind(host: host, port: port)
            .get()
        return EchoServer(channel: channel, port: channel.localAddress?.port ?? port)
    }

    /// Stops accepting. Connections end when their peers go.
    package func shutdown() async throws {
        try await self.channel.close()
    }

    /// Waits until `shutdown` was called.
    package func wait() async throws {
        try await self.channel.closeFuture.get()
    }

    private static func configure(
        _ channel: any Channel,
        _ configuration: WebSocketHandler.Configuration,
        _ timers: LoopTimersByLoop
    ) throws {
        let rules = HandshakeRules(subprotocol: nil)
        let upgrader = WebSocketUpgrader<Void>(
            shouldUpgrade: { _, _ in rules.responseHeaders },
            install: { channel, _ in
                let socket = WebSocketHandler(
                    configuration: configuration,
                    timers: timers.timers(of: channel.eventLoop)
                )
                try channel.pipeline.syncOperations.addHandlers(socket, EchoHandler())
            }
        )
        // NIO's upgrade handler loses the head of a request whose upgrade it declines, so what is to be declined must
        // not reach it.
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let refusal = EchoRefusal(rules: rules)
        try channel.pipeline.syncOperations.addHandlers(
            encoder,
            decoder,
            refusal,
            NIOTypedHTTPServerUpgradeHandler(
                httpEncoder: encoder,
                extraHTTPHandlers: [decoder, refusal],
                upgradeConfiguration: .init(
                    upgraders: [upgrader],
                    notUpgradingCompletionHandler: { $0.eventLoop.makeFailedFuture(ChannelError.inputClosed) }
                )
            )
        )
    }
}

/// Sends back what came.
final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketInbound
    typealias OutboundOut = WebSocketOutbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch EchoHandler.unwrapInboundIn(data) {
        case .text(let payload):
            context.write(EchoHandler.wrapOutboundOut(.text(payload)), promise: nil)
        case .binary(let payload):
            context.write(EchoHandler.wrapOutboundOut(.binary(payload)), promise: nil)
        case .ping, .pong, .closed:
            break
        }
        // A peer that does not read its echoes sends no more until it does.
        if !context.channel.isWritable {
            context.triggerUserOutboundEvent(WebSocketReadControl.pause, promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            context.triggerUserOutboundEvent(WebSocketReadControl.resume, promise: nil)
        }
        context.fireChannelWritabilityChanged()
    }
}

/// Answers requests that are no WebSocket handshakes, and lets the others through.
final class EchoRefusal: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let rules: HandshakeRules
    private var hasRefused = false

    init(rules: HandshakeRules) {
        self.rules = rules
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.hasRefused else { return }
        guard case .head(let head) = EchoRefusal.unwrapInboundIn(data),
            case .refuse(let refusal) = self.rules.judge(head)
        else {
            context.fireChannelRead(data)
            return
        }
        self.refuse(refusal, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !self.hasRefused, error is HTTPParserError else {
            context.close(promise: nil)
            return
        }
        self.refuse(HTTPRefusal(status: 400, code: "invalid", detail: "this is no HTTP"), context)
    }

    private func refuse(_ refusal: HTTPRefusal, _ context: ChannelHandlerContext) {
        self.hasRefused = true
        var headers: HTTPHeaders = ["Connection": "close", "Content-Length": "0"]
        headers.add(contentsOf: refusal.headers)
        let answer = HTTPResponseHead(version: .http1_1, status: .init(statusCode: refusal.status), headers: headers)
        context.write(EchoRefusal.wrapOutboundOut(.head(answer)), promise: nil)
        let channel = context.channel
        context.writeAndFlush(EchoRefusal.wrapOutboundOut(.end(nil))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
