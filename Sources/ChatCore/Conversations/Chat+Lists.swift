// Pages of what there is: people, conversations, channels, members. Each reads one item more than it shows, so that who pages
// knows whether there is a next page; all go by identifiers.
package import ChatProtocol

/// One page, and whether there is more behind it.
package struct Listed<Item: Sendable>: Sendable {
    package var items: [Item]
    package var hasMore: Bool

    /// Of what was read with one item too many.
    init(_ items: [Item], limit: Int) {
        hasMore = items.count > limit
        self.items = hasMore ? Array(items.prefix(limit)) : items
    }

    /// Of everything there is, in any order.
    package init<ID: EntityID>(
        all items: [Item],
        after: ID?,
        limit: Int64?,
        id: (Item) -> ID
    ) throws(ChatError) {
        let behind = items.filter { item in after.map { id(item) > $0 } ?? true }.sorted { id($0) < id($1) }
        self.init(behind, limit: try Chat.limit(limit))
    }
}

extension Chat {
    /// People whose name or handle contains the query (empty: all).
    package func users(
        matching query: String,
        after: UserID?,
        limit: Int64?
    ) async throws(ChatError) -> Listed<User> {
        let limit = try Self.limit(limit)
        return Listed(try await stores.accounts.users(matching: query, after: after, limit: limit + 1), limit: limit)
    }

    /// One person.
    package func user(_ id: UserID) async throws(ChatError) -> User {
        guard let user = try await stores.accounts.users([id]).first else { throw .notFound }
        return user
    }

    /// The reader's conversations.
    package func conversations(
        of reader: UserID,
        after: ConversationID?,
        limit: Int64?
    ) async throws(ChatError) -> Listed<Conversation> {
        let limit = try Self.limit(limit)
        let found = try await stores.conversations.conversations(of: reader, after: after, limit: limit + 1)
        return Listed(found, limit: limit)
    }

    /// Public channels whose name or topic contains the query (empty: all).
    package func channels(
        matching query: String,
        after: ConversationID?,
        limit: Int64?
    ) async throws(ChatError) -> Listed<ChannelSummary> {
        let limit = try Self.limit(limit)
        return Listed(
            try await stores.conversations.channels(matching: query, after: after, limit: limit + 1),
            limit: limit
        )
    }

    /// Present members whose name or handle contains the query (empty: all).
    package func members(
        of id: ConversationID,
        matching query: String,
        after: UserID?,
        limit: Int64?,
        reader: UserID
    ) async throws(ChatError) -> Listed<Member> {
        let limit = try Self.limit(limit)
        let found = try await stores.conversations.members(
            of: id,
            matching: query,
            after: after,
            limit: limit + 1,
            reader: reader
        )
        return Listed(found, limit: limit)
    }

    /// How a conversation looks to somebody: whole to its members, a summary to others where it is a public channel.
    package func look(at id: ConversationID, reader: UserID) async throws(ChatError) -> ConversationView {
        if let found = try await stores.conversations.conversations([id], reader: reader).first { return .whole(found) }
        guard let summary = try await stores.conversations.channel(id) else { throw .notFound }
        return .summary(summary)
    }
}

/// A conversation as somebody may see it.
package enum ConversationView: Sendable, Equatable {
    case whole(Conversation)
    case summary(ChannelSummary)
}
