// Conversations and their members. Every method is one transaction that leaves every invariant true.
package import ChatProtocol

/// Stores and reads conversations. Rights are decided inside, by ``Access``, on what the transaction itself sees.
package protocol ConversationStore: Sendable {
    /// Creates, or finds: a direct conversation exists once for ever, and a repeated nonce (24 h) gives the first answer.
    /// `isNew` is false then. Unknown members are `not_found`; too many are `invalid`.
    func create(
        _ new: NewConversation,
        id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Changed<(conversation: Conversation, isNew: Bool)>

    /// Changes name, topic or visibility. Answers with the reader's `own`.
    func update(
        _ id: ConversationID,
        _ patch: ConversationPatch,
        by user: UserID
    ) async throws(ChatError) -> Changed<Conversation>

    /// Deletes the conversation and everything in it; every member's reading ends (reason `deleted`).
    func delete(_ id: ConversationID, by user: UserID) async throws(ChatError) -> Changed<Void>

    /// Adds a member, joins (oneself, public channels) or changes a role. No role given: `member` for who is new, else
    /// nothing changes.
    func setMember(
        _ member: UserID,
        role: Role?,
        in id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Changed<Member>

    /// Removes a member, or leaves (oneself). The last owner's leaving passes ownership on.
    func removeMember(
        _ member: UserID,
        from id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Changed<Void>

    /// Those of `ids` that the reader is a member of, with `own`, `lastMessage` and `members` (direct, groups ≤ 50).
    func conversations(_ ids: [ConversationID], reader: UserID) async throws(ChatError) -> [Conversation]

    /// The reader's conversations above a cursor, by id.
    func conversations(of reader: UserID, after: ConversationID?, limit: Int) async throws(ChatError) -> [Conversation]

    /// Present members above a cursor, by user id, whose name or handle contains the query (empty: all).
    func members(
        of id: ConversationID,
        matching query: String,
        after: UserID?,
        limit: Int,
        reader: UserID
    ) async throws(ChatError) -> [Member]

    /// Public channels above a cursor, by id, whose name or topic contains the query (empty: all).
    func channels(
        matching query: String,
        after: ConversationID?,
        limit: Int
    ) async throws(ChatError) -> [ChannelSummary]

    /// A public channel as everybody may see it.
    func channel(_ id: ConversationID) async throws(ChatError) -> ChannelSummary?
}
