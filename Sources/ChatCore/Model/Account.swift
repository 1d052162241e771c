// Accounts and sessions as the store keeps them.
package import ChatProtocol

/// An account to create. Names were normalised and checked.
package struct NewAccount: Sendable {
    package var id: UserID
    package var email: String
    package var handle: String
    package var name: String
    /// PHC string.
    package var passwordHash: String
    package init(id: UserID, email: String, handle: String, name: String, passwordHash: String) {
        self.id = id
        self.email = email
        self.handle = handle
        self.name = name
        self.passwordHash = passwordHash
    }
}

/// What signing in needs to know of an account.
package struct AccountRecord: Sendable {
    package var user: User
    package var email: String
    package var passwordHash: String
    package init(user: User, email: String, passwordHash: String) {
        self.user = user
        self.email = email
        self.passwordHash = passwordHash
    }
}

/// A session to store. Hashes are SHA-256 of the tokens; times are milliseconds.
package struct NewSession: Sendable {
    package var id: SessionID
    package var user: UserID
    package var device: String?
    /// Of the access token, or of the cookie.
    package var accessHash: [UInt8]
    package var accessExpiresAt: Milliseconds
    /// Absent for cookie sessions.
    package var refreshHash: [UInt8]?
    /// Nothing keeps the session alive beyond this.
    package var endsAt: Milliseconds
    package var isCookie: Bool
    package init(
        id: SessionID,
        user: UserID,
        device: String?,
        accessHash: [UInt8],
        accessExpiresAt: Milliseconds,
        refreshHash: [UInt8]?,
        endsAt: Milliseconds,
        isCookie: Bool
    ) {
        self.id = id
        self.user = user
        self.device = device
        self.accessHash = accessHash
        self.accessExpiresAt = accessExpiresAt
        self.refreshHash = refreshHash
        self.endsAt = endsAt
        self.isCookie = isCookie
    }
}

/// A session that a token opened.
package struct SessionRecord: Sendable, Equatable {
    package var id: SessionID
    package var user: UserID
    package var device: String?
    package var createdAt: Milliseconds
    package var lastSeenAt: Milliseconds
    package var accessExpiresAt: Milliseconds
    package var endsAt: Milliseconds
    package var isCookie: Bool
    package init(
        id: SessionID,
        user: UserID,
        device: String?,
        createdAt: Milliseconds,
        lastSeenAt: Milliseconds,
        accessExpiresAt: Milliseconds,
        endsAt: Milliseconds,
        isCookie: Bool
    ) {
        self.id = id
        self.user = user
        self.device = device
        self.createdAt = createdAt
        self.lastSeenAt = lastSeenAt
        self.accessExpiresAt = accessExpiresAt
        self.endsAt = endsAt
        self.isCookie = isCookie
    }
}

/// New tokens for a session whose refresh token was used.
package struct Rotation: Sendable {
    package var accessHash: [UInt8]
    package var accessExpiresAt: Milliseconds
    package var refreshHash: [UInt8]
    /// Until when the former access token goes on (60 s).
    package var formerAccessUntil: Milliseconds
    /// Until when the same refresh token answers the same successor (30 s).
    package var repeatUntil: Milliseconds
    package init(
        accessHash: [UInt8],
        accessExpiresAt: Milliseconds,
        refreshHash: [UInt8],
        formerAccessUntil: Milliseconds,
        repeatUntil: Milliseconds
    ) {
        self.accessHash = accessHash
        self.accessExpiresAt = accessExpiresAt
        self.refreshHash = refreshHash
        self.formerAccessUntil = formerAccessUntil
        self.repeatUntil = repeatUntil
    }
}

/// What the use of a refresh token did.
package enum RotationOutcome: Sendable {
    /// The session has the new tokens.
    case rotated(SessionRecord)
    /// Used again in time: the successors that the same computation gives are in force.
    case repeated(SessionRecord)
    /// Used again too late: the session is over.
    case ended
    /// No session knows it.
    case unknown
}
