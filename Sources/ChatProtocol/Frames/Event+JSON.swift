// How events are written and read. Rows in events go to all members of a conversation: they never carry what is one reader's.

extension Event: JSONEncodable {
    /// The event's name on the wire.
    public var name: String {
        switch self {
        case .message: "message"
        case .member: "member"
        case .conversation: "conversation"
        case .changes: "changes"
        case .skip: "skip"
        case .joined: "joined"
        case .left: "left"
        case .behind: "behind"
        case .own: "own"
        case .read: "read"
        case .typing: "typing"
        case .presence: "presence"
        case .moving: "moving"
        case .unknown(let name, _, _, _): name
        }
    }

    /// Writes an event.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        switch self {
        case .message(let conversation, let after, let rev, let message):
            writer.beginInterval("message", conversation, after, rev)
            writer.key("message")
            message.write(to: &writer, withMine: false)
        case .member(let conversation, let after, let rev, let member):
            writer.beginInterval("member", conversation, after, rev)
            writer.field("member", member)
        case .conversation(let conversation, let after, let rev, let row):
            writer.beginInterval("conversation", conversation, after, rev)
            writer.key("row")
            row.write(to: &writer, withOwn: false)
        case .changes(let conversation, let after, let rev, let messages, let members, let row):
            writer.beginInterval("changes", conversation, after, rev)
            writer.key("messages")
            writer.beginArray()
            for message in messages { message.write(to: &writer, withMine: false) }
            writer.endArray()
            writer.field("members", members)
            if let row {
                writer.key("row")
                row.write(to: &writer, withOwn: false)
            }
        case .skip(let conversation, let after, let rev):
            writer.beginInterval("skip", conversation, after, rev)
        default:
            writeOthers(to: &writer)
        }
        writer.endObject()
    }

    /// Writes the fields of events that have no interval of a conversation.
    private func writeOthers(to writer: inout JSONWriter) {
        writer.field("event", name)
        switch self {
        case .message, .member, .conversation, .changes, .skip: break
        case .joined(let conversation, let row):
            writer.field("conversation", conversation)
            writer.field("row", row)
        case .left(let conversation, let rev, let reason):
            writer.field("conversation", conversation)
            writer.field("rev", rev)
            writer.field("reason", reason.rawValue)
        case .behind(let conversation, let head):
            writer.field("conversation", conversation)
            writer.field("head", head)
        case .own(let after, let rev, let rows):
            writer.field("after", after)
            writer.field("rev", rev)
            writer.field("rows", rows)
        case .read(let conversation, let user, let readSeq):
            writer.field("conversation", conversation)
            writer.field("user", user)
            writer.field("readSeq", readSeq)
        case .typing(let conversation, let user):
            writer.field("conversation", conversation)
            writer.field("user", user)
        case .presence(let users):
            writer.field("users", presence: users)
        case .moving(let afterMs):
            writer.field("afterMs", afterMs)
        case .unknown(_, let conversation, let after, let rev):
            writer.optional("conversation", conversation)
            writer.optional("after", after)
            writer.optional("rev", rev)
        }
    }
}

extension JSONWriter {
    /// The fields that begin every event with an interval.
    fileprivate mutating func beginInterval(
        _ event: StaticString,
        _ conversation: ConversationID,
        _ after: Int64,
        _ rev: Int64
    ) {
        key("event")
        value(event)
        field("conversation", conversation)
        field("after", after)
        field("rev", rev)
    }

    /// People and how they can be reached, in the order of their identifiers.
    mutating func field(_ name: StaticString, presence users: [UserID: PresenceState]) {
        key(name)
        beginObject()
        for (user, state) in users.sorted(by: { $0.key < $1.key }) {
            key(named: user.description)
            value(state.rawValue)
        }
        endObject()
    }
}

extension Event: JSONDecodable {
    /// Reads an event. Names of a newer server are ``unknown(name:conversation:after:rev:)``.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "event")
        let name = try fields.string("event")
        switch name {
        case "message", "member", "conversation", "changes", "skip":
            self = try Self.readInterval(name, &fields)
        case "joined":
            self = .joined(
                conversation: try fields.id("conversation"),
                row: try fields.value("row", of: Conversation.self)
            )
        case "left":
            self = .left(
                conversation: try fields.id("conversation"),
                rev: try fields.integer("rev"),
                reason: try fields.word("reason", otherwise: .removed)
            )
        case "behind":
            self = .behind(conversation: try fields.id("conversation"), head: try fields.integer("head"))
        case "own":
            self = .own(
                after: try fields.integer("after"),
                rev: try fields.integer("rev"),
                rows: try OwnRow.readList(&fields)
            )
        case "read":
            self = .read(
                conversation: try fields.id("conversation"),
                user: try fields.id("user"),
                readSeq: try fields.integer("readSeq")
            )
        case "typing":
            self = .typing(conversation: try fields.id("conversation"), user: try fields.id("user"))
        case "presence":
            self = .presence(users: try fields.presence("users"))
        case "moving":
            self = .moving(afterMs: try fields.integer("afterMs"))
        default:
            self = Self.readUnknown(name, &fields)
        }
    }

    private static func readInterval(_ name: String, _ fields: inout JSONObjectReader) throws(WireError) -> Event {
        let conversation: ConversationID = try fields.id("conversation")
        let after = try fields.integer("after")
        let rev = try fields.integer("rev")
        switch name {
        case "message":
            let message = try fields.value("message", of: Message.self)
            return .message(conversation: conversation, after: after, rev: rev, message: message)
        case "member":
            let member = try fields.value("member", of: Member.self)
            return .member(conversation: conversation, after: after, rev: rev, member: member)
        case "conversation":
            let row = try fields.value("row", of: Conversation.self)
            return .conversation(conversation: conversation, after: after, rev: rev, row: row)
        case "changes":
            return .changes(
                conversation: conversation,
                after: after,
                rev: rev,
                messages: try fields.optionalList("messages") ?? [],
                members: try fields.optionalList("members") ?? [],
                row: try fields.optionalValue("row")
            )
        default:
            return .skip(conversation: conversation, after: after, rev: rev)
        }
    }

    /// Whatever an unknown event has of an interval; other types of fields are as good as none.
    private static func readUnknown(_ name: String, _ fields: inout JSONObjectReader) -> Event {
        var conversation: ConversationID?
        if case .string(let text) = fields.value("conversation") { conversation = ConversationID(text) }
        func integer(_ json: JSON?) -> Int64? {
            if case .integer(let number) = json, number >= 0 { number } else { nil }
        }
        let after = integer(fields.value("after"))
        let rev = integer(fields.value("rev"))
        return .unknown(name: name, conversation: conversation, after: after, rev: rev)
    }
}

extension JSONObjectReader {
    /// People and how they can be reached. Keys that are no identifiers are left out; a state of a newer server is `online`.
    mutating func presence(_ name: String) throws(WireError) -> [UserID: PresenceState] {
        guard case .object(let fields) = value(name) else { throw failure(name, "must be an object") }
        var users: [UserID: PresenceState] = [:]
        for field in fields {
            guard let user = UserID(field.name), case .string(let state) = field.value else { continue }
            users[user] = PresenceState(rawValue: state) ?? .online
        }
        return users
    }
}
