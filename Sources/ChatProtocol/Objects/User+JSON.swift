// How people are written.

extension User: JSONEncodable, JSONDecodable {
    /// Reads a user.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "user")
        try self.init(reading: &fields)
    }

    /// Reads a user's fields out of an object that may have more.
    init(reading fields: inout JSONObjectReader) throws(WireError) {
        self.init(
            id: try fields.id("id"),
            handle: try fields.string("handle"),
            name: try fields.string("name"),
            avatar: try fields.optionalString("avatar"),
            status: try fields.optionalString("status")
        )
    }

    /// Writes a user.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeFields(to: &writer)
        writer.endObject()
    }

    /// Writes a user's fields into an object that has more.
    func writeFields(to writer: inout JSONWriter) {
        writer.field("id", id)
        writer.field("handle", handle)
        writer.field("name", name)
        writer.optional("avatar", avatar)
        writer.optional("status", status)
    }
}

extension Profile: JSONEncodable, JSONDecodable {
    /// Reads a profile.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "user")
        self.init(
            user: try User(reading: &fields),
            email: try fields.string("email"),
            createdAt: try fields.integer("createdAt"),
            isOperator: try fields.flag("operator"),
            settings: fields.value("settings") ?? .object([])
        )
    }

    /// Writes a profile: the user's fields, then what nobody else sees.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        user.writeFields(to: &writer)
        writer.field("email", email)
        writer.field("createdAt", createdAt)
        writer.field("operator", isOperator)
        writer.field("settings", settings)
        writer.endObject()
    }
}
