// How replies are written and read.

extension ReplyFrame: JSONEncodable, JSONDecodable {
    /// Reads a reply.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "reply")
        let re = try fields.integer("re")
        if let error = try fields.optionalValue("error", of: ErrorBody.self) {
            self.init(re: re, result: .failure(error))
        } else if let ok = fields.value("ok") {
            self.init(re: re, result: .success(ok))
        } else {
            throw fields.failure("ok", "is missing")
        }
    }

    /// Writes a reply.
    public func write(to writer: inout JSONWriter) {
        switch result {
        case .success(let ok): Self.write(re: re, ok: ok, to: &writer)
        case .failure(let error): Self.write(re: re, error: error, to: &writer)
        }
    }

    /// Writes the reply to a command that was done, without a detour over ``JSON``.
    public static func write(re: Int64, ok: some JSONEncodable, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("re", re)
        writer.field("ok", ok)
        writer.endObject()
    }

    /// Writes the reply to a command that was refused.
    public static func write(re: Int64, error: ErrorBody, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("re", re)
        writer.field("error", error)
        writer.endObject()
    }

    /// The frame of a command that was done.
    public static func encoded(re: Int64, ok: some JSONEncodable, reservingCapacity capacity: Int = 128) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: capacity)
        write(re: re, ok: ok, to: &writer)
        return writer.bytes
    }

    /// The frame of a command that was refused.
    public static func encoded(re: Int64, error: ErrorBody) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 128)
        write(re: re, error: error, to: &writer)
        return writer.bytes
    }
}

extension ErrorBody: JSONEncodable, JSONDecodable {
    /// The error of something that could not be read.
    public init(_ error: WireError) { self.init(code: error.code, message: error.message) }

    /// Reads an error.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "error")
        self.init(
            code: ErrorCode(rawValue: try fields.string("code")),
            message: try fields.optionalString("message") ?? "",
            retryAfterMs: try fields.optionalInteger("retryAfterMs")
        )
    }

    /// Writes an error.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("code", code.rawValue)
        writer.field("message", message)
        writer.optional("retryAfterMs", retryAfterMs)
        writer.endObject()
    }
}

extension SendReply: JSONEncodable, JSONDecodable {
    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(
            seq: try fields.integer("seq"),
            rev: try fields.integer("rev"),
            sentAt: try fields.integer("sentAt")
        )
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("seq", seq)
        writer.field("rev", rev)
        writer.field("sentAt", sentAt)
        writer.endObject()
    }
}

extension HelloReply: JSONEncodable, JSONDecodable {
    /// Reads an answer.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "answer")
        self.init(
            user: try fields.value("user", of: User.self),
            session: try fields.id("session"),
            connection: try fields.string("connection"),
            node: try fields.string("node"),
            heartbeatMs: try fields.integer("heartbeatMs"),
            features: try fields.optionalStrings("features") ?? [],
            limits: try fields.limits("limits"),
            epoch: try fields.string("epoch"),
            own: try fields.integer("own"),
            index: try fields.list("index"),
            more: try fields.flag("more"),
            changes: try fields.optionalList("changes"),
            gone: try fields.optionalIDs("gone")
        )
    }

    /// Writes an answer.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("user", user)
        writer.field("session", session)
        writer.field("connection", connection)
        writer.field("node", node)
        writer.field("heartbeatMs", heartbeatMs)
        writer.field("features", features)
        writer.field("limits", limits: limits)
        writer.field("epoch", epoch)
        writer.field("own", own)
        writer.field("index", index)
        writer.flag("more", more)
        if let changes { writer.field("changes", changes) }
        if let gone { writer.field("gone", gone) }
        writer.endObject()
    }
}

extension JSONWriter {
    /// Limits by name: those of this version in the order of the table, then others in the order of their names.
    mutating func field(_ name: StaticString, limits: [String: Int64]) {
        key(name)
        beginObject()
        var written = 0
        for limit in Limits.all {
            guard let value = limits[limit.name] else { continue }
            key(named: limit.name)
            self.value(value)
            written += 1
        }
        if written < limits.count {
            for (name, value) in limits.sorted(by: { $0.key < $1.key }) where Limit.named(name) == nil {
                key(named: name)
                self.value(value)
            }
        }
        endObject()
    }
}

extension JSONObjectReader {
    /// Limits by name. What is no integer is a newer server's and left out.
    mutating func limits(_ name: String) throws(WireError) -> [String: Int64] {
        guard case .object(let fields) = value(name) else { throw failure(name, "must be an object") }
        var limits: [String: Int64] = [:]
        for field in fields {
            if case .integer(let value) = field.value { limits[field.name] = value }
        }
        return limits
    }
}
