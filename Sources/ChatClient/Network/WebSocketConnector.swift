// Opens WebSockets: TCP, the HTTP upgrade with the subprotocol, then the frame handlers.

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// Where a server is and what the upgrade request says.
struct WebSocketEndpoint: Sendable {
    /// The subprotocol of this version.
    static let subprotocol = "vibetalk.v1"

    var host: String
    var port: Int
    var path = "/v1/ws"
    var headers: [(String, String)] = []

    /// Opens a connection on an event loop, and adds `handler` once it is upgraded. Fails if the server does not upgrade.
    func connect(
        on loop: any EventLoop,
        timeout: TimeAmount,
        handler: NIOLoopBound<WebSocketClientHandler>
    ) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connectTimeout(timeout)
            .connect(host: host, port: port)
            .flatMapThrowing { channel in try self.upgrade(channel, handler: handler) }
            .flatMap { upgraded in upgraded }
    }

    private func upgrade(
        _ channel: any Channel,
        handler: NIOLoopBound<WebSocketClientHandler>
    ) throws -> EventLoopFuture<any Channel> {
        let upgrader = NIOTypedWebSocketClientUpgrader<any Channel>(
            maxFrameSize: WebSocketClientHandler.maximumFrameBytes,
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                    return channel
                }
            }
        )
        var fields = HTTPHeaders(headers)
        fields.replaceOrAdd(name: "Host", value: "\(host):\(port)")
        fields.replaceOrAdd(name: "Sec-WebSocket-Protocol", value: Self.subprotocol)
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(
            upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration<any Channel>(
                upgradeRequestHead: HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: fields),
                upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in
                    channel.close(promise: nil)
                    return channel.eventLoop.makeFailedFuture(ChatClientError.notUpgraded)
                }
            )
        )
        // A server may say something right behind its answer.
        configuration.leftOverBytesStrategy = .forwardBytes
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(configuration: configuration)
    }
}
