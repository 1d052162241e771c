// What is the user's own: markers, settings, drafts, and the log that tells the user's devices of them.
package import ChatProtocol

/// Stores and reads what belongs to one user. Every method is one transaction.
package protocol MembershipStore: Sendable {
    /// A batch of `hello`s: session validity, memberships, heads and markers in one snapshot.
    /// A result of `unauthenticated` closes with 4100, one of `gone` (the session has ended) with 4101.
    func open(_ requests: [OpenRequest]) async throws(ChatError) -> [Result<Opening, ChatError>]

    /// The index above a conversation, by id.
    func index(of user: UserID, after: ConversationID?, limit: Int) async throws(ChatError) -> [IndexEntry]

    /// Moves the read marker (by max, at most `lastSeq`; above is `invalid`) or marks as unread.
    func mark(
        _ mark: ReadMark,
        conversation: ConversationID,
        user: UserID
    ) async throws(ChatError) -> Changed<ReadState>

    /// Changes level, muted, favourite, archived; absent fields stay.
    func configure(
        _ patch: SettingsPatch,
        conversation: ConversationID,
        user: UserID
    ) async throws(ChatError) -> Changed<OwnState>

    /// Stores a draft; `nil` or an empty body removes it.
    func setDraft(
        _ draft: DraftRequest,
        conversation: ConversationID,
        user: UserID
    ) async throws(ChatError) -> Changed<OwnState>

    /// Rows of the own log above a position, in `rev` order, one snapshot.
    func ownChanges(of user: UserID, since: Int64, limit: Int) async throws(ChatError) -> OwnPage

    /// Those of `people` with whom the user shares a conversation.
    func companions(of user: UserID, among people: [UserID]) async throws(ChatError) -> Set<UserID>

    /// A member's view of one conversation, for `joined`; `nil` if they are no member (any more).
    func joined(_ user: UserID, conversation: ConversationID) async throws(ChatError) -> Conversation?
}
