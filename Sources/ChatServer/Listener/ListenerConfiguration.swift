// The bounds of the listener, all in one place.
package import ChatGateway
package import NIOCore

/// How the one port for HTTP and WebSocket behaves.
package struct ListenerConfiguration: Sendable {
    /// Where WebSockets are opened.
    package var webSocketPath = "/v1/ws"
    /// The subprotocol that a client must offer.
    package var subprotocol = "vibetalk.v1"
    /// The bounds of a WebSocket.
    package var webSocket = WebSocketHandler.Configuration()

    /// The fields that every answer of the listener itself carries (those of the calls are the interface's own).
    package var securityHeaders: [(String, String)] = []

    /// Bytes of a request's header fields, names and values; over it: 431.
    package var maxHeaderBytes = 16_384
    /// Header fields of a request; over it: 431.
    package var maxHeaderFields = 100
    /// Bytes of a request's target; over it: 414.
    package var maxTargetBytes = 4_096

    /// How long the header of a request may take, from its first byte on, or from the accept for the first one; over
    /// it: 408.
    package var headerTimeout = TimeAmount.seconds(10)
    /// How long a body is watched …
    package var bodyWindow = TimeAmount.seconds(10)
    /// … and how many bytes of it must come in that time while they are wanted; below it: 408.
    package var minBodyBytesPerWindow = 10 * 1_024
    /// How long a connection may be open without a request.
    package var idleTimeout = TimeAmount.seconds(60)
    /// How long a connection that was refused is listened to, so that the refusal is read before it is closed.
    package var lingerTimeout = TimeAmount.seconds(2)

    /// Open connections, HTTP and WebSocket together; over it: 503, and some more over it a closed door.
    package var maxConnections: Int

    /// - Parameter maxConnections: see `OpenFileLimit.connections(within:)`.
    package init(maxConnections: Int) {
        self.maxConnections = maxConnections
    }
}
