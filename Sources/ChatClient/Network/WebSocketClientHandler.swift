// The client's end of a WebSocket, after the upgrade: assembles text frames, answers pings and closes, masks what it
// writes. It belongs to one event loop and reports to one driver.

import ChatProtocol
import NIOCore
import NIOWebSocket

/// What a WebSocket tells its driver.
enum SocketReport {
    /// A text frame, whole.
    case text(ByteBuffer)
    /// A ping or pong.
    case heard
    /// Something that RFC 6455 or the protocol does not allow.
    case malformed
    /// The end; without a close frame there is no code.
    case closed(CloseCode?, reason: String)
}

/// Frames of an upgraded channel.
final class WebSocketClientHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// The largest frame of a server, assembled or not.
    static let maximumFrameBytes = 1 << 20

    private let report: (SocketReport) -> Void
    private var fragments: ByteBuffer?
    private var isEnded = false
    private var isClosing = false

    init(report: @escaping (SocketReport) -> Void) { self.report = report }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard !isEnded else { return }
        switch frame.opcode {
        case .text where fragments == nil:
            if frame.fin { report(.text(frame.unmaskedData)) } else { fragments = frame.unmaskedData }
        case .continuation:
            continued(frame)
        case .ping:
            write(.pong, frame.unmaskedData, context: context)
            report(.heard)
        case .pong:
            report(.heard)
        case .connectionClose:
            closed(frame.unmaskedData, context: context)
        default:
            report(.malformed)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(nil, reason: "")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A frame that cannot be read, or a broken connection: either way nothing more comes of this channel.
        context.close(promise: nil)
    }

    /// Writes a text frame; flushing is the driver's, once for all that it has to say.
    func writeText(_ bytes: [UInt8], channel: any Channel) {
        guard !isClosing else { return }
        let frame = WebSocketFrame(
            fin: true,
            opcode: .text,
            maskKey: .random(),
            data: channel.allocator.buffer(bytes: bytes)
        )
        channel.write(frame, promise: nil)
    }

    /// Says good-bye and closes the channel.
    func close(_ code: CloseCode, channel: any Channel) {
        guard !isClosing else { return }
        isClosing = true
        isEnded = true
        var data = channel.allocator.buffer(capacity: 2)
        data.writeInteger(code.rawValue)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: data)
        channel.writeAndFlush(frame).whenComplete { _ in channel.close(promise: nil) }
    }

    private func continued(_ frame: WebSocketFrame) {
        guard var whole = fragments else {
            report(.malformed)
            return
        }
        fragments = nil
        var data = frame.unmaskedData
        guard whole.readableBytes + data.readableBytes <= Self.maximumFrameBytes else {
            report(.malformed)
            return
        }
        whole.writeBuffer(&data)
        if frame.fin { report(.text(whole)) } else { fragments = whole }
    }

    private func closed(_ data: ByteBuffer, context: ChannelHandlerContext) {
        var rest = data
        let code = rest.readInteger(as: UInt16.self).map(CloseCode.init(rawValue:))
        if !isClosing {
            isClosing = true
            write(.connectionClose, data, context: context)
        }
        context.close(promise: nil)
        end(code, reason: String(buffer: rest))
    }

    private func end(_ code: CloseCode?, reason: String) {
        guard !isEnded else { return }
        isEnded = true
        report(.closed(code, reason: reason))
    }

    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer, context: ChannelHandlerContext) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }
}
