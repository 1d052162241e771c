// What the server says unasked: `{"event": "<name>", …}`.

/// Everything a server tells a client unasked.
public enum Event: Sendable, Equatable {
    /// One message changed.
    case message(conversation: ConversationID, after: Int64, rev: Int64, message: Message)
    /// One membership changed.
    case member(conversation: ConversationID, after: Int64, rev: Int64, member: Member)
    /// The conversation's row changed (without `own`).
    case conversation(conversation: ConversationID, after: Int64, rev: Int64, row: Conversation)
    /// Several rows changed, or several changes were merged.
    case changes(
        conversation: ConversationID,
        after: Int64,
        rev: Int64,
        messages: [Message],
        members: [Member],
        row: Conversation?
    )
    /// Nothing to see; the position moves.
    case skip(conversation: ConversationID, after: Int64, rev: Int64)
    /// The reader is in, from the row's `head` on.
    case joined(conversation: ConversationID, row: Conversation)
    /// The reader is out; the conversation's last event.
    case left(conversation: ConversationID, rev: Int64, reason: LeaveReason)
    /// Too much for this connection: `sync` when you can.
    case behind(conversation: ConversationID, head: Int64)
    /// What is the user's own changed.
    case own(after: Int64, rev: Int64, rows: [OwnRow])
    /// Somebody's read marker.
    case read(conversation: ConversationID, user: UserID, readSeq: Int64)
    /// Somebody is typing.
    case typing(conversation: ConversationID, user: UserID)
    /// How people can be reached.
    case presence(users: [UserID: PresenceState])
    /// The node drains: reconnect after that time and resume.
    case moving(afterMs: Int64)
    /// An event of a name this version does not know; if it has an interval, the position moves.
    case unknown(name: String, conversation: ConversationID?, after: Int64?, rev: Int64?)
}

/// Anything a server sends: a reply or an event.
public enum ServerFrame: Sendable, Equatable {
    /// The answer to a command.
    case reply(ReplyFrame)
    /// Something unasked.
    case event(Event)
}
