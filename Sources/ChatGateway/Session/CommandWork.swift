// Commands that wait for a store: one function per command, from its fields to its reply.
import ChatCore
import ChatProtocol

/// What a command needs; runs outside the event loops.
struct CommandWork: Sendable {
    let chat: Chat
    let presence: PresenceBoard
    let user: UserID
    let key: ConnectionKey

    struct Outcome: Sendable {
        /// The whole reply frame.
        var result: Result<[UInt8], ChatError>
        /// What a `sync` answered.
        var changes: ChangesPage?
    }

    func run(_ id: Int64, _ command: Command) async -> Outcome {
        if case .sync(let conversation, let since, let limit) = command {
            let page = await attempt { () async throws(ChatError) in
                try await chat.changes(conversation, since: since, limit: limit, reader: user)
            }
            guard case .success(let whole) = page else { return Outcome(result: page.map { _ in [] }) }
            let changes = whole.cut(to: ReplyBounds.bytes)
            return Outcome(result: .success(ReplyFrame.encoded(re: id, ok: changes)), changes: changes)
        }
        return Outcome(result: await attempt { () async throws(ChatError) in try await answer(id, command) })
    }

    private func answer(_ id: Int64, _ command: Command) async throws(ChatError) -> [UInt8] {
        switch command {
        case .index(let after):
            let page = try await chat.index(of: user, after: after)
            return ReplyFrame.encoded(re: id, ok: IndexPage(index: page.entries, more: page.more))
        case .conversations(let ids):
            let found = try await chat.conversations(ids, reader: user)
            let frame = ReplyFrame.encoded(re: id, ok: ConversationsAnswer(conversations: found))
            guard frame.count <= FixedLimits.serverFrameBytes else {
                throw ChatError(.tooLarge, "ids: the answer would not fit a frame; ask for fewer at a time.")
            }
            return frame
        case .syncOwn(let since, let limit):
            return ReplyFrame.encoded(re: id, ok: try await chat.ownChanges(of: user, since: since, limit: limit))
        case .history(let conversation, let bound, let limit):
            let page = try await chat.history(conversation, bound, limit: limit, reader: user)
            return ReplyFrame.encoded(re: id, ok: page.cut(to: ReplyBounds.bytes, bound))
        case .edit(let conversation, let seq, let body, let ifRev):
            let message = try await chat.edit(conversation, seq: seq, body: body, ifRev: ifRev, by: user)
            return ReplyFrame.encoded(re: id, ok: MessageAnswer(message: message))
        case .delete(let conversation, let seq): return try await change(id, .delete, conversation, seq)
        case .react(let conversation, let seq, let emoji):
            return try await change(id, .react(emoji: emoji), conversation, seq)
        case .unreact(let conversation, let seq, let emoji):
            return try await change(id, .unreact(emoji: emoji), conversation, seq)
        case .pin(let conversation, let seq): return try await change(id, .pin, conversation, seq)
        case .unpin(let conversation, let seq): return try await change(id, .unpin, conversation, seq)
        case .read(let conversation, let mark):
            return ReplyFrame.encoded(re: id, ok: try await chat.mark(mark, in: conversation, by: user))
        default:
            return try await answerMembership(id, command)
        }
    }

    private func answerMembership(_ id: Int64, _ command: Command) async throws(ChatError) -> [UInt8] {
        switch command {
        case .create(let new):
            let created = try await chat.create(new, by: user)
            return ReplyFrame.encoded(re: id, ok: ConversationAnswer(conversation: created.conversation))
        case .join(let conversation):
            let joined = try await chat.join(conversation, by: user)
            return ReplyFrame.encoded(re: id, ok: ConversationAnswer(conversation: joined))
        case .leave(let conversation):
            try await chat.removeMember(user, from: conversation, by: user)
            return ReplyFrame.encoded(re: id, ok: EmptyAnswer())
        case .member(let conversation, let member, let role):
            let member = try await chat.setMember(member, role: role, in: conversation, by: user)
            return ReplyFrame.encoded(re: id, ok: MemberAnswer(member: member))
        case .remove(let conversation, let member):
            try await chat.removeMember(member, from: conversation, by: user)
            return ReplyFrame.encoded(re: id, ok: EmptyAnswer())
        case .presence(let watch, let set):
            return ReplyFrame.encoded(re: id, ok: PresenceAnswer(users: try await presence(watch, set)))
        default:
            throw ChatError(.invalid, "This command cannot be done here.")
        }
    }

    private func change(
        _ id: Int64,
        _ change: MessageChange,
        _ conversation: ConversationID,
        _ seq: Int64
    ) async throws(ChatError) -> [UInt8] {
        let message = try await chat.change(change, conversation, seq: seq, by: user)
        return ReplyFrame.encoded(re: id, ok: MessageAnswer(message: message))
    }

    /// Only people with whom one shares a conversation can be watched; others are `offline` and stay so.
    private func presence(
        _ watch: [UserID]?,
        _ set: PresenceState?
    ) async throws(ChatError) -> [UserID: PresenceState] {
        if let set { presence.set(user, set) }
        guard let watch else { return [:] }
        let companions = try await chat.stores.memberships.companions(of: user, among: watch)
        var states = presence.watch(watch.filter { companions.contains($0) }, by: key)
        for stranger in watch where states[stranger] == nil { states[stranger] = .offline }
        return states
    }
}
