// Sessions: opening, finding, renewing and ending them.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore: SessionStore {
    package func create(_ session: NewSession, afterChecking hash: String) async throws(ChatError) -> Changed<Void> {
        try await write { transaction in
            guard
                try transaction.db.exists(
                    "SELECT 1 FROM users WHERE id = ? AND password_hash = ?",
                    [session.user.sql, hash]
                )
            else { throw ChatError.unauthenticated }
            try transaction.create(session)
        }
    }

    package func session(tokenHash: [UInt8], isCookie: Bool) async throws(ChatError) -> SessionRecord? {
        let now = context.environment.now()
        let kind: TokenKind = isCookie ? .cookie : .access
        return try await read { db in
            try db.first(SessionRows.tokenQuery, [tokenHash.asData, kind.rawValue, now, now], SessionRows.record)
        }
    }

    package func rotate(
        refreshHash: [UInt8],
        _ rotation: Rotation
    ) async throws(ChatError) -> Changed<RotationOutcome> {
        // What nobody knows costs a read, not a transaction.
        let isKnown = try await read { db in
            try db.exists(
                "SELECT 1 FROM tokens WHERE hash = ? AND kind = ?",
                [refreshHash.asData, TokenKind.refresh.rawValue]
            )
        }
        guard isKnown else { return Changed(.unknown) }
        return try await write { transaction in
            try transaction.rotate(refreshHash, rotation)
        }
    }

    package func sessions(of user: UserID) async throws(ChatError) -> [SessionRecord] {
        let now = context.environment.now()
        return try await read { db in
            try db.all(SessionRows.liveQuery, [user.sql, now, now - SessionLifetime.idleMs], SessionRows.record)
        }
    }

    package func end(_ session: SessionID, of user: UserID) async throws(ChatError) -> Changed<Void> {
        try await write { transaction in
            guard
                try transaction.db.exists(
                    "SELECT 1 FROM sessions WHERE id = ? AND user = ? AND ended_at IS NULL",
                    [session.sql, user.sql]
                )
            else { throw ChatError.notFound }
            try transaction.end(session, of: user)
        }
    }

    package func alive(_ sessions: [SessionID]) async throws(ChatError) -> Set<SessionID> {
        let now = context.environment.now()
        let seen = try await read { db in
            var seen: [(id: SessionID, at: Milliseconds)] = []
            for id in sessions {
                let at = try db.integer(SessionRows.aliveQuery, [id.sql, now, now - SessionLifetime.idleMs])
                if let at { seen.append((id, at)) }
            }
            return seen
        }
        let stale = seen.filter { now - $0.at >= SessionLifetime.seenEveryMs }.map(\.id)
        for start in stride(from: 0, to: stale.count, by: 256) {
            let chunk = Array(stale[start..<min(start + 256, stale.count)])
            _ = try await write(weight: chunk.count) { transaction in
                for id in chunk { try transaction.noteSeen(id) }
            }
        }
        return Set(seen.map(\.id))
    }

    package func sweep(limit: Int) async throws(ChatError) -> Changed<Void> {
        try await write(weight: limit) { transaction in
            try transaction.sweepSessions(limit: limit)
        }
    }
}

extension Transaction {
    /// Refresh tokens of one session that are remembered after their use.
    private static let usedTokens = 1_000

    mutating func rotate(_ hash: [UInt8], _ rotation: Rotation) throws -> RotationOutcome {
        let found = try db.first(
            """
            SELECT t.session, t.expires_at, t.used_at, t.repeat_until FROM tokens t
            JOIN sessions s ON s.id = t.session JOIN users u ON u.id = s.user
            WHERE t.hash = ? AND t.kind = ? AND s.ended_at IS NULL AND s.ends_at > ?
                AND u.deleted_at IS NULL AND u.disabled_at IS NULL
            """,
            [hash.asData, TokenKind.refresh.rawValue, now]
        ) { row in
            (
                session: try row.id(0) as SessionID, expiresAt: row[1] as Milliseconds,
                isUsed: (row[2] as Int64?) != nil, repeatUntil: row[3] as Milliseconds?
            )
        }
        guard let found, let session = try SessionRows.find(found.session, db) else { return .unknown }
        if found.isUsed {
            if let until = found.repeatUntil, now <= until { return .repeated(session) }
            try end(session.id, of: session.user)
            return .ended
        }
        guard found.expiresAt > now else { return .unknown }
        try replaceTokens(of: session, used: hash, rotation)
        return .rotated(try SessionRows.find(session.id, db) ?? session)
    }

