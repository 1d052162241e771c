// How sessions and the answers to signing in are written.

extension SessionGrant: JSONEncodable, JSONDecodable {
    /// Reads a grant.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "session")
        self.init(
            id: try fields.id("id"),
            accessToken: try fields.optionalString("accessToken"),
            expiresInSeconds: try fields.integer("expiresInSeconds"),
            refreshToken: try fields.optionalString("refreshToken")
        )
    }

    /// Writes a grant.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", id)
        writer.optional("accessToken", accessToken)
        writer.field("expiresInSeconds", expiresInSeconds)
        writer.optional("refreshToken", refreshToken)
        writer.endObject()
    }
}

extension SignedIn: JSONEncodable, JSONDecodable {
    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(
            user: try fields.value("user", of: User.self),
            session: try fields.value("session", of: SessionGrant.self)
        )
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("user", user)
        writer.field("session", session)
        writer.endObject()
    }
}

/// The answer to `POST /v1/sessions/refresh`: `{session}`.
public struct Refreshed: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// What the device holds from now on.
    public var session: SessionGrant
    /// Creates an answer.
    public init(session: SessionGrant) { self.session = session }

    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(session: try fields.value("session", of: SessionGrant.self))
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("session", session)
        writer.endObject()
    }
}

extension SessionInfo: JSONEncodable, JSONDecodable {
    /// Reads a line.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "session")
        self.init(
            id: try fields.id("id"),
            device: try fields.optionalString("device"),
            createdAt: try fields.integer("createdAt"),
            lastSeenAt: try fields.integer("lastSeenAt"),
            isCurrent: try fields.flag("current")
        )
    }

    /// Writes a line.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", id)
        writer.optional("device", device)
        writer.field("createdAt", createdAt)
        writer.field("lastSeenAt", lastSeenAt)
        writer.field("current", isCurrent)
        writer.endObject()
    }
}
