// What is asked about conversations, by HTTP bodies and by the fields of `create` alike.

extension NewConversation: JSONEncodable, JSONDecodable {
    /// Reads the body of `POST /v1/conversations`.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        try self.init(reading: &fields)
        try fields.finish()
    }

    init(reading fields: inout JSONObjectReader) throws(WireError) {
        guard let kind = try fields.optionalWord("kind", ConversationKind.self) else {
            throw fields.failure("kind", "is missing")
        }
        self.init(
            kind: kind,
            name: try fields.optionalString("name"),
            topic: try fields.optionalString("topic"),
            isPublic: try fields.optionalBool("public"),
            members: try fields.optionalIDs("members") ?? [],
            nonce: try fields.optionalString("nonce")
        )
        if nonce?.isEmpty == true { throw fields.failure("nonce", "must not be empty") }
    }

    /// Writes the body of `POST /v1/conversations`.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeFields(to: &writer)
        writer.endObject()
    }

    func writeFields(to writer: inout JSONWriter) {
        writer.field("kind", kind.rawValue)
        writer.optional("name", name)
        writer.optional("topic", topic)
        writer.optional("public", isPublic)
        writer.field("members", members)
        writer.optional("nonce", nonce)
    }
}

/// The body of `PATCH /v1/conversations/{id}`.
public struct ConversationPatch: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The new name.
    public var name: String?
    /// The new topic; `null` removes it.
    public var topic: Change<String>
    /// Whether anybody may find and join it.
    public var isPublic: Bool?
    /// Creates a patch.
    public init(name: String? = nil, topic: Change<String> = .keep, isPublic: Bool? = nil) {
        self.name = name
        self.topic = topic
        self.isPublic = isPublic
    }

    /// Reads a patch.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        self.init(
            name: try fields.optionalString("name"),
            topic: try fields.change("topic"),
            isPublic: try fields.optionalBool("public")
        )
    }

    /// Writes a patch.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.optional("name", name)
        writer.field("topic", topic)
        writer.optional("public", isPublic)
        writer.endObject()
    }
}

/// The body of `PUT …/members/{userID}`.
public struct MemberRequest: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The role; absent: `member` for who is added, no change for who is one.
    public var role: Role?
    /// Creates a request.
    public init(role: Role? = nil) { self.role = role }

    /// Reads a request.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json, naming: ["role"])
        self.init(role: try fields.optionalWord("role"))
    }

    /// Writes a request.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.optional("role", role?.rawValue)
        writer.endObject()
    }
}

/// The body of `PUT …/settings`: absent fields stay.
public struct SettingsPatch: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// What the member wants to be told of.
    public var level: NotificationLevel?
    /// Whether nothing of it makes a sound.
    public var isMuted: Bool?
    /// Whether it stands first.
    public var isFavourite: Bool?
    /// Whether it is put away.
    public var isArchived: Bool?
    /// Creates a patch.
    public init(
        level: NotificationLevel? = nil,
        isMuted: Bool? = nil,
        isFavourite: Bool? = nil,
        isArchived: Bool? = nil
    ) {
        self.level = level
        self.isMuted = isMuted
        self.isFavourite = isFavourite
        self.isArchived = isArchived
    }

    /// Reads a patch.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        self.init(
            level: try fields.optionalWord("level"),
            isMuted: try fields.optionalBool("muted"),
            isFavourite: try fields.optionalBool("favourite"),
            isArchived: try fields.optionalBool("archived")
        )
    }

    /// Writes a patch.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.optional("level", level?.rawValue)
        writer.optional("muted", isMuted)
        writer.optional("favourite", isFavourite)
        writer.optional("archived", isArchived)
        writer.endObject()
    }
}
