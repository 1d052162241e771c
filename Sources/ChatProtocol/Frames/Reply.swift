// What the server answers: `{"re": <id>, "ok": {…}}` or `{"re": <id>, "error": {…}}`.

/// The answer to one command.
public struct ReplyFrame: Sendable, Equatable {
    /// The command's id.
    public var re: Int64
    /// The content of `ok`, or the error.
    public var result: Result<JSON, ErrorBody>
    /// Creates a reply.
    public init(re: Int64, result: Result<JSON, ErrorBody>) {
        self.re = re
        self.result = result
    }
}

/// The error of a reply: `{"code", "message", "retryAfterMs"?}`.
public struct ErrorBody: Error, Sendable, Equatable {
    /// A code of the protocol; unknown ones are kept as they came.
    public var code: ErrorCode
    /// What to do.
    public var message: String
    /// When it may be tried again.
    public var retryAfterMs: Int64?
    /// Creates an error.
    public init(code: ErrorCode, message: String, retryAfterMs: Int64? = nil) {
        self.code = code
        self.message = message
        self.retryAfterMs = retryAfterMs
    }
}

/// The answer to `hello`.
public struct HelloReply: Sendable, Equatable {
    /// Who one is.
    public var user: User
    /// The session.
    public var session: SessionID
    /// The connection's name, for logs and support.
    public var connection: String
    /// The node's name.
    public var node: String
    /// The rhythm of heartbeats.
    public var heartbeatMs: Int64
    /// What the server can do of what the client can do.
    public var features: [String]
    /// All limits by name.
    public var limits: [String: Int64]
    /// The store's epoch.
    public var epoch: String
    /// The head of the own log.
    public var own: Int64
    /// The user's conversations, the first 2,000 by id.
    public var index: [IndexEntry]
    /// Whether `index` goes on (`index {after}`).
    public var more: Bool
    /// Answers to `resume`; absent after another epoch.
    public var changes: [ChangesPage]?
    /// Conversations of `resume` that the user is no longer in; absent after another epoch.
    public var gone: [ConversationID]?

    /// Creates an answer.
    public init(
        user: User,
        session: SessionID,
        connection: String,
        node: String,
        heartbeatMs: Int64,
        features: [String],
        limits: [String: Int64],
        epoch: String,
        own: Int64,
        index: [IndexEntry],
        more: Bool = false,
        changes: [ChangesPage]? = nil,
        gone: [ConversationID]? = nil
    ) {
        self.user = user
        self.session = session
        self.connection = connection
        self.node = node
        self.heartbeatMs = heartbeatMs
        self.features = features
        self.limits = limits
        self.epoch = epoch
        self.own = own
        self.index = index
        self.more = more
        self.changes = changes
        self.gone = gone
    }
}

/// The answer to `send`: the stored message as it is now.
public struct SendReply: Sendable, Equatable {
    /// Its number.
    public var seq: Int64
    /// Its last change.
    public var rev: Int64
    /// When it was stored.
    public var sentAt: Milliseconds
    /// Creates an answer.
    public init(seq: Int64, rev: Int64, sentAt: Milliseconds) {
        self.seq = seq
        self.rev = rev
        self.sentAt = sentAt
    }
}
