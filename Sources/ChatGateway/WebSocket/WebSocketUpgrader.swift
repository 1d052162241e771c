// The upgrade itself: NIO answers 101 and takes HTTP out of the pipeline; what comes in is our own frame layer, not
// NIO's, and a socket that costs little while nothing happens.
package import NIOCore
package import NIOHTTP1
import NIOWebSocket

/// Upgrades requests that were judged before. The handshake's arithmetic is NIO's.
package struct WebSocketUpgrader<UpgradeResult: Sendable>: NIOTypedHTTPServerProtocolUpgrader {
    package let supportedProtocol = "websocket"
    package let requiredUpgradeHeaders: [String] = []

    private let arithmetic: NIOTypedWebSocketServerUpgrader<Void>
    private let install: @Sendable (any Channel, HTTPRequestHead) throws -> UpgradeResult

    /// - Parameters:
    ///   - shouldUpgrade: the fields to answer with, or nil to go on with HTTP. On the event loop.
    ///   - install: puts the WebSocket's handlers into the pipeline. On the event loop; throwing drops the connection.
    package init(
        shouldUpgrade: @escaping @Sendable (any Channel, HTTPRequestHead) -> HTTPHeaders?,
        install: @escaping @Sendable (any Channel, HTTPRequestHead) throws -> UpgradeResult
    ) {
        self.arithmetic = NIOTypedWebSocketServerUpgrader(
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeSucceededFuture(shouldUpgrade(channel, head))
            },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        self.install = install
    }

    package func buildUpgradeResponse(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead,
        initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        self.arithmetic.buildUpgradeResponse(
            channel: channel,
            upgradeRequest: upgradeRequest,
            initialResponseHeaders: initialResponseHeaders
        )
    }

    package func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<UpgradeResult> {
        channel.eventLoop.makeCompletedFuture {
            do {
                try Self.setOptions(channel)
                return try self.install(channel, upgradeRequest)
            } catch {
                channel.close(promise: nil)
                throw error
            }
        }
    }

    /// A WebSocket cannot be half open, and an idle one should hold no read buffer: one read per turn, and a buffer
    /// that lives as long as the read.
    private static func setOptions(_ channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(.allowRemoteHalfClosure, value: false)
        try options.setOption(.maxMessagesPerRead, value: 1)
        try options.setOption(.recvAllocator, value: TransientReceiveAllocator())
    }
}

/// Sizes read buffers by what came lately, as NIO's adaptive allocator does, but never lets the channel keep one: NIO
/// keeps the first buffer of a channel, and one that has grown to 64 KiB stays that large for ever.
struct TransientReceiveAllocator: RecvByteBufferAllocator {
    private var sizes = AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 512, maximum: 65_536)

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        self.sizes.buffer(allocator: allocator)
    }

    /// Saying that the next buffer may be larger makes NIO allocate a new one.
    mutating func record(actualReadBytes: Int) -> Bool {
        _ = self.sizes.record(actualReadBytes: actualReadBytes)
        return true
    }
}
