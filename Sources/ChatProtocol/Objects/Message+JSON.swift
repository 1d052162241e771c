// How messages are written. A tombstone is the same object without everything that was its content.

extension Message: JSONEncodable, JSONDecodable {
    /// Reads a message. Only the text of kind `text` must have a body; other kinds are a newer server's.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "message")
        let conversation: ConversationID = try fields.id("conversation")
        let seq = try fields.integer("seq")
        let rev = try fields.integer("rev")
        let kind = try fields.string("kind")
        let sender: UserID = try fields.id("sender")
        let nonce = try fields.string("nonce")
        let body = try fields.optionalString("body")
        let sentAt = try fields.integer("sentAt")
        let editedAt = try fields.optionalInteger("editedAt")
        let isDeleted = try fields.flag("deleted")
        if body == nil, kind == "text", !isDeleted { throw fields.failure("body", "is missing") }
        self.init(
            conversation: conversation,
            seq: seq,
            rev: rev,
            kind: kind,
            sender: sender,
            nonce: nonce,
            body: body ?? "",
            sentAt: sentAt,
            editedAt: editedAt,
            isDeleted: isDeleted,
            replyTo: try fields.optionalInteger("replyTo"),
            thread: try fields.optionalInteger("thread"),
            replies: try fields.optionalValue("replies"),
            pinned: try fields.optionalValue("pinned"),
            attachments: try fields.optionalList("attachments") ?? [],
            mentions: try fields.optionalIDs("mentions") ?? [],
            mentionsAll: try fields.flag("mentionsAll"),
            reactions: try fields.optionalList("reactions") ?? [],
            mine: try fields.optionalStrings("mine"),
            fallback: try fields.optionalString("fallback")
        )
    }

    /// Writes a message, or its tombstone.
    public func write(to writer: inout JSONWriter) { write(to: &writer, withMine: true) }

    /// Writes a message as one reader or as all see it: rows that go to all members have no `mine`.
    func write(to writer: inout JSONWriter, withMine: Bool) {
        writer.beginObject()
        writer.field("conversation", conversation)
        writer.field("seq", seq)
        writer.field("rev", rev)
        writer.field("kind", kind)
        writer.field("sender", sender)
        writer.field("nonce", nonce)
        if !isDeleted { writer.field("body", body) }
        writer.field("sentAt", sentAt)
        if !isDeleted { writer.optional("editedAt", editedAt) }
        writer.flag("deleted", isDeleted)
        writer.optional("replyTo", replyTo)
        writer.optional("thread", thread)
        writer.optional("replies", replies)
        if !isDeleted { writeContent(to: &writer, withMine: withMine) }
        writer.endObject()
    }

    /// What a tombstone has not.
    private func writeContent(to writer: inout JSONWriter, withMine: Bool) {
        writer.optional("pinned", pinned)
        if !attachments.isEmpty { writer.field("attachments", attachments) }
        if !mentions.isEmpty { writer.field("mentions", mentions) }
        writer.flag("mentionsAll", mentionsAll)
        if !reactions.isEmpty { writer.field("reactions", reactions) }
        if withMine, let mine { writer.field("mine", mine) }
        writer.optional("fallback", fallback)
    }
}

extension Message.Replies: JSONEncodable, JSONDecodable {
    /// Reads the summary of a thread.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "replies")
        self.init(
            count: try fields.integer("count"),
            lastSeq: try fields.integer("lastSeq"),
            users: try fields.ids("users")
        )
    }

    /// Writes the summary of a thread.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("count", count)
        writer.field("lastSeq", lastSeq)
        writer.field("users", users)
        writer.endObject()
    }
}

extension Message.Pin: JSONEncodable, JSONDecodable {
    /// Reads a pin.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "pinned")
        self.init(by: try fields.id("by"), at: try fields.integer("at"))
    }

    /// Writes a pin.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("by", by)
        writer.field("at", at)
        writer.endObject()
    }
}

extension Message.Reaction: JSONEncodable, JSONDecodable {
    /// Reads a reaction.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "reaction")
        self.init(
            emoji: try fields.string("emoji"),
            count: try fields.integer("count"),
            users: try fields.ids("users")
        )
    }

    /// Writes a reaction.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("emoji", emoji)
        writer.field("count", count)
        writer.field("users", users)
        writer.endObject()
    }
}

extension Message.Attachment: JSONEncodable, JSONDecodable {
    /// Reads an attachment.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "attachment")
        self.init(
            id: try fields.id("id"),
            name: try fields.string("name"),
            size: try fields.integer("size"),
            type: try fields.string("type"),
            width: try fields.optionalInteger("width"),
            height: try fields.optionalInteger("height"),
            url: try fields.string("url")
        )
    }

    /// Writes an attachment.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", id)
        writer.field("name", name)
        writer.field("size", size)
        writer.field("type", type)
        writer.optional("width", width)
        writer.optional("height", height)
        writer.field("url", url)
        writer.endObject()
    }
}
