// The commands of the protocol, with their answers read.

public import ChatProtocol

extension ChatClient {
    /// Posts a message. It goes through the outbox: it is sent in order, again and again, until the server has answered
    /// for good.
    /// - Parameters:
    ///   - body: The text.
    ///   - conversation: Where.
    ///   - replyTo: What it answers.
    ///   - thread: The root of its thread.
    ///   - nonce: Its name; made if `nil`. Give one to be able to ask again in another life of the app.
    public func send(
        _ body: String,
        to conversation: ConversationID,
        replyTo: Int64? = nil,
        thread: Int64? = nil,
        nonce: String? = nil
    ) async throws -> SendReply {
        let send = Send(conversation: conversation, nonce: nonce ?? "", body: body, replyTo: replyTo, thread: thread)
        return try SendReply(json: try await command(.send(send)))
    }

    /// A range of messages; they become part of the copy.
    public func history(
        of conversation: ConversationID,
        _ bound: HistoryBound = .newest,
        limit: Int64? = nil
    ) async throws -> HistoryPage {
        try HistoryPage(json: try await command(.history(conversation: conversation, bound: bound, limit: limit)))
    }

    /// Rows above a position. The client syncs by itself where it must; this is for looking.
    public func sync(_ conversation: ConversationID, since: Int64, limit: Int64? = nil) async throws -> ChangesPage {
        try ChangesPage(json: try await command(.sync(conversation: conversation, since: since, limit: limit)))
    }

    /// Rows of the user's own log above a position.
    public func syncOwn(since: Int64, limit: Int64? = nil) async throws -> OwnPage {
        try OwnPage(json: try await command(.syncOwn(since: since, limit: limit)))
    }

    /// Whole conversations.
    public func conversations(_ ids: [ConversationID]) async throws -> [Conversation] {
        try ConversationsAnswer(json: try await command(.conversations(ids: ids))).conversations
    }

    /// Creates a conversation, or finds the direct one that exists.
    public func create(_ conversation: NewConversation) async throws -> Conversation {
        try ConversationAnswer(json: try await command(.create(conversation))).conversation
    }

    /// Joins a public channel.
    public func join(_ conversation: ConversationID) async throws -> Conversation {
        try ConversationAnswer(json: try await command(.join(conversation: conversation))).conversation
    }

    /// Leaves a conversation.
    public func leave(_ conversation: ConversationID) async throws {
        _ = try await command(.leave(conversation: conversation))
    }

    /// Adds a member or changes a role.
    public func member(_ user: UserID, of conversation: ConversationID, role: Role? = nil) async throws -> Member {
        try MemberAnswer(json: try await command(.member(conversation: conversation, user: user, role: role))).member
    }

    /// Removes a member.
    public func remove(_ user: UserID, from conversation: ConversationID) async throws {
        _ = try await command(.remove(conversation: conversation, user: user))
    }

    /// Replaces a message's body.
    public func edit(
        _ seq: Int64,
        in conversation: ConversationID,
        body: String,
        ifRev: Int64? = nil
    ) async throws -> Message {
        try await message(.edit(conversation: conversation, seq: seq, body: body, ifRev: ifRev))
    }

    /// Turns a message into a tombstone.
    public func delete(_ seq: Int64, in conversation: ConversationID) async throws -> Message {
        try await message(.delete(conversation: conversation, seq: seq))
    }

    /// Adds the user's reaction.
    public func react(_ emoji: String, to seq: Int64, in conversation: ConversationID) async throws -> Message {
        try await message(.react(conversation: conversation, seq: seq, emoji: emoji))
    }

    /// Takes the user's reaction back.
    public func unreact(_ emoji: String, to seq: Int64, in conversation: ConversationID) async throws -> Message {
        try await message(.unreact(conversation: conversation, seq: seq, emoji: emoji))
    }

    /// Pins a message, or unpins it.
    public func pin(_ seq: Int64, in conversation: ConversationID, isPinned: Bool = true) async throws -> Message {
        try await message(
            isPinned ? .pin(conversation: conversation, seq: seq) : .unpin(conversation: conversation, seq: seq)
        )
    }

    /// Moves the read marker, or marks as unread.
    public func read(_ conversation: ConversationID, _ mark: ReadMark) async throws -> ReadState {
        try ReadState(json: try await command(.read(conversation: conversation, mark: mark)))
    }

    /// Says which conversation is on the screen; it is brought up to date first, now and on every new connection.
    public func open(_ conversation: ConversationID?) async throws {
        _ = try await command(.open(conversation: conversation))
    }

    /// Says that the user is typing.
    public func typing(in conversation: ConversationID) async throws {
        _ = try await command(.typing(conversation: conversation))
    }

    /// Watches people (instead of those watched before) and sets the user's own state; both are told to every new
    /// connection.
    public func presence(
        watch: [UserID]? = nil,
        set: PresenceState? = nil
    ) async throws -> [UserID: PresenceState] {
        let json = try await command(.presence(watch: watch, set: set))
        return json["users"] == nil ? [:] : try PresenceAnswer(json: json).users
    }

    /// Whether the app is in the foreground.
    public func setActive(_ isActive: Bool) async throws {
        _ = try await command(.state(active: isActive))
    }

    /// Asks for the server's time.
    public func ping() async throws -> Milliseconds {
        try PingAnswer(json: try await command(.ping)).now
    }

    private func message(_ command: Command) async throws -> Message {
        try MessageAnswer(json: try await self.command(command)).message
    }
}
