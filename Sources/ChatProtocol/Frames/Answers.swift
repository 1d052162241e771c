// The contents of `ok`, for the commands whose answer is no object or page of its own.

/// The answer to `index`, and the part of `hello`'s answer that goes on there: `{index, more?}`.
public struct IndexPage: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// Lines by conversation, ascending.
    public var index: [IndexEntry]
    /// Whether it goes on (`index {after: <last id>}`).
    public var more: Bool
    /// Creates a page.
    public init(index: [IndexEntry], more: Bool = false) {
        self.index = index
        self.more = more
    }

    /// Reads a page.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(index: try fields.list("index"), more: try fields.flag("more"))
    }

    /// Writes a page.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("index", index)
        writer.flag("more", more)
        writer.endObject()
    }
}

/// The answer to `conversations`: `{conversations}`.
public struct ConversationsAnswer: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// Those of the conversations asked for that the reader is in.
    public var conversations: [Conversation]
    /// Creates an answer.
    public init(conversations: [Conversation]) { self.conversations = conversations }

    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(conversations: try fields.list("conversations"))
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("conversations", conversations)
        writer.endObject()
    }
}

/// The answer to `edit`, `delete`, `react`, `unreact`, `pin` and `unpin`: `{message}`.
public struct MessageAnswer: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The message as it is now.
    public var message: Message
    /// Creates an answer.
    public init(message: Message) { self.message = message }

    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(message: try fields.value("message", of: Message.self))
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("message", message)
        writer.endObject()
    }
}

/// The answer to `create` and `join`: `{conversation}`.
public struct ConversationAnswer: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The conversation as it is now.
    public var conversation: Conversation
    /// Creates an answer.
    public init(conversation: Conversation) { self.conversation = conversation }

    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(conversation: try fields.value("conversation", of: Conversation.self))
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("conversation", conversation)
        writer.endObject()
    }
}

/// The answer to `member`: `{member}`.
public struct MemberAnswer: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The membership as it is now.
    public var member: Member
    /// Creates an answer.
    public init(member: Member) { self.member = member }

    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(member: try fields.value("member", of: Member.self))
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("member", member)
        writer.endObject()
    }
}

/// The answer to `presence` with `watch`: `{users}`.
public struct PresenceAnswer: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// How the watched people can be reached.
    public var users: [UserID: PresenceState]
    /// Creates an answer.
    public init(users: [UserID: PresenceState]) { self.users = users }

    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(users: try fields.presence("users"))
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("users", presence: users)
        writer.endObject()
    }
}

/// The answer to `ping`: `{now}`.
public struct PingAnswer: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The server's time.
    public var now: Milliseconds
    /// Creates an answer.
    public init(now: Milliseconds) { self.now = now }

    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(now: try fields.integer("now"))
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("now", now)
        writer.endObject()
    }
}

/// The answer of commands that have nothing to say: `{}`.
public struct EmptyAnswer: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// Creates an answer.
    public init() {}

    /// Reads an answer; fields of a newer server are ignored.
    public init(json: JSON) throws(WireError) { _ = try JSONObjectReader(json, "answer") }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.endObject()
    }
}
