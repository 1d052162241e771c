// Renaming and deleting conversations.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore {
    package func update(
        _ id: ConversationID,
        _ patch: ConversationPatch,
        by user: UserID
    ) async throws(ChatError) -> Changed<Conversation> {
        try await write { transaction in
            try transaction.update(id, patch, by: user)
        }
    }

    package func delete(_ id: ConversationID, by user: UserID) async throws(ChatError) -> Changed<Void> {
        let changed = try await write { transaction in
            try transaction.deleteConversation(id, by: user)
        }
        await sweep()
        return changed
    }

    /// Removes what deleted conversations have left, in small steps so that nobody waits long. What a failure or a crash
    /// leaves over is removed by the next call; the store's opening makes one.
    func sweep() async {
        while let isDone = try? await write({ try $0.sweepStep() }).value, !isDone {}
    }
}

extension Transaction {
    mutating func update(_ id: ConversationID, _ patch: ConversationPatch, by user: UserID) throws -> Conversation {
        var state = try self.state(id)
        let member = try state.reader(user, db)
        try Access.check(state.standing(of: user, role: member.role), .rename)
        let former = state
        if let name = patch.name { state.name = name }
        switch patch.topic {
        case .keep: break
        case .clear: state.topic = nil
        case .set(let topic): state.topic = topic.isEmpty ? nil : topic
        }
        if let isPublic = patch.isPublic {
            guard state.kind == .channel || !isPublic else {
                throw ChatError.invalid("public: only channels can be public.")
            }
            state.isPublic = isPublic
        }
        if !Self.isSame(former, state) {
            state.rev = state.nextRev()
            try db.run(
                "UPDATE conversations SET name = ?, topic = ?, is_public = ?, search_key = ? WHERE id = ?",
                [state.name, state.topic, state.isPublic, SearchKey.of(state.name, state.topic), id.sql]
            )
            try state.store(db)
            keep(state)
            tell(state, after: former.head, row: true)
        }
        guard let conversation = try ConversationView.find(id, reader: user, db, context) else {
            throw ChatError.notFound
        }
        return conversation
    }

    /// Texts are compared byte for byte.
    private static func isSame(_ one: ConversationState, _ other: ConversationState) -> Bool {
        one.isPublic == other.isPublic
            && one.name.map { Array($0.utf8) } == other.name.map { Array($0.utf8) }
            && one.topic.map { Array($0.utf8) } == other.topic.map { Array($0.utf8) }
    }

    mutating func deleteConversation(_ id: ConversationID, by user: UserID) throws {
        var state = try self.state(id)
        let member = try state.reader(user, db)
        try Access.check(state.standing(of: user, role: member.role), .deleteConversation)
        let after = state.head
        let users = try db.all(
            "SELECT user FROM members WHERE conversation = ? AND left_at IS NULL ORDER BY user",
            [id.sql]
        ) { try $0.id(0) as UserID }
        for user in users {
            try db.run(
                "UPDATE members SET rev = ?, left_at = ?, left_reason = ?, has_draft = 0 WHERE conversation = ? AND user = ?",
                [state.nextRev(), now, LeaveReason.deleted.code, id.sql, user.sql]
            )
            touch(user, .membership(id))
        }
        state.memberCount = 0
        state.membersRev = state.head
        state.rev = state.nextRev()
        state.isPublic = false
        state.name = nil
        state.topic = nil
        state.deletedAt = now
        try db.run(
            """
            UPDATE conversations SET deleted_at = ?, is_public = 0, name = NULL, topic = NULL, search_key = ''
            WHERE id = ?
            """,
            [now, id.sql]
        )
        try db.run("DELETE FROM create_nonces WHERE conversation = ? AND user = ?", [id.sql, user.sql])
        try db.run("INSERT INTO sweeps (conversation) VALUES (?)", [id.sql])
        keep(state)
        tell(state, after: after, departures: users.map { LogEvent.Departure(user: $0, reason: .deleted) })
    }

    // MARK: Sweeping

    private static let sweptAtOnce = 500

    /// - Returns: whether nothing is left to remove.
    func sweepStep() throws -> Bool {
        guard let conversation = try db.integer("SELECT conversation FROM sweeps ORDER BY conversation LIMIT 1") else {
            return true
        }
        let tables = [
            ("messages", "seq"), ("reactions", "seq, user, emoji"), ("own_reactions", "seq, user"),
            ("mentions", "user, seq"), ("drafts", "user"), ("buckets", "bucket"),
        ]
        for (table, key) in tables {
            try db.run(
                """
                DELETE FROM \(table) WHERE conversation = ?1 AND (\(key)) IN (
                    SELECT \(key) FROM \(table) WHERE conversation = ?1 LIMIT ?2
                )
                """,
                [conversation, Self.sweptAtOnce]
            )
            if db.changesCount > 0 { return false }
        }
        try db.run("DELETE FROM sweeps WHERE conversation = ?", [conversation])
        return false
    }
}
