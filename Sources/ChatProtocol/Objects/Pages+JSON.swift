// How pages of rows are written: `more` and `reset` appear only when true.

extension ChangesPage: JSONEncodable, JSONDecodable {
    /// Reads a page.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "changes")
        self.init(
            conversation: try fields.id("conversation"),
            row: try fields.optionalValue("row"),
            messages: try fields.optionalList("messages") ?? [],
            members: try fields.optionalList("members") ?? [],
            upTo: try fields.integer("upTo"),
            head: try fields.integer("head"),
            more: try fields.flag("more"),
            reset: try fields.flag("reset")
        )
    }

    /// Writes a page.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("conversation", conversation)
        if let row {
            writer.key("row")
            row.write(to: &writer, withOwn: false)
        }
        writer.field("messages", messages)
        writer.field("members", members)
        writer.field("upTo", upTo)
        writer.field("head", head)
        writer.flag("more", more)
        writer.flag("reset", reset)
        writer.endObject()
    }
}

extension OwnPage: JSONEncodable, JSONDecodable {
    /// Reads a page.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "own")
        self.init(
            rows: try OwnRow.readList(&fields),
            upTo: try fields.integer("upTo"),
            head: try fields.integer("head"),
            more: try fields.flag("more"),
            reset: try fields.flag("reset")
        )
    }

    /// Writes a page.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("rows", rows)
        writer.field("upTo", upTo)
        writer.field("head", head)
        writer.flag("more", more)
        writer.flag("reset", reset)
        writer.endObject()
    }
}

extension HistoryPage: JSONEncodable, JSONDecodable {
    /// Reads a page.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "history")
        self.init(messages: try fields.list("messages"), more: try fields.flag("more"))
    }

    /// Writes a page.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("messages", messages)
        writer.flag("more", more)
        writer.endObject()
    }
}

extension IndexEntry: JSONEncodable, JSONDecodable {
    /// Reads a line: an array, of which a newer server may use more.
    public init(json: JSON) throws(WireError) {
        guard case .array(let elements) = json, elements.count >= 7, case .string(let text) = elements[0],
            let conversation = ConversationID(text)
        else { throw WireError(.invalid, "index must have arrays of an identifier and six integers.") }
        var numbers: [Int64] = []
        for element in elements[1..<7] {
            guard case .integer(let number) = element, number >= 0 else {
                throw WireError(.invalid, "index must have arrays of an identifier and six integers.")
            }
            numbers.append(number)
        }
        self.init(
            conversation: conversation,
            head: numbers[0],
            lastSeq: numbers[1],
            readSeq: numbers[2],
            unread: numbers[3],
            mentions: numbers[4],
            unreadFrom: numbers[5]
        )
    }

    /// Writes a line.
    public func write(to writer: inout JSONWriter) {
        writer.beginArray()
        writer.value(conversation)
        writer.value(head)
        writer.value(lastSeq)
        writer.value(readSeq)
        writer.value(unread)
        writer.value(mentions)
        writer.value(unreadFrom)
        writer.endArray()
    }
}

extension ListPage: JSONEncodable where Item: JSONEncodable {
    /// Writes a page.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("items", items)
        writer.optional("next", next)
        writer.endObject()
    }
}

extension ListPage: JSONDecodable where Item: JSONDecodable {
    /// Reads a page.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "page")
        self.init(items: try fields.list("items"), next: try fields.optionalString("next"))
    }
}
