// Creating a conversation, or finding the one there is.
package import ChatCore
package import ChatProtocol
import Foundation
import GRDB

extension SQLiteStore {
    package func create(
        _ new: NewConversation,
        id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Changed<(conversation: Conversation, isNew: Bool)> {
        try await write { transaction in
            try transaction.create(new, id: id, by: user)
        }
    }
}

extension Transaction {
    mutating func create(
        _ new: NewConversation,
        id: ConversationID,
        by user: UserID
    ) throws -> (conversation: Conversation, isNew: Bool) {
        let nonceHash = new.nonce.map { nonce in
            let bytes = Array("\(user) create ".utf8) + Array(nonce.utf8)
            return Data(Hash16(context.environment.digest(bytes)).bytes)
        }
        if let nonceHash, let known = try created(nonceHash, by: user) {
            return (try found(known, by: user), false)
        }
        let others = Array(Set(new.members)).filter { $0 != user }.sorted()
        if new.kind == .direct {
            guard others.count <= 1 else { throw ChatError.invalid("members: name one other person, or none.") }
            if let existing = try direct(user, others.first ?? user) {
                try keepNonce(nonceHash, existing, by: user)
                return (try found(existing, by: user), false)
            }
        }
        let limit =
            switch new.kind {
            case .direct: Int64(2)
            case .group: context.limits.groupMembers
            case .channel: context.limits.channelMembers
            }
        guard limit == 0 || Int64(others.count) < limit else {
            throw ChatError.invalid("members: there can be at most \(limit).")
        }
        for other in others { try checkExists(other) }
        var state = ConversationState(
            new: try freeID(id),
            kind: new.kind,
            isPublic: new.kind == .channel && new.isPublic == true,
            name: new.kind == .direct ? nil : new.name,
            topic: new.kind == .direct ? nil : new.topic,
            now: now
        )
        try insert(&state, members: [user] + others, by: user)
        try keepNonce(nonceHash, state.id, by: user)
        return (try found(state.id, by: user), true)
    }

    private mutating func insert(_ state: inout ConversationState, members: [UserID], by user: UserID) throws {
        let pair = state.kind == .direct ? [members[0], members[members.count - 1]].sorted() : []
        try db.run(
            """
            INSERT INTO conversations (
                id, kind, is_public, created_at, rev, head, member_count, members_rev, created_by,
                direct_low, direct_high, name, topic, search_key
            ) VALUES (?, ?, ?, ?, 1, 1, 0, 1, ?, ?, ?, ?, ?, ?)
            """,
            [
                state.id.sql, state.kind.code, state.isPublic, state.createdAt, user.sql,
                pair.first?.sql, pair.last?.sql, state.name, state.topic, SearchKey.of(state.name, state.topic),
            ]
        )
        var rows: [Membership] = []
        for member in members {
            let role: Role = state.kind != .direct && member == user ? .owner : .member
            rows.append(try join(member, as: role, &state))
        }
        keep(state)
        try state.store(db)
        tell(state, after: 0, members: rows.map { $0.visible(in: state) }, row: true, arrivals: members)
    }

    private func found(_ id: ConversationID, by user: UserID) throws -> Conversation {
        guard let conversation = try ConversationView.find(id, reader: user, db, context) else {
            throw ChatError.notFound
        }
        return conversation
    }

    private func direct(_ one: UserID, _ other: UserID) throws -> ConversationID? {
        try db.first(
            "SELECT id FROM conversations WHERE direct_low = ? AND direct_high = ?",
            [min(one, other).sql, max(one, other).sql]
        ) { try $0.id(0) }
    }

    /// The identifier, or another one if it is taken.
    private func freeID(_ id: ConversationID) throws -> ConversationID {
        var id = id
        for _ in 0..<8 {
            guard try db.exists("SELECT 1 FROM conversations WHERE id = ?", [id.sql]) else { return id }
            id = context.environment.makeID()
        }
        throw ChatError(.internal, "No free identifier was found; check the machine's source of randomness.")
    }

    // MARK: Nonces

    private var oldestNonce: Milliseconds { now - Int64(FixedLimits.createNonceSeconds) * 1_000 }

    private func created(_ nonceHash: Data, by user: UserID) throws -> ConversationID? {
        try db.first(
            "SELECT conversation FROM create_nonces WHERE user = ? AND nonce_hash = ? AND at > ?",
            [user.sql, nonceHash, oldestNonce]
        ) { try $0.id(0) }
    }

    private func keepNonce(_ nonceHash: Data?, _ conversation: ConversationID, by user: UserID) throws {
        guard let nonceHash else { return }
        try db.run("DELETE FROM create_nonces WHERE at <= ?", [oldestNonce])
        try db.run(
            "INSERT INTO create_nonces (user, nonce_hash, conversation, at) VALUES (?, ?, ?, ?)",
            [user.sql, nonceHash, conversation.sql, now]
        )
    }

    // MARK: People

    /// - Throws: `not_found` where there is no such person.
    func checkExists(_ user: UserID) throws {
        guard try db.exists("SELECT 1 FROM users WHERE id = ? AND deleted_at IS NULL", [user.sql]) else {
            throw ChatError.notFound
        }
    }
}
