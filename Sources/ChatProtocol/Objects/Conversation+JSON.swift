// How conversations, members and a reader's own state are written. Words that a newer server may add are taken for the one
// that grants and shows least.

extension Conversation: JSONEncodable, JSONDecodable {
    /// Reads a conversation.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "conversation")
        self.init(
            id: try fields.id("id"),
            kind: try fields.word("kind", otherwise: .group),
            name: try fields.optionalString("name"),
            topic: try fields.optionalString("topic"),
            isPublic: try fields.flag("public"),
            createdAt: try fields.integer("createdAt"),
            rev: try fields.integer("rev"),
            head: try fields.integer("head"),
            lastSeq: try fields.integer("lastSeq"),
            memberCount: try fields.integer("memberCount"),
            own: try fields.optionalValue("own"),
            lastMessage: try fields.optionalValue("lastMessage"),
            members: try fields.optionalList("members")
        )
    }

    /// Writes a conversation.
    public func write(to writer: inout JSONWriter) { write(to: &writer, withOwn: true) }

    /// Writes a conversation as one reader or as all see it: rows that go to all members have no `own`.
    func write(to writer: inout JSONWriter, withOwn: Bool) {
        writer.beginObject()
        writer.field("id", id)
        writer.field("kind", kind.rawValue)
        writer.optional("name", name)
        writer.optional("topic", topic)
        writer.field("public", isPublic)
        writer.field("createdAt", createdAt)
        writer.field("rev", rev)
        writer.field("head", head)
        writer.field("lastSeq", lastSeq)
        writer.field("memberCount", memberCount)
        writer.field("history", "all")
        if withOwn { writer.optional("own", own) }
        if let lastMessage {
            writer.key("lastMessage")
            lastMessage.write(to: &writer, withMine: withOwn)
        }
        if let members { writer.field("members", members) }
        writer.endObject()
    }
}

extension ChannelSummary: JSONEncodable, JSONDecodable {
    /// Reads a summary.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "conversation")
        self.init(
            id: try fields.id("id"),
            kind: try fields.word("kind", otherwise: .channel),
            name: try fields.optionalString("name"),
            topic: try fields.optionalString("topic"),
            isPublic: try fields.flag("public"),
            memberCount: try fields.integer("memberCount")
        )
    }

    /// Writes a summary.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", id)
        writer.field("kind", kind.rawValue)
        writer.optional("name", name)
        writer.optional("topic", topic)
        writer.field("public", isPublic)
        writer.field("memberCount", memberCount)
        writer.endObject()
    }
}

extension Member: JSONEncodable, JSONDecodable {
    /// Reads a member.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "member")
        self.init(
            conversation: try fields.id("conversation"),
            user: try fields.id("user"),
            role: try fields.word("role", otherwise: .reader),
            joinedAt: try fields.integer("joinedAt"),
            leftAt: try fields.optionalInteger("leftAt"),
            readSeq: try fields.optionalInteger("readSeq"),
            rev: try fields.integer("rev")
        )
    }

    /// Writes a member.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("conversation", conversation)
        writer.field("user", user)
        writer.field("role", role.rawValue)
        writer.field("joinedAt", joinedAt)
        writer.optional("leftAt", leftAt)
        writer.optional("readSeq", readSeq)
        writer.field("rev", rev)
        writer.endObject()
    }
}

extension OwnState: JSONEncodable, JSONDecodable {
    /// Reads a state.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "own")
        try self.init(reading: &fields)
    }

    /// Reads a state's fields out of an object that may have more.
    init(reading fields: inout JSONObjectReader) throws(WireError) {
        self.init(
            role: try fields.word("role", otherwise: .reader),
            readSeq: try fields.integer("readSeq"),
            unreadFrom: try fields.optionalInteger("unreadFrom"),
            unread: try fields.integer("unread"),
            mentions: try fields.integer("mentions"),
            level: try fields.word("level", otherwise: .all),
            isMuted: try fields.flag("muted"),
            isFavourite: try fields.flag("favourite"),
            isArchived: try fields.flag("archived"),
            draft: try fields.optionalValue("draft")
        )
    }

    /// Writes a state.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeFields(to: &writer)
        writer.endObject()
    }

    /// Writes a state's fields into an object that has more.
    func writeFields(to writer: inout JSONWriter) {
        writer.field("role", role.rawValue)
        writer.field("readSeq", readSeq)
        writer.optional("unreadFrom", unreadFrom)
        writer.field("unread", unread)
        writer.field("mentions", mentions)
        writer.field("level", level.rawValue)
        writer.field("muted", isMuted)
        writer.field("favourite", isFavourite)
        writer.field("archived", isArchived)
        writer.optional("draft", draft)
    }
}

extension OwnState.Draft: JSONEncodable, JSONDecodable {
    /// Reads a draft.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "draft")
        self.init(
            body: try fields.string("body"),
            replyTo: try fields.optionalInteger("replyTo"),
            at: try fields.integer("at")
        )
    }

    /// Writes a draft.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("body", body)
        writer.optional("replyTo", replyTo)
        writer.field("at", at)
        writer.endObject()
    }
}

extension ReadState: JSONEncodable, JSONDecodable {
    /// Reads a state.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "read")
        self.init(
            readSeq: try fields.integer("readSeq"),
            unreadFrom: try fields.optionalInteger("unreadFrom"),
            unread: try fields.integer("unread")
        )
    }

    /// Writes a state.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("readSeq", readSeq)
        writer.optional("unreadFrom", unreadFrom)
        writer.field("unread", unread)
        writer.endObject()
    }
}
