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

    /// Opens a TCP connection on an event loop.
    func dial(on loop: any EventLoop, timeout: TimeAmount) -> EventLoopFuture<any Channel> {
        ClientBootstrap(group: loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connectTimeout(timeout)
            .connect(host: host, port: port)
    }

    /// Asks the server to upgrade a connection, and adds `handler` once it has. Fails if the server does not.
    /// On the event loop only.
    func upgrade(
        _ channel: any Channel,
        handler: NIOLoopBound<WebSocketClientHandler>
    ) throws -> EventLoopFuture<Void> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Void>(
            maxFrameSize: WebSocketClientHandler.maximumFrameBytes,
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
        )
        var fields = HTTPHeaders(headers)
        fields.replaceOrAdd(name: "Host", value: "\(host):\(port)")
        fields.replaceOrAdd(name: "Sec-WebSocket-Protocol", value: Self.subprotocol)
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(
            upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration<Void>(
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
