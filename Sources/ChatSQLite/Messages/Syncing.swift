// Sync: rows of all kinds above a position, in `rev` order over all kinds, in one snapshot.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore {
    package func changes(
        conversation: ConversationID,
        since: Int64,
        limit: Int,
        reader: UserID
    ) async throws(ChatError) -> ChangesPage {
        let context = context
        return try await read { db in
            let state = try ConversationState.existing(conversation, db)
            _ = try state.reader(reader, db)
            guard since <= state.head else {
                return ChangesPage(conversation: conversation, upTo: state.head, head: state.head, reset: true)
            }
            let hasMembers = state.memberCount <= FixedLimits.memberEventMembers
            let rows = try ChangedRows(
                state,
                since: since,
                limit: limit,
                members: !hasMembers ? .none : since > 0 ? .all : .present,
                db,
                context
            )
            var messages = rows.messages
            for index in messages.indices { try MessageRow.addMine(&messages[index], reader, db) }
            return ChangesPage(
                conversation: conversation,
                row: rows.hasRow ? state.row : nil,
                messages: messages,
                members: rows.members.map { $0.visible(in: state) },
                upTo: rows.upTo,
                head: state.head,
                more: rows.hasMore
            )
        }
    }

    package func event(
        conversation: ConversationID,
        since: Int64,
        limit: Int
    ) async throws(ChatError) -> LogEvent? {
        let context = context
        return try await read { db in
            guard let state = try ConversationState.find(conversation, db), state.head > since else { return nil }
            let rows = try ChangedRows(state, since: since, limit: limit, members: .all, db, context)
            return LogEvent(
                conversation: conversation,
                after: since,
                rev: rows.upTo,
                messages: rows.messages,
                members: rows.members.map { $0.visible(in: state) },
                row: rows.hasRow ? state.row : nil,
                arrivals: rows.members.filter { $0.isPresent && $0.joinedRev > since }.map(\.member.user),
                departures: rows.members.compactMap { member in
                    guard !member.isPresent else { return nil }
                    return LogEvent.Departure(user: member.member.user, reason: member.leftReason ?? .left)
                },
                memberCount: state.memberCount
            )
        }
    }

    package func commits(after cursor: Int64, limit: Int) async throws(ChatError) -> CommitLogPage {
        try await read { try CommitLog.page(after: cursor, limit: limit, $0) }
    }
}

/// A stretch of a conversation's log.
struct ChangedRows {
    enum Members { case none, present, all }

    private(set) var messages: [Message] = []
    private(set) var members: [Membership] = []
    private(set) var hasRow = false
    private(set) var upTo: Int64
    private(set) var hasMore = false

    static let messagesQuery = """
        SELECT \(MessageRow.columns) FROM messages m WHERE m.conversation = ? AND m.rev > ? ORDER BY m.rev LIMIT ?
        """
    static let membersQuery = """
        SELECT \(Membership.columns) FROM members m WHERE m.conversation = ? AND m.rev > ? ORDER BY m.rev LIMIT ?
        """
    static let presentMembersQuery = """
        SELECT \(Membership.columns) FROM members m
        WHERE m.conversation = ? AND m.rev > ? AND m.left_at IS NULL ORDER BY m.rev LIMIT ?
        """

    init(
        _ state: ConversationState,
        since: Int64,
        limit: Int,
        members which: Members,
        _ db: Database,
        _ context: StoreContext
    ) throws {
        let limit = max(1, limit)
        let arguments: [SQLValue?] = [state.id.sql, since, limit + 1]
        // Of a deleted conversation only the departures are left to tell.
        let isDeleted = state.deletedAt != nil
        if !isDeleted {
            messages = try db.all(Self.messagesQuery, arguments) { try MessageRow.message($0, state.id, context) }
        }
        switch which {
        case .none: break
        case .present: members = try db.all(Self.presentMembersQuery, arguments) { try Membership($0, state.id) }
        case .all: members = try db.all(Self.membersQuery, arguments) { try Membership($0, state.id) }
        }
        hasRow = !isDeleted && state.rev > since
        upTo = state.head
        cut(to: limit, rowRev: hasRow ? state.rev : nil)
    }

    /// Leaves the first rows over all kinds.
    private mutating func cut(to limit: Int, rowRev: Int64?) {
        var revs = messages.map(\.rev) + members.map(\.member.rev)
        if let rowRev { revs.append(rowRev) }
        guard revs.count > limit else { return }
        revs.sort()
        let last = revs[limit - 1]
        messages.removeAll { $0.rev > last }
        members.removeAll { $0.member.rev > last }
        if let rowRev, rowRev > last { hasRow = false }
        upTo = last
        hasMore = true
    }
}
