// What passes between the socket layer and the application handler behind it: the types of both directions of the
// pipeline and the user events. `WebSocketHandler` is on the one side, the session (or the echo) on the other.
package import NIOCore

/// What the peer said, one whole thing at a time, in order. `InboundOut` of `WebSocketHandler`.
package enum WebSocketInbound: Sendable, Equatable {
    /// A whole text message, unmasked, assembled, valid UTF-8, at most `maxMessageBytes` long. The buffer is the
    /// receiver's own: it shares no storage with the socket's read buffer.
    case text(ByteBuffer)

    /// A whole binary message. The session closes with 1003; the echo sends it back.
    case binary(ByteBuffer)

    /// A ping came. It has been answered already; told as a sign of life.
    case ping

    /// A pong came, asked for or not.
    case pong(ByteBuffer)

    /// The conversation is over. Comes exactly once for each connection, and nothing comes after it but
    /// `channelInactive`. The code is ours if we closed first (also after a violation), the peer's if the peer did
    /// (1005 if its close frame had none), and nil if the connection ended without a close frame.
    ///
    /// When it comes, writing is over too: what is written from now on fails or is dropped.
    case closed(code: UInt16?)
}

/// What is said to the peer. `OutboundIn` of `WebSocketHandler`; also the argument of its `send`.
///
/// Nothing is written after a close: later writes fail with `ChannelError.outputClosed`.
package enum WebSocketOutbound: Sendable {
    /// The payload of a text message; it gets its header here. The bytes must be UTF-8 and are not checked.
    case text(ByteBuffer)

    /// The payload of a binary message.
    case binary(ByteBuffer)

    /// A complete frame, header included, as made by `WebSocketHandler.encodeTextFrame`: encoded once, written to many
    /// connections.
    case encoded(ByteBuffer)

    /// A ping without payload.
    case ping

    /// Starts the closing handshake: the close frame goes out behind what was written before, is flushed, and the
    /// connection is dropped when the peer has answered or after two seconds. Reading is resumed if it was paused, but
    /// nothing more is delivered except `closed`. A second close is ignored. The reason is cut at 123 bytes.
    case close(code: UInt16, reason: String)
}

/// Outbound user events (`triggerUserOutboundEvent`) by which the application holds back a peer that sends faster than
/// it can work. The same as `WebSocketHandler.pauseReading()` and `resumeReading()`.
package enum WebSocketReadControl: Sendable, Equatable {
    /// From now on nothing is delivered and nothing is read from the socket. What was received already is held, in
    /// order; exact: also when called from within `channelRead`, the next message of the same read is held.
    case pause

    /// Delivers what was held, in order, until it is used up or reading is paused again; then reads on.
    case resume
}

/// Inbound user events fired by `WebSocketHandler`.
package enum WebSocketEvent: Sendable, Equatable {
    /// The listener is shutting down. The application should say goodbye and write `.close` (staggered as it likes);
    /// connections that are still open `quiesceTimeout` later are closed with 4203.
    case quiescing
}
