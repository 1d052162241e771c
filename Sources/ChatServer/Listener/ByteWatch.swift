// The bytes of a connection before the parser sees them: the clock counts them, and what nobody listens to goes no
// further.
import NIOCore

/// Sits before the parser and tells the gate of the bytes that come; drops them when nobody listens any more.
final class ByteWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let gate: RequestGate

    init(gate: RequestGate) {
        self.gate = gate
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.gate.isListening else { return }
        self.gate.bytesCame(ByteWatch.unwrapInboundIn(data).readableBytes)
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.gate.readCompleted()
        context.fireChannelReadComplete()
    }
}

@available(*, unavailable)
extension ByteWatch: Sendable {}
