// People as others see them, and as they see themselves.

/// A person as everybody may see them.
public struct User: Sendable, Equatable {
    /// The identifier.
    public var id: UserID
    /// Unique, `[a-z0-9._-]{3,32}`.
    public var handle: String
    /// The display name; need not be unique.
    public var name: String
    /// Where the picture is, if there is one.
    public var avatar: String?
    /// A short text that the person set.
    public var status: String?

    /// Creates a user.
    public init(id: UserID, handle: String, name: String, avatar: String? = nil, status: String? = nil) {
        self.id = id
        self.handle = handle
        self.name = name
        self.avatar = avatar
        self.status = status
    }
}

/// One's own profile (`GET /v1/me`): the user's fields, and what nobody else sees.
public struct Profile: Sendable, Equatable {
    /// What everybody sees.
    public var user: User
    /// The address for signing in; never shown to others.
    public var email: String
    /// When the account was made.
    public var createdAt: Milliseconds
    /// Whether this account runs the instance. Grants nothing in conversations.
    public var isOperator: Bool
    /// What the person's clients keep (theme, language, …): any JSON object.
    public var settings: JSON

    /// Creates a profile.
    public init(user: User, email: String, createdAt: Milliseconds, isOperator: Bool, settings: JSON) {
        self.user = user
        self.email = email
        self.createdAt = createdAt
        self.isOperator = isOperator
        self.settings = settings
    }
}
