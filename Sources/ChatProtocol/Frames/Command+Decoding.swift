// Reads what a client says. Three outcomes: a frame that breaks the form closes the connection (4000), a command that is not
// as it should be is answered, everything else is a command.
//
// Checked here is what never depends on settings or stored state: types, fixed limits, fields that only a server may set.

/// What became of a client's frame.
public enum CommandDecoding: Sendable, Equatable {
    /// Not one JSON object with an integer `id` and a string `do`: close with 4000. The text says why.
    case malformed(String)
    /// To be answered with the error. `name` is the `do` as it came.
    case refused(id: Int64, name: String, error: WireError)
    /// A well-formed command.
    case command(CommandFrame)

    /// Reads a frame's text.
    public init(bytes: some Collection<UInt8>) {
        do throws(WireError) { self.init(json: try JSONParser.parse(bytes)) } catch { self = .malformed(error.message) }
    }

    /// Reads a frame's text.
    public init(bytes: UnsafeRawBufferPointer) {
        do throws(WireError) { self.init(json: try JSONParser.parse(bytes)) } catch { self = .malformed(error.message) }
    }

    /// Reads a frame.
    public init(json: JSON) {
        guard case .object = json else {
            self = .malformed("A frame must be one JSON object.")
            return
        }
        guard case .integer(let id) = json["id"], id >= 1 else {
            self = .malformed("id must be an integer from 1 to 2^53 - 1.")
            return
        }
        guard case .string(let name) = json["do"] else {
            self = .malformed("do must be a string.")
            return
        }
        do throws(WireError) {
            self = .command(CommandFrame(id: id, command: try Command(name: name, json: json)))
        } catch {
            self = .refused(id: id, name: name, error: error)
        }
    }
}

extension Command {
    /// Reads the fields of a command.
    /// - Throws: `invalid` that names the field, or `not_found` if only an identifier was malformed.
    init(name: String, json: JSON) throws(WireError) {
        // `id` is the frame's own; `seq` and `role` are named by some commands.
        let naming: [String]
        switch name {
        case "edit", "delete", "react", "unreact", "pin", "unpin", "read": naming = ["id", "seq"]
        case "member": naming = ["id", "role"]
        case "hello", "index", "conversations", "sync", "history", "send", "open", "typing", "presence", "state",
            "create", "join", "leave", "remove", "ping":
            naming = ["id"]
        default: throw Self.unknownCommand
        }
        var fields = try JSONObjectReader(request: json, naming: naming)
        let command: Command? =
            switch name {
            case "send": .send(try Send(reading: &fields))
            case "hello": .hello(try Hello(reading: &fields))
            case "index", "conversations", "sync", "history": try Self.readQuery(name, &fields)
            case "edit", "delete", "react", "unreact", "pin", "unpin": try Self.readChange(name, &fields)
            case "create", "join", "leave", "member", "remove": try Self.readMembership(name, &fields)
            default: try Self.readSign(name, &fields)
            }
        guard let command else { throw Self.unknownCommand }
        try fields.finish()
        self = command
    }

    private static var unknownCommand: WireError {
        WireError(.invalid, "unknown command: there is no such command as do says.")
    }

    private static func readQuery(_ name: String, _ fields: inout JSONObjectReader) throws(WireError) -> Command? {
        switch name {
        case "index":
            return .index(after: try fields.id("after"))
        case "conversations":
            return .conversations(ids: try fields.ids("ids", atMost: FixedLimits.resumeConversations))
        case "sync":
            let isOwn = try fields.flag("own")
            let conversation = try fields.optionalID("conversation", ConversationID.self)
            let since = try fields.integer("since")
            let limit = try fields.pageLimit()
            switch (isOwn, conversation) {
            case (true, nil): return .syncOwn(since: since, limit: limit)
            case (false, let conversation?): return .sync(conversation: conversation, since: since, limit: limit)
            default: throw fields.failure("conversation", "or own: true is required, not both")
            }
        case "history":
            return .history(
                conversation: try fields.id("conversation"),
                bound: try HistoryBound(reading: &fields),
                limit: try fields.pageLimit()
            )
        default:
            return nil
        }
    }

