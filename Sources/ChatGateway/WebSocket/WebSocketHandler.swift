// The socket layer of one connection: bytes in, whole messages out, and the closing handshake in both directions.
package import NIOCore

/// RFC 6455 for the server's side of one connection. The application handler sits behind it in the pipeline:
///
///     head (socket) ── WebSocketHandler ── application handler ── tail
///
/// Inbound it delivers `WebSocketInbound` and fires `WebSocketEvent`; outbound it takes `WebSocketOutbound` (by
/// `context.write`, or cheaper, without a box, by `send`) and `WebSocketReadControl` user events.
/// `channelWritabilityChanged` passes through.
///
/// Writes are collected in one buffer for each connection and given to the socket at the flush: many small frames of one
/// tick cost one write. `send` asks for that flush by itself.
///
/// Confined to the channel's event loop.
package final class WebSocketHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = WebSocketInbound
    package typealias OutboundIn = WebSocketOutbound
    package typealias OutboundOut = ByteBuffer

    /// The bounds of one connection.
    package struct Configuration: Sendable {
        /// The largest frame and the largest assembled message; over it: 1009.
        package var maxMessageBytes = 65_536
        /// The most fragments of one message; over it: 1009.
        package var maxFragments = 256
        /// How long a frame or message may stay unfinished; over it: 4200. Time during which reading is paused does
        /// not count.
        package var unfinishedTimeout = TimeAmount.seconds(10)
        /// How long a close frame of ours waits for the peer's before the connection is dropped.
        package var closeTimeout = TimeAmount.seconds(2)
        /// How long after `WebSocketEvent.quiescing` a connection that is still open is closed with 4203.
        package var quiesceTimeout = TimeAmount.seconds(10)

        package init() {}
    }

    package init(configuration: Configuration = .init(), timers: LoopTimers) {
    }

    /// Writes a frame and sees to it that it is flushed at the end of this tick. On the event loop only. Dropped
    /// silently if the connection is closing.
    package func send(_ frame: WebSocketOutbound) {
    }

    /// As `WebSocketReadControl.pause`. On the event loop only.
    package func pauseReading() {
    }

    /// As `WebSocketReadControl.resume`. On the event loop only. What is held is delivered before this returns, except
    /// when called from within a delivery: then it goes on after the present one.
    package func resumeReading() {
    }

    /// Bytes that were written here and that the socket has not taken yet: what a slow reader costs.
    package var unsentBytes: Int { 0 }

    /// A complete text frame with this payload, encoded once to be written to many connections as `.encoded`.
    package static func encodeTextFrame(_ payload: ByteBufferView, allocator: ByteBufferAllocator) -> ByteBuffer {
        var frame = allocator.buffer(
            capacity: FrameEncoding.headerBytes(payloadBytes: payload.count) + payload.count
        )
        FrameEncoding.writeHeader(.text, payloadBytes: payload.count, into: &frame)
        frame.writeBytes(payload)
        return frame
    }
}

@available(*, unavailable)
extension WebSocketHandler: Sendable {}
