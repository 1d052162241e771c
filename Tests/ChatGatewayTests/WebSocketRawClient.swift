// A TCP connection that says exactly the bytes it is told to, for the tests that talk to a real server.
import NIOCore
import NIOPosix

@testable import ChatGateway

/// One raw connection; used by one task at a time.
final class RawClient {
    let channel: any Channel
    private var incoming: AsyncStream<ByteBuffer>.AsyncIterator
    private var received = ByteBuffer()
    private(set) var isAtEnd = false

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let continuation: AsyncStream<ByteBuffer>.Continuation

        init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.continuation.yield(Collector.unwrapInboundIn(data))
        }

        func channelInactive(context: ChannelHandlerContext) { self.continuation.finish() }

        // A reset ends the stream as well as a hang-up does.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private init(channel: any Channel, incoming: AsyncStream<ByteBuffer>) {
        self.channel = channel
        self.incoming = incoming.makeAsyncIterator()
    }

    /// Connects, without a word.
    static func connect(port: Int) async throws -> RawClient {
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        return RawClient(channel: channel, incoming: stream)
    }

    /// Connects and becomes a WebSocket.
    static func open(port: Int, path: String = "/") async throws -> RawClient {
        let client = try await self.connect(port: port)
        let head = try await client.handshake(path: path)
        precondition(head.hasPrefix("HTTP/1.1 101"), "no upgrade: \(head)")
        return client
    }

    /// Sends an upgrade request and returns the head of the answer.
    func handshake(path: String) async throws -> String {
        try await self.send(
            Array(
                """
                GET \(path) HTTP/1.1\r
                Host: 127.0.0.1\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                \r\n
                """.utf8
            )
        )
        return await self.readHead()
    }

    /// Sends bytes; whether the server still takes them is the caller's question.
    func send(_ bytes: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Sends bytes in pieces, each in a packet of its own.
    func send(_ bytes: [UInt8], piecesOf count: Int) async throws {
        var rest = bytes[...]
        while rest.count > count {
            self.channel.writeAndFlush(ByteBuffer(bytes: rest.prefix(count)), promise: nil)
            rest = rest.dropFirst(count)
        }
        try await self.send(Array(rest))
    }

    /// The head of an HTTP answer, up to and with the empty line.
    func readHead() async -> String {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
            guard let byte = self.received.readInteger(as: UInt8.self) else {
                guard await self.fill() else { break }
                continue
            }
            head.append(byte)
        }
        return String(decoding: head, as: UTF8.self)
    }

    /// The next frame; nil at the end of the connection.
    func readFrame() async -> ServerFrame? {
        while true {
            if let frame = self.received.readServerFrame() { return frame }
            guard await self.fill() else { return nil }
        }
    }

    /// Everything up to the end of the connection, as frames.
    func readFrames() async -> [ServerFrame] {
        var frames: [ServerFrame] = []
        while let frame = await self.readFrame() {
            frames.append(frame)
        }
        return frames
    }

    /// Waits for the end of the connection and drops what comes before it.
    func readToEnd() async {
        while await self.fill() {
            self.received.clear()
        }
    }

    /// Says no more, but listens on.
    func closeOutput() async throws {
        try await self.channel.close(mode: .output)
    }

    func close() {
        self.channel.close(promise: nil)
    }

    private func fill() async -> Bool {
        guard var bytes = await self.incoming.next(isolation: #isolation) else {
            self.isAtEnd = true
            return false
        }
        self.received.writeBuffer(&bytes)
        return true
    }
}
