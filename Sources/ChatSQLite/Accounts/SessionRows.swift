// How sessions and their tokens are read and changed inside transactions.
import ChatCore
import ChatProtocol
import Foundation
import GRDB

enum SessionRows {
    static let columns = """
        s.id, s.user, s.device, s.created_at, s.last_seen_at, s.access_expires_at, s.ends_at, s.is_cookie
        """

    static let tokenQuery = """
        SELECT \(columns) FROM tokens t JOIN sessions s ON s.id = t.session JOIN users u ON u.id = s.user
        WHERE t.hash = ? AND t.kind = ? AND t.expires_at > ? AND s.ended_at IS NULL AND s.ends_at > ?
            AND u.deleted_at IS NULL AND u.disabled_at IS NULL
        """

    static let liveQuery = """
        SELECT \(columns) FROM sessions s
        WHERE s.user = ? AND s.ended_at IS NULL AND s.ends_at > ? AND s.last_seen_at > ? ORDER BY s.id
        """

    static let aliveQuery = """
        SELECT s.last_seen_at FROM sessions s JOIN users u ON u.id = s.user
        WHERE s.id = ? AND s.ended_at IS NULL AND s.ends_at > ? AND s.last_seen_at > ?
            AND u.deleted_at IS NULL AND u.disabled_at IS NULL
        """

    static let overdueQuery = """
        SELECT id FROM sessions WHERE ended_at IS NULL AND ends_at <= ?
        UNION SELECT id FROM sessions WHERE ended_at IS NULL AND last_seen_at <= ? LIMIT ?
        """

    static func record(_ row: Row) throws -> SessionRecord {
        SessionRecord(
            id: try row.id(0),
            user: try row.id(1),
            device: row[2],
            createdAt: row[3],
            lastSeenAt: row[4],
            accessExpiresAt: row[5],
            endsAt: row[6],
            isCookie: row[7]
        )
    }

    static func find(_ id: SessionID, _ db: Database) throws -> SessionRecord? {
        try db.first("SELECT \(columns) FROM sessions s WHERE s.id = ?", [id.sql], record)
    }

    static func insertToken(
        _ hash: [UInt8],
        _ kind: TokenKind,
        of session: SessionID,
        expiresAt: Milliseconds,
        _ db: Database
    ) throws {
        try db.run(
            "INSERT INTO tokens (hash, session, kind, expires_at) VALUES (?, ?, ?, ?)",
            [hash.asData, session.sql, kind.rawValue, expiresAt]
        )
    }
}

extension Transaction {
    mutating func create(_ session: NewSession) throws {
        guard
            try db.exists(
                "SELECT 1 FROM users WHERE id = ? AND deleted_at IS NULL AND disabled_at IS NULL",
                [session.user.sql]
            )
        else { throw ChatError.unauthenticated }
        guard try !db.exists("SELECT 1 FROM sessions WHERE id = ?", [session.id.sql]) else {
            throw ChatError.identifierInUse
        }
        try makeRoom(for: session.user)
        try db.run(
            """
            INSERT INTO sessions
                (id, user, device, is_cookie, created_at, last_seen_at, access_expires_at, ends_at, own_rev)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
            """,
            [
                session.id.sql, session.user.sql, session.device, session.isCookie, now, now, session.accessExpiresAt,
                session.endsAt,
            ]
        )
        let kind: TokenKind = session.isCookie ? .cookie : .access
        try SessionRows.insertToken(session.accessHash, kind, of: session.id, expiresAt: session.accessExpiresAt, db)
        if let refreshHash = session.refreshHash {
            let expiresAt = min(now + SessionLifetime.idleMs, session.endsAt)
            try SessionRows.insertToken(refreshHash, .refresh, of: session.id, expiresAt: expiresAt, db)
        }
        touch(session.user, .session(session.id))
    }

    /// Ends the longest unseen sessions of who has too many.
    private mutating func makeRoom(for user: UserID) throws {
        let surplus: [SessionID] = try db.all(
            """
            SELECT id FROM sessions WHERE user = ? AND ended_at IS NULL ORDER BY last_seen_at DESC, id DESC
            LIMIT -1 OFFSET ?
            """,
            [user.sql, SessionLifetime.perUser - 1]
        ) { try $0.id(0) }
        for session in surplus { try end(session, of: user) }
    }

    mutating func endSessions(of user: UserID, _ ending: SessionsToEnd) throws {
        let spared: SessionID?
        switch ending {
        case .none: return
        case .all: spared = nil
        case .allBut(let session): spared = session
        }
        let sessions: [SessionID] = try db.all(
            "SELECT id FROM sessions WHERE user = ? AND ended_at IS NULL ORDER BY id",
            [user.sql]
        ) { try $0.id(0) }
        for session in sessions where session != spared { try end(session, of: user) }
    }

    /// Ends a session that is not over yet. Its tokens stay: who comes with one is told that it ended.
    mutating func end(_ session: SessionID, of user: UserID) throws {
        try db.run("UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL", [now, session.sql])
        guard db.changesCount > 0 else { return }
        touch(user, .session(session))
        commit.endedSessions.append(session)
    }
}
