// Creating and changing conversations, and who is in them.
package import ChatProtocol

extension Chat {
    /// Creates a conversation, or finds the one there is. `isNew` tells which.
    package func create(
        _ new: NewConversation,
        by user: UserID
    ) async throws(ChatError) -> (conversation: Conversation, isNew: Bool) {
        let new = try checked(new)
        return published(try await stores.conversations.create(new, id: environment.makeID(), by: user))
    }

    package func update(
        _ id: ConversationID,
        _ patch: ConversationPatch,
        by user: UserID
    ) async throws(ChatError) -> Conversation {
        let patch = try checked(patch)
        return published(try await stores.conversations.update(id, patch, by: user))
    }

    package func delete(_ id: ConversationID, by user: UserID) async throws(ChatError) {
        published(try await stores.conversations.delete(id, by: user))
    }

    /// Adds a member, joins, or changes a role.
    package func setMember(
        _ member: UserID,
        role: Role?,
        in id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Member {
        published(try await stores.conversations.setMember(member, role: role, in: id, by: user))
    }

    /// Joins a public channel.
    package func join(_ id: ConversationID, by user: UserID) async throws(ChatError) -> Conversation {
        _ = try await setMember(user, role: nil, in: id, by: user)
        return try await conversation(id, reader: user)
    }

    /// Removes a member, or leaves.
    package func removeMember(
        _ member: UserID,
        from id: ConversationID,
        by user: UserID
    ) async throws(ChatError) {
        published(try await stores.conversations.removeMember(member, from: id, by: user))
    }

    package func conversation(_ id: ConversationID, reader: UserID) async throws(ChatError) -> Conversation {
        guard let found = try await stores.conversations.conversations([id], reader: reader).first else {
            throw .notFound
        }
        return found
    }

    package func conversations(
        _ ids: [ConversationID],
        reader: UserID
    ) async throws(ChatError) -> [Conversation] {
        guard ids.count <= FixedLimits.pageMaximum else {
            throw .invalid("ids: at most \(FixedLimits.pageMaximum) at a time.")
        }
        return try await stores.conversations.conversations(ids, reader: reader)
    }
}
