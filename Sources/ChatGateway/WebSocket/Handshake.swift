// What the application may know of the request that became a WebSocket, and its decision on whether it may.
package import NIOCore

/// The facts of an upgrade request that concern the application. Tokens in headers or in the URL are not among them:
/// they are ignored by the protocol.
package struct Handshake: Sendable {
    /// `Host`, as sent. Exactly one is guaranteed.
    package var host: String

    /// `Origin`, as sent; nil where there was none. More than one is refused before anyone sees it.
    package var origin: String?

    /// All `Cookie` fields, joined by `"; "`.
    package var cookie: String?

    /// All `X-Forwarded-For` fields, joined by `", "`; to be believed only if `remoteAddress` is a trusted proxy.
    package var forwardedFor: String?

    /// `User-Agent`, as sent.
    package var userAgent: String?

    /// The peer of the TCP connection.
    package var remoteAddress: SocketAddress?

    package init(
        host: String,
        origin: String? = nil,
        cookie: String? = nil,
        forwardedFor: String? = nil,
        userAgent: String? = nil,
        remoteAddress: SocketAddress? = nil
    ) {
        self.host = host
        self.origin = origin
        self.cookie = cookie
        self.forwardedFor = forwardedFor
        self.userAgent = userAgent
        self.remoteAddress = remoteAddress
    }
}

/// Whether a handshake that is correct in form may become a WebSocket.
package enum WebSocketAdmission: Sendable {
    /// Upgrade. A connection whose origin is not allowed is accepted too, and closed with 4003 by the application.
    case accept

    /// Answer with this problem and close the connection.
    case refuse(HTTPRefusal)
}

/// A refusal over HTTP, before or without an upgrade; sent as `application/problem+json`.
package struct HTTPRefusal: Sendable, Equatable {
    /// The HTTP status: 400, 405, 408, 414, 426, 429, 431, 503 …
    package var status: Int

    /// The error code of the protocol: `invalid`, `rate_limited`, `unavailable` …
    package var code: String

    /// What to do about it.
    package var detail: String

    /// Sent as `Retry-After` (whole seconds, rounded up) and `retryAfterMs`.
    package var retryAfterMs: Int?

    /// Further header fields that belong to the status, such as `Allow` or `Sec-WebSocket-Version`.
    package var headers: [(String, String)]

    package init(
        status: Int,
        code: String,
        detail: String,
        retryAfterMs: Int? = nil,
        headers: [(String, String)] = []
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.retryAfterMs = retryAfterMs
        self.headers = headers
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.code == right.code && left.detail == right.detail
            && left.retryAfterMs == right.retryAfterMs && left.headers.elementsEqual(right.headers, by: ==)
    }
}

/// How the application takes part in the making of a WebSocket. Both closures run on the connection's event loop and
/// must not block.
package struct WebSocketApplication: Sendable {
    /// Decides on a correct handshake, before the upgrade. Not everything that is accepted gets as far as `install`
    /// (the peer may be gone): what is counted here must be uncounted in the channel's `closeFuture`.
    package var admit: @Sendable (Handshake, any Channel) -> WebSocketAdmission

    /// Adds the application's handler at the end of the pipeline (`channel.pipeline.syncOperations.addHandler`). The
    /// `WebSocketHandler` is already in it and is handed over for the direct calls (`send`, `pauseReading`). The
    /// channel is active: no `channelActive` will come. Throwing drops the connection.
    package var install: @Sendable (any Channel, WebSocketHandler, Handshake) throws -> Void

    package init(
        admit: @escaping @Sendable (Handshake, any Channel) -> WebSocketAdmission,
        install: @escaping @Sendable (any Channel, WebSocketHandler, Handshake) throws -> Void
    ) {
        self.admit = admit
        self.install = install
    }
}
