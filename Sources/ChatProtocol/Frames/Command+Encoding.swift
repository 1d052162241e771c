// Writes what a client says.

extension CommandFrame: JSONEncodable {
    /// Writes a frame: `id`, `do`, then the command's fields.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("id", id)
        writer.field("do", command.name)
        command.writeFields(to: &writer)
        writer.endObject()
    }
}

extension CommandFrame: JSONDecodable {
    /// Reads a frame where it does not matter how it fails; a server uses ``CommandDecoding``.
    public init(json: JSON) throws(WireError) {
        switch CommandDecoding(json: json) {
        case .malformed(let message): throw WireError(.invalid, message)
        case .refused(_, _, let error): throw error
        case .command(let frame): self = frame
        }
    }
}

extension Command {
    /// The command's name on the wire.
    public var name: String {
        switch self {
        case .hello: "hello"
        case .index: "index"
        case .conversations: "conversations"
        case .sync, .syncOwn: "sync"
        case .history: "history"
        case .send: "send"
        case .edit: "edit"
        case .delete: "delete"
        case .react: "react"
        case .unreact: "unreact"
        case .pin: "pin"
        case .unpin: "unpin"
        case .read: "read"
        case .open: "open"
        case .typing: "typing"
        case .presence: "presence"
        case .state: "state"
        case .create: "create"
        case .join: "join"
        case .leave: "leave"
        case .member: "member"
        case .remove: "remove"
        case .ping: "ping"
        }
    }

    /// Writes the command's fields.
    func writeFields(to writer: inout JSONWriter) {
        switch self {
        case .hello(let hello): hello.writeFields(to: &writer)
        case .send(let send):
            writer.field("conversation", send.conversation)
            send.request.writeFields(to: &writer)
        case .create(let conversation): conversation.writeFields(to: &writer)
        case .index, .conversations, .sync, .syncOwn, .history: writeQuery(to: &writer)
        case .edit, .delete, .react, .unreact, .pin, .unpin: writeChange(to: &writer)
        case .read, .open, .typing, .presence, .state: writeSign(to: &writer)
        case .join(let conversation), .leave(let conversation): writer.field("conversation", conversation)
        case .member(let conversation, let user, let role):
            writer.field("conversation", conversation)
            writer.field("user", user)
            writer.optional("role", role?.rawValue)
        case .remove(let conversation, let user):
            writer.field("conversation", conversation)
            writer.field("user", user)
        case .ping: break
        }
    }

    private func writeQuery(to writer: inout JSONWriter) {
        switch self {
        case .index(let after): writer.field("after", after)
        case .conversations(let ids): writer.field("ids", ids)
        case .sync(let conversation, let since, let limit):
            writer.field("conversation", conversation)
            writer.field("since", since)
            writer.optional("limit", limit)
        case .syncOwn(let since, let limit):
            writer.field("own", true)
            writer.field("since", since)
            writer.optional("limit", limit)
        case .history(let conversation, let bound, let limit):
            writer.field("conversation", conversation)
            bound.writeFields(to: &writer)
            writer.optional("limit", limit)
        default: break
        }
    }

    private func writeChange(to writer: inout JSONWriter) {
        switch self {
        case .edit(let conversation, let seq, let body, let ifRev):
            writer.field("conversation", conversation)
            writer.field("seq", seq)
            writer.field("body", body)
            writer.optional("ifRev", ifRev)
        case .delete(let conversation, let seq), .pin(let conversation, let seq), .unpin(let conversation, let seq):
            writer.field("conversation", conversation)
            writer.field("seq", seq)
        case .react(let conversation, let seq, let emoji), .unreact(let conversation, let seq, let emoji):
            writer.field("conversation", conversation)
            writer.field("seq", seq)
            writer.field("emoji", emoji)
        default: break
        }
    }

    private func writeSign(to writer: inout JSONWriter) {
        switch self {
        case .read(let conversation, let mark):
            writer.field("conversation", conversation)
            mark.writeFields(to: &writer)
        case .open(let conversation):
            writer.key("conversation")
            if let conversation { writer.value(conversation) } else { writer.null() }
        case .typing(let conversation): writer.field("conversation", conversation)
        case .presence(let watch, let state):
            if let watch { writer.field("watch", watch) }
            writer.optional("set", state?.rawValue)
        case .state(let active): writer.field("active", active)
        default: break
        }
    }
}

extension Hello {
    /// Writes the fields of the first command; empty lists are left out.
    func writeFields(to writer: inout JSONWriter) {
        writer.optional("token", token)
        writer.optional("device", device)
        if !features.isEmpty { writer.field("features", features) }
        writer.optional("epoch", epoch)
        writer.optional("own", own)
        guard !resume.isEmpty else { return }
        writer.key("resume")
        writer.beginObject()
        for position in resume {
            writer.key(named: position.conversation.description)
            writer.value(position.rev)
        }
        writer.endObject()
    }
}
