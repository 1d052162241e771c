// The log of what is the user's own: the rows a transaction touched get consecutive numbers and become one event per
// user, at the end of the transaction.
import ChatCore
import ChatProtocol
import GRDB

/// A row of a user's own log that changed.
struct OwnTouch: Hashable, Sendable {
    enum Key: Hashable, Sendable {
        case membership(ConversationID)
        case settings
        case session(SessionID)
        case reaction(ConversationID, seq: Int64)
    }

    var user: UserID
    var key: Key
}

extension Transaction {
    mutating func finishOwn() throws {
        var users: [UserID] = []
        var rows: [UserID: [OwnTouch]] = [:]
        for touch in touched {
            if rows[touch.user] == nil { users.append(touch.user) }
            rows[touch.user, default: []].append(touch)
        }
        for user in users {
            let touches = rows[user] ?? []
            let after = try OwnLog.head(of: user, db)
            var rev = after
            var written: [OwnRow] = []
            written.reserveCapacity(touches.count)
            for touch in touches {
                rev += 1
                try number(touch, rev)
                if let row = try OwnLog.row(touch, rev: rev, db, context) { written.append(row) }
            }
            try db.run(
                "INSERT INTO own_heads (user, head) VALUES (?, ?) ON CONFLICT (user) DO UPDATE SET head = excluded.head",
                [user.sql, rev]
            )
            commit.own.append(OwnEvent(user: user, after: after, rev: rev, rows: written))
        }
    }

    /// Gives a changed row its number.
    private func number(_ touch: OwnTouch, _ rev: Int64) throws {
        switch touch.key {
        case .membership(let conversation):
            if let seq = sentMarkers[touch] {
                try db.run(
                    """
                    UPDATE members SET own_rev = ?, read_seq = max(read_seq, ?), unread_from = NULL
                    WHERE conversation = ? AND user = ?
                    """,
                    [rev, seq, conversation.sql, touch.user.sql]
                )
            } else {
                try db.run(
                    "UPDATE members SET own_rev = ? WHERE conversation = ? AND user = ?",
                    [rev, conversation.sql, touch.user.sql]
                )
            }
        case .settings:
            try db.run("UPDATE users SET settings_own_rev = ? WHERE id = ?", [rev, touch.user.sql])
        case .session(let session):
            try db.run("UPDATE sessions SET own_rev = ? WHERE id = ?", [rev, session.sql])
        case .reaction(let conversation, let seq):
            try db.run(
                """
                INSERT INTO own_reactions (conversation, seq, user, own_rev) VALUES (?, ?, ?, ?)
                ON CONFLICT (conversation, seq, user) DO UPDATE SET own_rev = excluded.own_rev
                """,
                [conversation.sql, seq, touch.user.sql, rev]
            )
        }
    }
}

enum OwnLog {
    /// The counter of a user's own log.
    static func head(of user: UserID, _ db: Database) throws -> Int64 {
        try db.integer("SELECT head FROM own_heads WHERE user = ?", [user.sql]) ?? 0
    }

    /// The whole state of a row.
    static func row(_ touch: OwnTouch, rev: Int64, _ db: Database, _ context: StoreContext) throws -> OwnRow? {
        switch touch.key {
        case .membership(let conversation):
            guard let own = try OwnPart.find(conversation, touch.user, db, context) else { return nil }
            return .membership(
                OwnRow.Membership(rev: rev, conversation: conversation, state: own.state, left: own.hasLeft)
            )
        case .settings:
            return try settings(of: touch.user, rev: rev, db)
        case .session(let session):
            return try db.first("SELECT device, created_at, ended_at FROM sessions WHERE id = ?", [session.sql]) {
                row in
                .session(
                    OwnRow.SessionRow(
                        rev: rev,
                        id: session,
                        device: row[0],
                        createdAt: row[1],
                        ended: (row[2] as Int64?) != nil
                    )
                )
            }
        case .reaction(let conversation, let seq):
            let mine = try Reactions.mine(conversation, seq, touch.user, db)
            return .reaction(OwnRow.ReactionRow(rev: rev, conversation: conversation, seq: seq, mine: mine))
        }
    }

    private static func settings(of user: UserID, rev: Int64, _ db: Database) throws -> OwnRow? {
        try db.first("SELECT \(UserRow.columns), u.settings FROM users u WHERE u.id = ?", [user.sql]) { row in
            let values = try JSONParser.parse((row[UserRow.columnCount] as String).utf8)
            return .settings(OwnRow.Settings(rev: rev, user: try UserRow.user(row), values: values))
        }
    }
}
