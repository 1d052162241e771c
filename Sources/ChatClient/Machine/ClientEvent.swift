// What the app learns: changes of the connection, of conversations and of the outbox.

public import ChatProtocol

/// Everything that a client tells its app unasked.
public enum ClientEvent: Sendable, Equatable {
    /// The connection is in another state.
    case connection(ConnectionState)
    /// The server has greeted; comes before everything of the same connection.
    case welcome(Welcome)
    /// Everything was dropped but the outbox: the store has another epoch.
    case reset
    /// Rows of messages that are new or have changed, as they are now.
    case messages(ConversationID, [Message])
    /// Rows of messages of this range are not kept (and not brought up to date) any more; `history` brings them.
    case dropped(ConversationID, ClosedRange<Int64>)
    /// Memberships that are new or have changed; those who left have `leftAt`.
    case members(ConversationID, [Member])
    /// A conversation's row, own state or derived numbers have changed: all as it is now.
    case conversation(Conversation)
    /// The user was added to a conversation, or joined it.
    case joined(ConversationID)
    /// The user is not in the conversation any more; its rows are gone. No reason: it happened while away.
    case left(ConversationID, LeaveReason?)
    /// Rows of the user's own log.
    case own([OwnRow])
    /// Somebody's read marker.
    case read(ConversationID, user: UserID, readSeq: Int64)
    /// Somebody is typing.
    case typing(ConversationID, user: UserID)
    /// How people can be reached.
    case presence([UserID: PresenceState])
    /// A message of the outbox has another state.
    case outbox(OutboxChange)
}

/// What the server said of itself and of the user.
public struct Welcome: Sendable, Equatable {
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
}

/// Where a connection stands.
public enum ConnectionState: Sendable, Equatable {
    /// Not wanted.
    case offline
    /// A socket is being opened, or `hello` waits for its answer.
    case connecting
    /// Greeted. What was missed may still be on its way: see ``ClientStateMachine/isSettled``.
    case online
    /// The connection is lost; the next try comes at that time of the driver's clock.
    case waiting(until: Int64)
    /// The token was refused; waiting for a fresh one.
    case needsToken
    /// Given up, until the app connects again.
    case stopped(StopReason)
}

/// Why a client has given up.
public enum StopReason: Sendable, Equatable {
    /// The server closed with a code that says so (4000–4099).
    case closed(CloseCode, reason: String)
    /// The session was ended: sign in again.
    case sessionEnded
    /// There is no token that the server accepts: sign in again.
    case tokenRefused
}

/// What happened to a message of the outbox.
public enum OutboxChange: Sendable, Equatable {
    /// It waits to be sent.
    case queued(Send)
    /// The server has stored it. Its row may come sooner or later.
    case acknowledged(Send, SendReply)
    /// Its row is here (sender and nonce are the same): nothing is pending any more.
    case matched(Send, seq: Int64)
    /// The server refused it for good.
    case refused(Send, ErrorBody)
    /// The server refused it, but an earlier try was not answered: it may have been stored before the refusal's cause.
    case unresolved(Send, ErrorBody)
    /// The app took it back.
    case withdrawn(Send)
}
