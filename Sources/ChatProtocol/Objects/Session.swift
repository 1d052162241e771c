// Sessions as their owner sees them, and what signing in answers.

/// What a signed-in device holds. Token fields are absent where a cookie carries them.
public struct SessionGrant: Sendable, Equatable {
    /// The session.
    public var id: SessionID
    /// Opaque, 256 bits; absent with a cookie.
    public var accessToken: String?
    /// How long the access token (or cookie) lives, seconds.
    public var expiresInSeconds: Int64
    /// Used once; absent with a cookie.
    public var refreshToken: String?
    /// Creates a grant.
    public init(id: SessionID, accessToken: String?, expiresInSeconds: Int64, refreshToken: String?) {
        self.id = id
        self.accessToken = accessToken
        self.expiresInSeconds = expiresInSeconds
        self.refreshToken = refreshToken
    }
}

/// The answer to signing up and signing in.
public struct SignedIn: Sendable, Equatable {
    /// Who signed in.
    public var user: User
    /// What the device holds.
    public var session: SessionGrant
    /// Creates an answer.
    public init(user: User, session: SessionGrant) {
        self.user = user
        self.session = session
    }
}

/// One line of `GET /v1/sessions`.
public struct SessionInfo: Sendable, Equatable {
    /// The session.
    public var id: SessionID
    /// What the device calls itself.
    public var device: String?
    /// When it signed in.
    public var createdAt: Milliseconds
    /// When it was last heard of.
    public var lastSeenAt: Milliseconds
    /// Whether it is the one that asks.
    public var isCurrent: Bool
    /// Creates a line.
    public init(id: SessionID, device: String?, createdAt: Milliseconds, lastSeenAt: Milliseconds, isCurrent: Bool) {
        self.id = id
        self.device = device
        self.createdAt = createdAt
        self.lastSeenAt = lastSeenAt
        self.isCurrent = isCurrent
    }
}
