// What a `hello` reads: the session behind a token, and where all conversations of its user stand. One snapshot for all
// of a batch.
package import ChatCore
package import ChatProtocol
import Foundation
import GRDB

extension SQLiteStore {
    package func open(_ requests: [OpenRequest]) async throws(ChatError) -> [Result<Opening, ChatError>] {
        let epoch = epoch
        let now = context.environment.now()
        return try await read { db in
            try requests.map { request in
                do throws(ChatError) {
                    return .success(try HelloReads.opening(request, epoch: epoch, now: now, db))
                } catch {
                    // A refusal is this hello's alone; a failure of the store is everybody's.
                    guard error.code == .unauthenticated || error.code == .gone else { throw error }
                    return .failure(error)
                }
            }
        }
    }

    package func index(
        of user: UserID,
        after: ConversationID?,
        limit: Int
    ) async throws(ChatError) -> [IndexEntry] {
        try await read { db in
            try HelloReads.entries(of: user, after: after, limit: limit, db).map(\.index)
        }
    }

    package func companions(of user: UserID, among people: [UserID]) async throws(ChatError) -> Set<UserID> {
        try await read { db in
            var companions: Set<UserID> = []
            for person in people
            where try db.exists(HelloReads.companionQuery, [user.sql, person.sql]) {
                companions.insert(person)
            }
            return companions
        }
    }
}

enum HelloReads {
    static let tokenQuery = """
        SELECT s.id, s.ended_at, s.ends_at, t.kind, t.expires_at, u.deleted_at, u.disabled_at, \(UserRow.columns)
        FROM tokens t JOIN sessions s ON s.id = t.session JOIN users u ON u.id = s.user
        WHERE t.hash = ?
        """

    static let indexQuery = """
        SELECT m.conversation, c.head, c.last_seq, m.read_seq, m.unread_from, c.member_count, \(OwnPart.unreadColumns)
        FROM members m JOIN conversations c ON c.id = m.conversation
        WHERE m.user = ? AND m.conversation > ? AND m.left_at IS NULL ORDER BY m.conversation LIMIT ?
        """

    static let companionQuery = """
        SELECT 1 FROM members a INDEXED BY members_by_user CROSS JOIN members b ON b.conversation = a.conversation
        WHERE a.user = ? AND a.left_at IS NULL AND b.user = ? AND b.left_at IS NULL LIMIT 1
        """

    static func opening(
        _ request: OpenRequest,
        epoch: String,
        now: Milliseconds,
        _ db: Database
    ) throws(ChatError) -> Opening {
        do {
            let (user, session) = try session(request, now: now, db)
            return Opening(
                user: user,
                session: session,
                epoch: epoch,
                own: try OwnLog.head(of: user.id, db),
                entries: try entries(of: user.id, after: nil, limit: -1, db)
            )
        } catch {
            throw ChatError(store: error)
        }
    }

    /// All conversations of a user above one, by id; a limit below 0 is none.
    static func entries(
        of user: UserID,
        after: ConversationID?,
        limit: Int,
        _ db: Database
    ) throws -> [Opening.Entry] {
        try db.all(indexQuery, [user.sql, after?.sql ?? -1, limit]) { row in
            Opening.Entry(
                index: IndexEntry(
                    conversation: try row.id(0),
                    head: row[1],
                    lastSeq: row[2],
                    readSeq: row[3],
                    unread: row[6],
                    mentions: row[7],
                    unreadFrom: (row[4] as Int64?) ?? 0
                ),
                memberCount: row[5]
            )
        }
    }

    private static func session(
        _ request: OpenRequest,
        now: Milliseconds,
        _ db: Database
    ) throws -> (User, SessionID) {
        let found = try db.first(tokenQuery, [Data(request.tokenHash)]) { row in
            let ended = (row[1] as Int64?) != nil || (row[5] as Int64?) != nil || (row[6] as Int64?) != nil
            guard TokenKind(rawValue: row[3]) == (request.isCookie ? .cookie : .access) else {
                throw ChatError.unauthenticated
            }
            guard !ended else { throw ChatError(.gone, "The session has ended; sign in again.") }
            guard min(row[2] as Int64, row[4] as Int64) > now else { throw ChatError.unauthenticated }
            return (try UserRow.user(row, from: 7), try row.id(0) as SessionID)
        }
        guard let found else { throw ChatError.unauthenticated }
        return found
    }
}
