// A member's own part of a conversation: marker, settings, draft, and what is derived from the log above the marker.
import ChatCore
import ChatProtocol
import GRDB

struct OwnPart {
    var state: OwnState
    var hasLeft: Bool
    var hasDraft: Bool

    /// Tombstones and mentions above a marker are counted from indexes of their own; both are rare. Left to itself,
    /// SQLite would rather look at every message above the marker.
    static let unreadColumns = """
        CASE WHEN c.last_seq > m.read_seq THEN c.last_seq - m.read_seq - (
            SELECT count(*) FROM messages t INDEXED BY messages_deleted
            WHERE t.conversation = m.conversation AND t.deleted_at IS NOT NULL AND t.seq > m.read_seq
        ) ELSE 0 END,
        CASE WHEN c.last_seq > m.read_seq THEN (
            SELECT count(*) FROM mentions n
            WHERE n.conversation = m.conversation AND n.user = m.user AND n.seq > m.read_seq
        ) + (
            SELECT count(*) FROM mentions n
            WHERE n.conversation = m.conversation AND n.user = 0 AND n.seq > m.read_seq
        ) ELSE 0 END
        """

    static let columns = """
        m.left_at, m.role, m.read_seq, m.unread_from, m.level, m.is_muted, m.is_favourite, m.is_archived, m.has_draft,
        \(unreadColumns)
        """
    static let columnCount = 11

    static let query = """
        SELECT \(columns) FROM members m JOIN conversations c ON c.id = m.conversation
        WHERE m.conversation = ? AND m.user = ?
        """

    /// Reads the columns above; the draft is left to ``addDraft(_:_:_:_:)``.
    init(_ row: Row, from start: Int = 0) throws {
        let role = try Role(code: row[start + 1])
        let readSeq = row[start + 2] as Int64
        hasLeft = (row[start] as Int64?) != nil
        hasDraft = row[start + 8]
        if hasLeft {
            // Reading ended with the membership: nothing is derived for them any more.
            state = OwnState(role: role, readSeq: readSeq, unread: 0, mentions: 0)
            hasDraft = false
        } else {
            state = OwnState(
                role: role,
                readSeq: readSeq,
                unreadFrom: row[start + 3],
                unread: row[start + 9],
                mentions: row[start + 10],
                level: try NotificationLevel(code: row[start + 4]),
                isMuted: row[start + 5],
                isFavourite: row[start + 6],
                isArchived: row[start + 7]
            )
        }
    }

    /// The part of somebody who is or was a member.
    static func find(
        _ conversation: ConversationID,
        _ user: UserID,
        _ db: Database,
        _ context: StoreContext
    ) throws -> OwnPart? {
        var own = try db.first(query, [conversation.sql, user.sql]) { try OwnPart($0) }
        try own?.addDraft(conversation, user, db, context)
        return own
    }

    mutating func addDraft(
        _ conversation: ConversationID,
        _ user: UserID,
        _ db: Database,
        _ context: StoreContext
    ) throws {
        if hasDraft { state.draft = try Drafts.find(conversation, user, db, context) }
    }
}
