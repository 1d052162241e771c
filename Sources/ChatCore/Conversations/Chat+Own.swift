// What is the user's own: markers, settings, drafts.
package import ChatProtocol

extension Chat {
    package func mark(
        _ mark: ReadMark,
        in conversation: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> ReadState {
        published(try await stores.memberships.mark(mark, conversation: conversation, user: user))
    }

    package func configure(
        _ conversation: ConversationID,
        _ patch: SettingsPatch,
        by user: UserID
    ) async throws(ChatError) -> OwnState {
        published(try await stores.memberships.configure(patch, conversation: conversation, user: user))
    }

    package func setDraft(
        _ draft: DraftRequest,
        in conversation: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> OwnState {
        let draft = try checked(draft)
        return published(try await stores.memberships.setDraft(draft, conversation: conversation, user: user))
    }

    package func ownChanges(of user: UserID, since: Int64, limit: Int64?) async throws(ChatError) -> OwnPage {
        let limit = try Self.limit(limit)
        return try await stores.memberships.ownChanges(of: user, since: since, limit: limit)
    }

    package func index(
        of user: UserID,
        after: ConversationID?
    ) async throws(ChatError) -> (entries: [IndexEntry], more: Bool) {
        let limit = FixedLimits.indexEntries
        var entries = try await stores.memberships.index(of: user, after: after, limit: limit + 1)
        let more = entries.count > limit
        if more { entries.removeLast() }
        return (entries, more)
    }
}
