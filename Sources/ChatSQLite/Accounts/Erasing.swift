// Erasing an account: at once what is the person's, in steps what the person wrote.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore {
    package func erase(_ user: UserID) async throws(ChatError) -> Changed<Void> {
        try await write { transaction in
            try transaction.erase(user)
        }
    }

    package func eraseMessages(of user: UserID, limit: Int) async throws(ChatError) -> Changed<Bool> {
        try await write(weight: limit) { transaction in
            try transaction.eraseMessages(of: user, limit: limit)
        }
    }

    package func unfinishedErasures() async throws(ChatError) -> [UserID] {
        try await read { db in try db.all("SELECT user FROM erasures ORDER BY user") { try $0.id(0) } }
    }
}

extension Transaction {
    /// How many messages one step looks at, so that it holds up nobody for long.
    private static let windowPerStep: Int64 = 5_000

    mutating func erase(_ user: UserID) throws {
        _ = try AccountRows.profile(of: user, db)
        try endSessions(of: user, .all)
        try endMemberships(of: user)
        try db.run("DELETE FROM devices WHERE user = ?", [user.sql])
        try db.run("DELETE FROM create_nonces WHERE user = ?", [user.sql])
        try db.run(
            """
            UPDATE users SET handle = ?, name = 'deleted user', search_key = '', email = NULL, email_key = NULL,
                password_hash = NULL, avatar = NULL, status = NULL, settings = '{}', is_operator = 0, deleted_at = ?
            WHERE id = ?
            """,
            [try handleOfNobody(for: user), now, user.sql]
        )
        try db.run("INSERT INTO erasures (user, conversation, seq) VALUES (?, -1, 0)", [user.sql])
        touch(user, .settings)
    }

    private mutating func endMemberships(of user: UserID) throws {
        let conversations: [ConversationID] = try db.all(
            "SELECT conversation FROM members WHERE user = ? AND left_at IS NULL ORDER BY conversation",
            [user.sql]
        ) { try $0.id(0) }
        for id in conversations {
            guard let found = try ConversationState.find(id, db), found.deletedAt == nil else { continue }
            var state = try self.state(id)
            guard let membership = try Membership.present(id, user, db) else { continue }
            try end(membership, reason: .left, &state)
        }
    }

    /// A handle that frees the person's own. Somebody may have taken the obvious one, by chance or to be in the way.
    private func handleOfNobody(for user: UserID) throws -> String {
        let base = "deleted-" + user.description.lowercased()
        var handle = base
        while try db.exists("SELECT 1 FROM users WHERE handle = ?", [handle]) {
            handle = base + "-" + context.environment.random(4).map { String($0 % 36, radix: 36) }.joined()
        }
        return handle
    }

    /// - Returns: whether there is more to do.
    mutating func eraseMessages(of user: UserID, limit: Int) throws -> Bool {
        let position = try db.first("SELECT conversation, seq FROM erasures WHERE user = ?", [user.sql]) { row in
            (conversation: row[0] as Int64, seq: row[1] as Int64)
        }
        guard let position else { return false }
        guard let id = ConversationID(sql: position.conversation),
            let state = try ConversationState.find(id, db), state.deletedAt == nil, state.lastSeq > position.seq
        else {
            return try turnToNextConversation(after: position.conversation, of: user)
        }
        let end = min(position.seq + Self.windowPerStep, state.lastSeq)
        let found = try db.all(
            """
            SELECT seq FROM messages WHERE conversation = ? AND seq > ? AND seq <= ? AND sender = ?
                AND deleted_at IS NULL ORDER BY seq LIMIT ?
            """,
            [id.sql, position.seq, end, user.sql, limit]
        ) { $0[0] as Int64 }
        try bury(found, in: id)
        let next = found.count == limit ? found.last ?? end : end
        try db.run("UPDATE erasures SET seq = ? WHERE user = ?", [next, user.sql])
        return true
    }

    private func turnToNextConversation(after former: Int64, of user: UserID) throws -> Bool {
        let next = try db.integer(
            "SELECT min(conversation) FROM members WHERE user = ? AND conversation > ?",
            [user.sql, former]
        )
        guard let next else {
            try db.run("DELETE FROM erasures WHERE user = ?", [user.sql])
            return false
        }
        try db.run("UPDATE erasures SET conversation = ?, seq = 0 WHERE user = ?", [next, user.sql])
        return true
    }

    /// Makes tombstones in one step of the conversation's log.
    private mutating func bury(_ seqs: [Int64], in id: ConversationID) throws {
        guard !seqs.isEmpty else { return }
        var state = try self.state(id)
        let after = state.head
        var changed: Set<Int64> = []
        for seq in seqs {
            guard let message = try MessageRow.find(id, seq, db, context), !message.isDeleted else { continue }
            try bury(message, rev: state.nextRev())
            changed.insert(seq)
            if let root = message.thread { changed.insert(try removeReply(from: root, &state).seq) }
        }
        // A thread's root may have changed several times: what is told is how it is in the end.
        let rows = try changed.compactMap { try MessageRow.find(id, $0, db, context) }.sorted { $0.rev < $1.rev }
        for row in rows { note(row) }
        keep(state)
        tell(state, after: after, messages: rows)
    }
}
