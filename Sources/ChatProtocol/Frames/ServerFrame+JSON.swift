// Telling replies from events.

extension ServerFrame: JSONEncodable, JSONDecodable {
    /// Reads a frame of a server: with `re` it is a reply, otherwise an event.
    public init(json: JSON) throws(WireError) {
        if json["re"] != nil {
            self = .reply(try ReplyFrame(json: json))
        } else {
            self = .event(try Event(json: json))
        }
    }

    /// Writes a frame.
    public func write(to writer: inout JSONWriter) {
        switch self {
        case .reply(let reply): reply.write(to: &writer)
        case .event(let event): event.write(to: &writer)
        }
    }
}

extension CloseReason: JSONEncodable, JSONDecodable {
    /// Reads a reason.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "reason")
        self.init(afterMs: try fields.integer("afterMs"))
    }

    /// Writes a reason.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("afterMs", afterMs)
        writer.endObject()
    }
}
