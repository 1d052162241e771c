// The inside of ``RawWebSocket``: an HTTP answer, then frames, from bytes.

import DequeModule
import NIOCore

/// Collects what a server says.
final class RawWebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let loop: any EventLoop
    private var bytes: [UInt8] = []
    private var isUpgraded = false
    private var isHandshakeDone = false
    private var hasEnded = false
    private var frames: Deque<RawWebSocket.Frame> = []
    private var waiting: Deque<(id: UInt64, promise: EventLoopPromise<RawWebSocket.Frame?>)> = []
    private var lastID: UInt64 = 0
    let handshake: EventLoopPromise<RawWebSocket.Handshake>

    init(loop: any EventLoop) {
        self.loop = loop
        handshake = loop.makePromise()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += Array(buffer: unwrapInboundIn(data))
        if !isHandshakeDone { readHandshake(isEnd: false) }
        while isUpgraded, let (frame, length) = RawFrameCoding.decode(bytes) {
            bytes.removeFirst(length)
            if let next = waiting.popFirst() { next.promise.succeed(frame) } else { frames.append(frame) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isHandshakeDone { readHandshake(isEnd: true) }
        if !isHandshakeDone { handshake.fail(ChatClientError.closed) }
        hasEnded = true
        for next in waiting { next.promise.succeed(nil) }
        waiting = []
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func next(timeout: TimeAmount) -> EventLoopFuture<RawWebSocket.Frame?> {
        if let frame = frames.popFirst() { return loop.makeSucceededFuture(frame) }
        if hasEnded { return loop.makeSucceededFuture(nil) }
        let promise = loop.makePromise(of: RawWebSocket.Frame?.self)
        lastID += 1
        let id = lastID
        waiting.append((id, promise))
        loop.assumeIsolated().scheduleTask(in: timeout) {
            guard let index = self.waiting.firstIndex(where: { $0.id == id }) else { return }
            self.waiting.remove(at: index)
            promise.fail(ChatClientError.timedOut)
        }
        return promise.futureResult
    }

    private func readHandshake(isEnd: Bool) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
        let rest = Array(bytes[end.upperBound...])
        isUpgraded = status == 101
        if !isUpgraded, let length = headers["content-length"].flatMap({ Int($0) }), rest.count < length, !isEnd {
            return
        }
        isHandshakeDone = true
        bytes = rest
        handshake.succeed(RawWebSocket.Handshake(status: status, headers: headers, body: isUpgraded ? [] : rest))
    }
}

/// Frames as bytes (RFC 6455, section 5.2), without any check.
enum RawFrameCoding {
    /// The mask of every frame: what it is does not matter to a test.
    private static let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    static func encode(_ frame: RawWebSocket.Frame) -> [UInt8] {
        var bytes: [UInt8] = [(frame.isFinal ? 0x80 : 0) | (frame.reserved & 7) << 4 | frame.opcode & 15]
        let masked: UInt8 = frame.isMasked ? 0x80 : 0
        let length = frame.payload.count
        if length < 126 {
            bytes.append(masked | UInt8(length))
        } else if length < 65_536 {
            bytes += [masked | 126, UInt8(length >> 8), UInt8(length & 255)]
        } else {
            bytes.append(masked | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: length >> shift))
            }
        }
        guard frame.isMasked else { return bytes + frame.payload }
        bytes += mask
        for (index, byte) in frame.payload.enumerated() { bytes.append(byte ^ mask[index & 3]) }
        return bytes
    }

    /// The first frame and how many bytes it takes; `nil` if it is not whole yet.
    static func decode(_ bytes: [UInt8]) -> (RawWebSocket.Frame, Int)? {
        guard bytes.count >= 2 else { return nil }
        var length = Int(bytes[1] & 0x7F)
        var start = 2
        let extra = length == 126 ? 2 : length == 127 ? 8 : 0
        if extra > 0 {
            guard bytes.count >= start + extra else { return nil }
            length = bytes[start..<start + extra].reduce(0) { $0 << 8 | Int($1) }
            start += extra
        }
        let isMasked = bytes[1] & 0x80 != 0
        let maskStart = start
        if isMasked { start += 4 }
        guard length >= 0, length <= 1 << 30, bytes.count >= start + length else { return nil }
        var payload = Array(bytes[start..<start + length])
        if isMasked { for index in payload.indices { payload[index] ^= bytes[maskStart + index & 3] } }
        let frame = RawWebSocket.Frame(
            opcode: bytes[0] & 15,
            payload: payload,
            isFinal: bytes[0] & 0x80 != 0,
            reserved: bytes[0] >> 4 & 7,
            isMasked: isMasked
        )
        return (frame, start + length)
    }
}
