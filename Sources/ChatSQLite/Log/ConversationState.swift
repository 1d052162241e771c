// A conversation's row with its counters, as a transaction sees it.
import ChatCore
import ChatProtocol
import GRDB

struct ConversationState: Sendable {
    let id: ConversationID
    let kind: ConversationKind
    var isPublic: Bool
    let createdAt: Milliseconds
    /// Of the row's own last change.
    var rev: Int64
    /// The counter of changes.
    var head: Int64
    /// The counter of messages.
    var lastSeq: Int64
    var lastSentAt: Milliseconds
    var memberCount: Int64
    var membersRev: Int64
    var deletedAt: Milliseconds?
    var name: String?
    var topic: String?

    static let columns = """
        c.id, c.kind, c.is_public, c.created_at, c.rev, c.head, c.last_seq, c.last_sent_at, c.member_count, \
        c.members_rev, c.deleted_at, c.name, c.topic
        """
    /// How many columns the above are.
    static let columnCount = 13

    init(_ row: Row, from start: Int = 0) throws {
        id = try row.id(start)
        kind = try ConversationKind(code: row[start + 1])
        isPublic = row[start + 2]
        createdAt = row[start + 3]
        rev = row[start + 4]
        head = row[start + 5]
        lastSeq = row[start + 6]
        lastSentAt = row[start + 7]
        memberCount = row[start + 8]
        membersRev = row[start + 9]
        deletedAt = row[start + 10]
        name = row[start + 11]
        topic = row[start + 12]
    }

    /// A conversation as it is made: its row is the first change of its log.
    init(
        new id: ConversationID,
        kind: ConversationKind,
        isPublic: Bool,
        name: String?,
        topic: String?,
        now: Milliseconds
    ) {
        self.id = id
        self.kind = kind
        self.isPublic = isPublic
        self.name = name
        self.topic = topic
        createdAt = now
        rev = 1
        head = 1
        lastSeq = 0
        lastSentAt = 0
        memberCount = 0
        membersRev = 1
    }

    /// The row, deleted or not.
    static func find(_ id: ConversationID, _ db: Database) throws -> ConversationState? {
        try db.first("SELECT \(columns) FROM conversations c WHERE c.id = ?", [id.sql]) { try ConversationState($0) }
    }

    /// The row of a conversation that is there.
    static func existing(_ id: ConversationID, _ db: Database) throws -> ConversationState {
        guard let state = try find(id, db), state.deletedAt == nil else { throw ChatError.notFound }
        return state
    }

    /// The next number of the log.
    mutating func nextRev() -> Int64 {
        head += 1
        return head
    }

    /// Without `own`, `lastMessage` and `members`.
    var row: Conversation {
        Conversation(
            id: id,
            kind: kind,
            name: name,
            topic: topic,
            isPublic: isPublic,
            createdAt: createdAt,
            rev: rev,
            head: head,
            lastSeq: lastSeq,
            memberCount: memberCount
        )
    }

    func standing(of user: UserID, role: Role?) -> Standing {
        Standing(user: user, role: role, kind: kind, isPublic: isPublic)
    }

    /// Writes the counters.
    func store(_ db: Database) throws {
        try db.run(
            """
            UPDATE conversations SET rev = ?, head = ?, last_seq = ?, last_sent_at = ?, member_count = ?, members_rev = ?
            WHERE id = ?
            """,
            [rev, head, lastSeq, lastSentAt, memberCount, membersRev, id.sql]
        )
    }
}