    private func replaceTokens(of session: SessionRecord, used hash: [UInt8], _ rotation: Rotation) throws {
        let accessExpiresAt = min(rotation.accessExpiresAt, session.endsAt)
        try db.run(
            "UPDATE tokens SET used_at = ?, repeat_until = ?, successor = ? WHERE hash = ?",
            [now, rotation.repeatUntil, rotation.refreshHash.asData, hash.asData]
        )
        try db.run(
            "DELETE FROM tokens WHERE session = ? AND kind = ? AND expires_at <= ?",
            [session.id.sql, TokenKind.access.rawValue, now]
        )
        try db.run(
            "UPDATE tokens SET expires_at = min(expires_at, ?) WHERE session = ? AND kind = ?",
            [rotation.formerAccessUntil, session.id.sql, TokenKind.access.rawValue]
        )
        try SessionRows.insertToken(rotation.accessHash, .access, of: session.id, expiresAt: accessExpiresAt, db)
        let refreshExpiresAt = min(now + SessionLifetime.idleMs, session.endsAt)
        try SessionRows.insertToken(rotation.refreshHash, .refresh, of: session.id, expiresAt: refreshExpiresAt, db)
        try db.run(
            "UPDATE sessions SET last_seen_at = max(last_seen_at, ?), access_expires_at = ? WHERE id = ?",
            [now, accessExpiresAt, session.id.sql]
        )
        try db.run(
            """
            DELETE FROM tokens WHERE hash IN (
                SELECT hash FROM tokens WHERE session = ? AND used_at IS NOT NULL
                ORDER BY used_at DESC LIMIT -1 OFFSET ?
            )
            """,
            [session.id.sql, Self.usedTokens]
        )
    }

    /// The session is in use: it falls idle later.
    func noteSeen(_ id: SessionID) throws {
        try db.run(
            """
            UPDATE sessions SET last_seen_at = max(last_seen_at, ?1),
                access_expires_at = CASE WHEN is_cookie THEN min(?2, ends_at) ELSE access_expires_at END
            WHERE id = ?3 AND ended_at IS NULL
            """,
            [now, now + SessionLifetime.idleMs, id.sql]
        )
        try db.run(
            """
            UPDATE tokens SET expires_at = min(?1, (SELECT ends_at FROM sessions WHERE id = ?2))
            WHERE session = ?2 AND kind IN (?3, ?4) AND used_at IS NULL AND expires_at > ?5
            """,
            [
                now + SessionLifetime.idleMs, id.sql, TokenKind.refresh.rawValue, TokenKind.cookie.rawValue, now,
            ]
        )
    }

    mutating func sweepSessions(limit: Int) throws {
        let overdue = try db.all(
            SessionRows.overdueQuery,
            [now, now - SessionLifetime.idleMs, limit]
        ) { try $0.id(0) as SessionID }
        for id in overdue {
            guard let session = try SessionRows.find(id, db) else { continue }
            try end(id, of: session.user)
        }
        try db.run(
            "DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires_at <= ? LIMIT ?)",
            [now - SessionLifetime.rememberedMs, limit * 10]
        )
        try db.run(
            "DELETE FROM sign_in_failures WHERE key IN (SELECT key FROM sign_in_failures WHERE last_at <= ? LIMIT ?)",
            [now - SignInFailures.forgottenAfterMs, limit * 10]
        )
        try db.run("DELETE FROM devices WHERE at <= ?", [now - SessionLifetime.deviceMs])
    }
}
