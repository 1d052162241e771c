// A WebSocket without manners, for tests: it sends whatever it is told to, broken or not, and shows every frame and
// close code of the server. Handshake and framing are written by hand, because a proper library refuses to be improper.

public import NIOCore
public import NIOPosix

/// A WebSocket that sends anything and shows everything.
public final class RawWebSocket: Sendable {
    /// How the server answered the upgrade request.
    public struct Handshake: Sendable, Equatable {
        /// The HTTP status; 101 if the server upgraded.
        public var status: Int
        /// The fields of the answer, names in lower case.
        public var headers: [String: String]
        /// The body, where the server did not upgrade and gave a `Content-Length`.
        public var body: [UInt8]
    }

    /// A frame as it is on the wire.
    public struct Frame: Sendable, Equatable {
        /// Whether it is the last fragment.
        public var isFinal = true
        /// The reserved bits, 0 … 7.
        public var reserved: UInt8 = 0
        /// 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong; anything else is not defined.
        public var opcode: UInt8
        /// Whether it is (to be) masked. Clients must, servers must not.
        public var isMasked = false
        /// The content.
        public var payload: [UInt8]

        /// Creates a frame.
        public init(
            opcode: UInt8,
            payload: [UInt8],
            isFinal: Bool = true,
            reserved: UInt8 = 0,
            isMasked: Bool = true
        ) {
            self.isFinal = isFinal
            self.reserved = reserved
            self.opcode = opcode
            self.isMasked = isMasked
            self.payload = payload
        }

        /// The content as text.
        public var text: String { String(decoding: payload, as: UTF8.self) }
        /// The code of a close frame.
        public var closeCode: UInt16? {
            guard opcode == 8, payload.count >= 2 else { return nil }
            return UInt16(payload[0]) << 8 | UInt16(payload[1])
        }
        /// The reason of a close frame.
        public var closeReason: String { String(decoding: payload.dropFirst(2), as: UTF8.self) }
    }

    /// How the server answered the upgrade request.
    public let handshake: Handshake
    private let channel: any Channel
    private let handler: NIOLoopBound<RawWebSocketHandler>

    private init(handshake: Handshake, channel: any Channel, handler: NIOLoopBound<RawWebSocketHandler>) {
        self.handshake = handshake
        self.channel = channel
        self.handler = handler
    }

    /// Connects and sends an upgrade request.
    /// - Parameters:
    ///   - host: The server.
    ///   - port: Its port.
    ///   - path: What is asked for.
    ///   - headers: Fields that replace those of a proper request, or are added; an empty value leaves a field out.
    ///   - group: Where the event loop comes from.
    public static func connect(
        host: String,
        port: Int,
        path: String = "/v1/ws",
        headers: [(String, String)] = [],
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> RawWebSocket {
        var fields = [
            ("Host", "\(host):\(port)"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Protocol", WebSocketEndpoint.subprotocol),
        ]
        for (name, value) in headers {
            fields.removeAll { $0.0.lowercased() == name.lowercased() }
            if !value.isEmpty { fields.append((name, value)) }
        }
        let request = "GET \(path) HTTP/1.1\r\n" + fields.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
        let loop = group.next()
        let connected: (any Channel, NIOLoopBound<RawWebSocketHandler>) =
            try await ClientBootstrap(group: loop).connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = RawWebSocketHandler(loop: channel.eventLoop)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return (channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
                }
            }
        let (channel, handler) = connected
        try await channel.writeAndFlush(ByteBuffer(string: request))
        let handshake = try await channel.eventLoop.flatSubmit { handler.value.handshake.futureResult }.get()
        return RawWebSocket(handshake: handshake, channel: channel, handler: handler)
    }

    /// Sends a text frame, masked as a client must.
    public func send(_ text: String) async throws { try await send(Frame(opcode: 1, payload: Array(text.utf8))) }

    /// Sends a frame as it is.
    public func send(_ frame: Frame) async throws { try await send(bytes: RawFrameCoding.encode(frame)) }

    /// Sends bytes that need not be frames.
    public func send(bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// The next frame of the server, control frames included; `nil` when the connection has ended.
    /// Pings are shown, not answered.
    /// - Throws: ``ChatClientError/timedOut``.
    public func next(timeout: Duration = .seconds(10)) async throws -> Frame? {
        let handler = handler
        return try await channel.eventLoop.flatSubmit { handler.value.next(timeout: TimeAmount(timeout)) }.get()
    }

    /// The next text frame; pings and pongs are passed over.
    public func nextText(timeout: Duration = .seconds(10)) async throws -> String? {
        while let frame = try await next(timeout: timeout) {
            if frame.opcode == 1 { return frame.text }
            if frame.opcode == 8 { return nil }
        }
        return nil
    }

    /// Reads on until the server closes; the code of its close frame, `nil` if it went without one.
    public func closeCode(timeout: Duration = .seconds(10)) async throws -> UInt16? {
        while let frame = try await next(timeout: timeout) {
            if frame.opcode == 8 { return frame.closeCode }
        }
        return nil
    }

    /// Stops reading (or goes on), so that the server's writes pile up.
    public func setReading(_ isReading: Bool) async throws {
        try await channel.setOption(.autoRead, value: isReading).get()
    }

    /// Cuts the connection. Whether it was open does not matter.
    public func close() async {
        try? await channel.close()
    }
}
