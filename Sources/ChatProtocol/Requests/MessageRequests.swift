// What is asked about messages, by HTTP bodies and by the fields of commands alike.

/// The body of `POST …/messages`: a ``Send`` whose conversation is in the path.
public struct SendRequest: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The client's name for it, unique per sender and conversation.
    public var nonce: String
    /// The text; empty only with attachments.
    public var body: String
    /// What it answers.
    public var replyTo: Int64?
    /// The root of its thread.
    public var thread: Int64?
    /// Files, uploaded before.
    public var attachments: [AttachmentID]

    /// Creates a request.
    public init(
        nonce: String,
        body: String,
        replyTo: Int64? = nil,
        thread: Int64? = nil,
        attachments: [AttachmentID] = []
    ) {
        self.nonce = nonce
        self.body = body
        self.replyTo = replyTo
        self.thread = thread
        self.attachments = attachments
    }

    /// Reads a request.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        try self.init(reading: &fields)
        try fields.finish()
    }

    init(reading fields: inout JSONObjectReader) throws(WireError) {
        self.init(
            nonce: try fields.string("nonce"),
            body: try fields.string("body"),
            replyTo: try fields.optionalInteger("replyTo"),
            thread: try fields.optionalInteger("thread"),
            attachments: try fields.optionalIDs("attachments") ?? []
        )
        if nonce.isEmpty { throw fields.failure("nonce", "must not be empty") }
        if body.isEmpty, attachments.isEmpty { throw fields.failure("body", "must not be empty without attachments") }
    }

    /// The same message with its conversation.
    public func send(to conversation: ConversationID) -> Send {
        Send(
            conversation: conversation,
            nonce: nonce,
            body: body,
            replyTo: replyTo,
            thread: thread,
            attachments: attachments
        )
    }

    /// Writes a request.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeFields(to: &writer)
        writer.endObject()
    }

    func writeFields(to writer: inout JSONWriter) {
        writer.field("nonce", nonce)
        writer.field("body", body)
        writer.optional("replyTo", replyTo)
        writer.optional("thread", thread)
        if !attachments.isEmpty { writer.field("attachments", attachments) }
    }
}

extension Send {
    /// The message without its conversation, as HTTP has it.
    public var request: SendRequest {
        SendRequest(nonce: nonce, body: body, replyTo: replyTo, thread: thread, attachments: attachments)
    }
}

/// The body of `PATCH …/messages/{seq}`.
public struct EditRequest: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The new text.
    public var body: String
    /// Refuse (`conflict`) unless the message has this `rev`.
    public var ifRev: Int64?
    /// Creates a request.
    public init(body: String, ifRev: Int64? = nil) {
        self.body = body
        self.ifRev = ifRev
    }

    /// Reads a request.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        try self.init(reading: &fields)
    }

    init(reading fields: inout JSONObjectReader) throws(WireError) {
        self.init(body: try fields.string("body"), ifRev: try fields.optionalInteger("ifRev"))
    }

    /// Writes a request.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("body", body)
        writer.optional("ifRev", ifRev)
        writer.endObject()
    }
}

extension ReadMark: JSONEncodable, JSONDecodable {
    /// Reads the body of `PUT …/read`.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json, naming: ["seq"])
        try self.init(reading: &fields)
    }

    init(reading fields: inout JSONObjectReader) throws(WireError) {
        let seq = try fields.optionalInteger("seq")
        let unreadFrom = fields.value("unreadFrom")
        switch (seq, unreadFrom) {
        case (let seq?, nil):
            self = .upTo(seq)
        case (nil, .null):
            self = .unreadFrom(nil)
        case (nil, .integer(let from)) where from >= 1:
            self = .unreadFrom(from)
        case (nil, nil), (.some, .some):
            throw fields.failure("seq", "or unreadFrom is required, not both")
        default:
            throw fields.failure("unreadFrom", "must be an integer from 1 or null")
        }
    }

    /// Writes the body of `PUT …/read`.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeFields(to: &writer)
        writer.endObject()
    }

    func writeFields(to writer: inout JSONWriter) {
        switch self {
        case .upTo(let seq): writer.field("seq", seq)
        case .unreadFrom(let from?): writer.field("unreadFrom", from)
        case .unreadFrom(nil):
            writer.key("unreadFrom")
            writer.null()
        }
    }
}

/// The body of `PUT …/read`: `{seq}` or `{unreadFrom}`.
public typealias ReadRequest = ReadMark

/// The body of `PUT …/draft`.
public struct DraftRequest: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The text; empty removes the draft.
    public var body: String
    /// What it will answer.
    public var replyTo: Int64?
    /// Creates a request.
    public init(body: String, replyTo: Int64? = nil) {
        self.body = body
        self.replyTo = replyTo
    }

    /// Reads a request.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        self.init(body: try fields.string("body"), replyTo: try fields.optionalInteger("replyTo"))
    }

    /// Writes a request.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("body", body)
        writer.optional("replyTo", replyTo)
        writer.endObject()
    }
}

extension HistoryBound {
    /// Reads the bound out of a request: at most one.
    init(reading fields: inout JSONObjectReader) throws(WireError) {
        var bounds: [HistoryBound] = []
        if let seq = try fields.optionalInteger("before") { bounds.append(.before(seq)) }
        if let seq = try fields.optionalInteger("after") { bounds.append(.after(seq)) }
        if let seq = try fields.optionalInteger("around") { bounds.append(.around(seq)) }
        if let time = try fields.optionalInteger("at") { bounds.append(.at(time)) }
        guard bounds.count <= 1 else { throw fields.failure("before", "after, around and at exclude each other") }
        self = bounds.first ?? .newest
    }

    /// Writes the bound into a request.
    func writeFields(to writer: inout JSONWriter) {
        switch self {
        case .newest: break
        case .before(let seq): writer.field("before", seq)
        case .after(let seq): writer.field("after", seq)
        case .around(let seq): writer.field("around", seq)
        case .at(let time): writer.field("at", time)
        }
    }
}
