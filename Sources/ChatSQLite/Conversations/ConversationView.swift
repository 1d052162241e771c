// A conversation as one of its members sees it: the row, the own part, the newest message, and few enough members.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore {
    package func conversations(
        _ ids: [ConversationID],
        reader: UserID
    ) async throws(ChatError) -> [Conversation] {
        let context = context
        return try await read { db in
            try ids.compactMap { try ConversationView.find($0, reader: reader, db, context) }
        }
    }

    package func conversations(
        of reader: UserID,
        after: ConversationID?,
        limit: Int
    ) async throws(ChatError) -> [Conversation] {
        let context = context
        return try await read { db in
            let views = try db.all(ConversationView.listQuery, [reader.sql, after?.sql ?? -1, limit]) {
                try ConversationView($0)
            }
            return try views.map { try $0.conversation(reader, db, context) }
        }
    }

    package func joined(
        _ user: UserID,
        conversation: ConversationID
    ) async throws(ChatError) -> Conversation? {
        let context = context
        return try await read { try ConversationView.find(conversation, reader: user, $0, context) }
    }
}

struct ConversationView {
    private var state: ConversationState
    private var own: OwnPart

    static let columns = "\(ConversationState.columns), \(OwnPart.columns)"

    static let findQuery = """
        SELECT \(columns) FROM members m JOIN conversations c ON c.id = m.conversation
        WHERE m.conversation = ? AND m.user = ? AND m.left_at IS NULL
        """

    static let listQuery = """
        SELECT \(columns) FROM members m JOIN conversations c ON c.id = m.conversation
        WHERE m.user = ? AND m.conversation > ? AND m.left_at IS NULL ORDER BY m.conversation LIMIT ?
        """

    static let membersQuery = """
        SELECT \(Membership.columns) FROM members m WHERE m.conversation = ? AND m.left_at IS NULL ORDER BY m.user
        """

    init(_ row: Row) throws {
        state = try ConversationState(row)
        own = try OwnPart(row, from: ConversationState.columnCount)
    }

    /// The conversation of a member; `nil` for others.
    static func find(
        _ id: ConversationID,
        reader: UserID,
        _ db: Database,
        _ context: StoreContext
    ) throws -> Conversation? {
        let view = try db.first(findQuery, [id.sql, reader.sql]) { try ConversationView($0) }
        return try view?.conversation(reader, db, context)
    }

    func conversation(_ reader: UserID, _ db: Database, _ context: StoreContext) throws -> Conversation {
        var conversation = state.row
        var own = own
        try own.addDraft(state.id, reader, db, context)
        conversation.own = own.state
        if state.lastSeq > 0 { conversation.lastMessage = try MessageRow.find(state.id, state.lastSeq, db, context) }
        if state.kind == .direct || state.kind == .group && state.memberCount <= FixedLimits.markerMembers {
            conversation.members = try db.all(Self.membersQuery, [state.id.sql]) {
                try Membership($0, state.id).visible(in: state)
            }
        }
        return conversation
    }
}