    private static func readChange(_ name: String, _ fields: inout JSONObjectReader) throws(WireError) -> Command? {
        let conversation: ConversationID = try fields.id("conversation")
        let seq = try fields.integer("seq")
        switch name {
        case "edit":
            let edit = try EditRequest(reading: &fields)
            return .edit(conversation: conversation, seq: seq, body: edit.body, ifRev: edit.ifRev)
        case "delete": return .delete(conversation: conversation, seq: seq)
        case "react": return .react(conversation: conversation, seq: seq, emoji: try fields.emoji("emoji"))
        case "unreact": return .unreact(conversation: conversation, seq: seq, emoji: try fields.emoji("emoji"))
        case "pin": return .pin(conversation: conversation, seq: seq)
        case "unpin": return .unpin(conversation: conversation, seq: seq)
        default: return nil
        }
    }

    private static func readSign(_ name: String, _ fields: inout JSONObjectReader) throws(WireError) -> Command? {
        switch name {
        case "read":
            return .read(conversation: try fields.id("conversation"), mark: try ReadMark(reading: &fields))
        case "open":
            guard fields.value("conversation") != nil else {
                throw fields.failure("conversation", "is missing (null closes)")
            }
            return .open(conversation: try fields.optionalID("conversation"))
        case "typing":
            return .typing(conversation: try fields.id("conversation"))
        case "presence":
            let watch = try fields.optionalIDs("watch", UserID.self, atMost: FixedLimits.presenceWatch)
            let state = try fields.optionalWord("set", PresenceState.self)
            if state == .offline { throw fields.failure("set", "must be \"online\", \"away\" or \"dnd\"") }
            return .presence(watch: watch, set: state)
        case "state":
            return .state(active: try fields.bool("active"))
        case "ping":
            return .ping
        default:
            return nil
        }
    }

    private static func readMembership(_ name: String, _ fields: inout JSONObjectReader) throws(WireError) -> Command? {
        if name == "create" { return .create(try NewConversation(reading: &fields)) }
        let conversation: ConversationID = try fields.id("conversation")
        switch name {
        case "join": return .join(conversation: conversation)
        case "leave": return .leave(conversation: conversation)
        case "member":
            let user: UserID = try fields.id("user")
            return .member(conversation: conversation, user: user, role: try fields.optionalWord("role"))
        case "remove": return .remove(conversation: conversation, user: try fields.id("user"))
        default: return nil
        }
    }
}

extension Hello {
    /// Reads the first command.
    init(reading fields: inout JSONObjectReader) throws(WireError) {
        self.init(
            token: try fields.optionalString("token"),
            device: try fields.device("device"),
            features: try fields.optionalStrings("features") ?? [],
            epoch: try fields.optionalString("epoch"),
            own: try fields.optionalInteger("own"),
            resume: try Self.readResume(&fields)
        )
    }

    private static func readResume(_ fields: inout JSONObjectReader) throws(WireError) -> [Position] {
        guard let value = fields.value("resume") else { return [] }
        if case .null = value { return [] }
        guard case .object(let entries) = value else { throw fields.failure("resume", "must be an object") }
        guard entries.count <= FixedLimits.resumeConversations else {
            throw fields.failure("resume", "must have at most \(FixedLimits.resumeConversations) conversations")
        }
        var positions: [Position] = []
        positions.reserveCapacity(entries.count)
        for entry in entries {
            // A key is part of the form here: `not_found` is no answer to hello.
            guard let conversation = ConversationID(entry.name) else {
                throw fields.failure("resume", "must have identifiers of conversations as keys")
            }
            guard case .integer(let rev) = entry.value, rev >= 0 else {
                throw fields.failure("resume", "must have integers from 0 to 2^53 - 1 as positions")
            }
            positions.append(Position(conversation: conversation, rev: rev))
        }
        return positions
    }
}

extension Send {
    /// Reads a message to post over the WebSocket.
    init(reading fields: inout JSONObjectReader) throws(WireError) {
        let conversation: ConversationID = try fields.id("conversation")
        self = try SendRequest(reading: &fields).send(to: conversation)
    }
}
