// Client frames as bytes, server frames back from bytes, and the handler in a channel without a socket: what the tests
// of the socket layer stand on.
import NIOCore
import NIOEmbedded

@testable import ChatGateway

/// A client frame as bytes, right or wrong as the test likes.
func clientFrame(
    _ opcode: UInt8,
    _ payload: [UInt8] = [],
    fin: Bool = true,
    rsv: UInt8 = 0,
    masked: Bool = true,
    lengthForm: Int? = nil,
    key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
) -> [UInt8] {
    clientHeader(opcode, payload.count, fin: fin, rsv: rsv, masked: masked, lengthForm: lengthForm)
        + (masked ? key : [])
        + (masked ? payload.enumerated().map { $1 ^ key[$0 & 3] } : payload)
}

/// The header of a client frame up to the masking key; `lengthForm` 7, 16 or 64 forces a way to write the length.
func clientHeader(
    _ opcode: UInt8,
    _ length: Int,
    fin: Bool = true,
    rsv: UInt8 = 0,
    masked: Bool = true,
    lengthForm: Int? = nil
) -> [UInt8] {
    var bytes = [(fin ? 0x80 : 0) | rsv << 4 | opcode]
    let mask: UInt8 = masked ? 0x80 : 0
    switch lengthForm ?? (length <= 125 ? 7 : length <= 0xFFFF ? 16 : 64) {
    case 7:
        bytes.append(mask | UInt8(length))
    case 16:
        bytes.append(mask | 126)
        bytes += [UInt8(length >> 8), UInt8(length & 0xFF)]
    default:
        bytes.append(mask | 127)
        bytes += (0..<8).reversed().map {
            UInt8(truncatingIfNeeded: UInt64(bitPattern: Int64(length)) >> (8 * UInt64($0)))
        }
    }
    return bytes
}

/// The body of a close frame.
func closeBody(_ code: UInt16, _ reason: [UInt8] = []) -> [UInt8] {
    [UInt8(code >> 8), UInt8(code & 0xFF)] + reason
}

/// A frame as the server sent it.
struct ServerFrame: Equatable, CustomStringConvertible {
    var opcode: UInt8
    var payload: [UInt8]

    var isMasked = false
    var isFinal = true
    var rsv: UInt8 = 0

    static func text(_ payload: [UInt8]) -> Self { .init(opcode: 1, payload: payload) }
    static func text(_ payload: String) -> Self { .init(opcode: 1, payload: Array(payload.utf8)) }
    static func binary(_ payload: [UInt8]) -> Self { .init(opcode: 2, payload: payload) }
    static func pong(_ payload: [UInt8]) -> Self { .init(opcode: 10, payload: payload) }
    static func close(_ code: UInt16) -> Self { .init(opcode: 8, payload: closeBody(code)) }

    /// The code of a close frame.
    var closeCode: UInt16? {
        self.opcode == 8 && self.payload.count >= 2 ? UInt16(self.payload[0]) << 8 | UInt16(self.payload[1]) : nil
    }

    var description: String {
        "frame \(self.opcode) of \(self.payload.count) bytes \(self.payload.prefix(20))"
    }
}

extension ByteBuffer {
    /// The next whole server frame, if it is there.
    mutating func readServerFrame() -> ServerFrame? {
        var copy = self
        guard let first = copy.readInteger(as: UInt8.self), let second = copy.readInteger(as: UInt8.self) else {
            return nil
        }
        var length = Int(second & 0x7F)
        if length == 126 {
            guard let long = copy.readInteger(as: UInt16.self) else { return nil }
            length = Int(long)
        } else if length == 127 {
            guard let long = copy.readInteger(as: UInt64.self) else { return nil }
            length = Int(long)
        }
        guard let payload = copy.readBytes(length: length) else { return nil }
        self = copy
        return ServerFrame(
            opcode: first & 0x0F,
            payload: payload,
            isMasked: second & 0x80 != 0,
            isFinal: first & 0x80 != 0,
            rsv: first >> 4 & 0x7
        )
    }
}

/// The socket layer in a channel without a socket; its time is moved by hand.
final class HandlerBench {
    let loop = EmbeddedEventLoop()
    let channel: EmbeddedChannel
    let handler: WebSocketHandler
    let timers: LoopTimers
    let application = Application()
    let socket = SocketSide()

    /// Records what the application hears.
    final class Application: ChannelInboundHandler {
        typealias InboundIn = WebSocketInbound

        var heard: [WebSocketInbound] = []
        var events: [WebSocketEvent] = []
        var readCompletes = 0
        var isInactive = false
        /// Called for each thing heard, after it was recorded.
        var onHeard: (WebSocketInbound) -> Void = { _ in }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let inbound = Application.unwrapInboundIn(data)
            self.heard.append(inbound)
            self.onHeard(inbound)
        }

        func channelReadComplete(context: ChannelHandlerContext) { self.readCompletes += 1 }

        func channelInactive(context: ChannelHandlerContext) { self.isInactive = true }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? WebSocketEvent { self.events.append(event) }
        }
    }

    /// What the socket is asked for.
    final class SocketSide: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        var reads = 0
        var writes = 0
        var flushes = 0

        func read(context: ChannelHandlerContext) {
            self.reads += 1
            context.read()
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if SocketSide.unwrapOutboundIn(data).readableBytes > 0 { self.writes += 1 }
            context.write(data, promise: promise)
        }

        func flush(context: ChannelHandlerContext) {
            self.flushes += 1
            context.flush()
        }
    }

    init(_ configuration: WebSocketHandler.Configuration = .init()) throws {
        self.channel = EmbeddedChannel(loop: self.loop)
        self.timers = LoopTimers(eventLoop: self.loop)
        self.handler = WebSocketHandler(configuration: configuration, timers: self.timers)
        try self.channel.connect(to: SocketAddress(unixDomainSocketPath: "/bench")).wait()
        try self.channel.pipeline.syncOperations.addHandlers(self.socket, self.handler, self.application)
    }

    /// Bytes from the peer.
    func receive(_ bytes: [UInt8]) throws {
        try self.channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// The frames that went out since the last call.
    func sent() throws -> [ServerFrame] {
        self.loop.run()
        var bytes = ByteBuffer()
        while var next = try self.channel.readOutbound(as: ByteBuffer.self) {
            bytes.writeBuffer(&next)
        }
        var frames: [ServerFrame] = []
        while let frame = bytes.readServerFrame() {
            frames.append(frame)
        }
        precondition(bytes.readableBytes == 0, "half a frame was sent")
        return frames
    }

    /// The texts heard so far.
    var texts: [String] {
        self.application.heard.compactMap { if case .text(let payload) = $0 { String(buffer: payload) } else { nil } }
    }
}
