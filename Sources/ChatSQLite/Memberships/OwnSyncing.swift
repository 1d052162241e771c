// Sync of the own log: rows of all its kinds above a position, in `rev` order, in one snapshot.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore {
    package func ownChanges(of user: UserID, since: Int64, limit: Int) async throws(ChatError) -> OwnPage {
        let context = context
        return try await read { db in
            let head = try OwnLog.head(of: user, db)
            guard since <= head else { return OwnPage(rows: [], upTo: head, head: head, reset: true) }
            let limit = max(1, limit)
            var changed = try OwnSyncing.touches(of: user, since: since, limit: limit + 1, db)
            changed.sort { $0.rev < $1.rev }
            let more = changed.count > limit
            if more { changed.removeLast(changed.count - limit) }
            let rows = try changed.compactMap { try OwnLog.row($0.touch, rev: $0.rev, db, context) }
            return OwnPage(rows: rows, upTo: more ? changed[limit - 1].rev : head, head: head, more: more)
        }
    }
}

enum OwnSyncing {
    static let memberships = """
        SELECT conversation, own_rev FROM members WHERE user = ? AND own_rev > ? ORDER BY own_rev LIMIT ?
        """
    /// From the beginning, what is over need not be told.
    static let presentMemberships = """
        SELECT conversation, own_rev FROM members
        WHERE user = ? AND own_rev > ? AND left_at IS NULL ORDER BY own_rev LIMIT ?
        """
    static let sessions = "SELECT id, own_rev FROM sessions WHERE user = ? AND own_rev > ? ORDER BY own_rev LIMIT ?"
    static let liveSessions = """
        SELECT id, own_rev FROM sessions
        WHERE user = ? AND own_rev > ? AND ended_at IS NULL ORDER BY own_rev LIMIT ?
        """
    static let reactions = """
        SELECT conversation, seq, own_rev FROM own_reactions WHERE user = ? AND own_rev > ? ORDER BY own_rev LIMIT ?
        """

    static func touches(
        of user: UserID,
        since: Int64,
        limit: Int,
        _ db: Database
    ) throws -> [(touch: OwnTouch, rev: Int64)] {
        let arguments: [SQLValue?] = [user.sql, since, limit]
        var touches = try db.all(since > 0 ? memberships : presentMemberships, arguments) {
            (touch: OwnTouch(user: user, key: .membership(try $0.id(0))), rev: $0[1] as Int64)
        }
        touches += try db.all(since > 0 ? sessions : liveSessions, arguments) {
            (touch: OwnTouch(user: user, key: .session(try $0.id(0))), rev: $0[1] as Int64)
        }
        touches += try db.all(reactions, arguments) {
            (touch: OwnTouch(user: user, key: .reaction(try $0.id(0), seq: $0[1])), rev: $0[2] as Int64)
        }
        let settings = try db.integer("SELECT settings_own_rev FROM users WHERE id = ?", [user.sql])
        if let settings, settings > since { touches.append((OwnTouch(user: user, key: .settings), settings)) }
        return touches
    }
}
