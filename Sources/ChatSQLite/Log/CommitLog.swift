// The commit log: one row per transaction that advanced a head, written in the same transaction.
import ChatCore
import ChatProtocol
import Foundation
import GRDB

enum CommitLog {
    /// Rows are kept this long.
    static let keptMs: Int64 = 600_000
    /// Every so many rows, old ones are removed.
    private static let removesEvery: Int64 = 512

    static func insert(_ commit: Commit, batch: BatchID?, now: Milliseconds, _ db: Database) throws {
        var heads: [Int64] = []
        var last: [ConversationID: Int] = [:]
        for event in commit.events {
            if let index = last[event.conversation] {
                heads[index] = event.rev
            } else {
                heads.append(event.conversation.sql)
                last[event.conversation] = heads.count
                heads.append(event.rev)
            }
        }
        let ownHeads = commit.own.flatMap { [$0.user.sql, $0.rev] }
        try db.run(
            "INSERT INTO commits (node, writer, n, heads, own_heads, at) VALUES (?, ?, ?, ?, ?, ?)",
            [batch?.node, batch?.writer, batch?.n, NumberList.encode(heads), NumberList.encode(ownHeads), now]
        )
        let cursor = db.lastInsertedRowID
        if cursor % removesEvery == 0 { try removeOld(below: cursor, now: now, db) }
    }

    /// Removes the oldest rows as far as they are old; never the newest, from which the cursor goes on.
    private static func removeOld(below newest: Int64, now: Milliseconds, _ db: Database) throws {
        try db.run(
            """
            DELETE FROM commits WHERE cursor IN (
                SELECT cursor FROM commits WHERE cursor < ? ORDER BY cursor LIMIT ?
            ) AND at < ?
            """,
            [newest, removesEvery * 2, now - keptMs]
        )
    }

    static func contains(_ id: BatchID, _ db: Database) throws -> Bool {
        try db.exists("SELECT 1 FROM commits WHERE node = ? AND writer = ? AND n = ?", [id.node, id.writer, id.n])
    }

    static func page(after cursor: Int64, limit: Int, _ db: Database) throws -> CommitLogPage {
        var page = CommitLogPage(cursor: cursor)
        let rows = try db.all(
            "SELECT cursor, heads, own_heads FROM commits WHERE cursor > ? ORDER BY cursor LIMIT ?",
            [cursor, limit]
        ) { (cursor: $0[0] as Int64, heads: $0[1] as Data, ownHeads: $0[2] as Data) }
        for row in rows {
            for (id, rev) in pairs(row.heads) {
                guard let conversation = ConversationID(sql: id) else { continue }
                page.heads.append(CommitLogPage.Head(conversation: conversation, rev: rev))
            }
            for (id, rev) in pairs(row.ownHeads) {
                guard let user = UserID(sql: id) else { continue }
                page.ownHeads.append(CommitLogPage.OwnHead(user: user, rev: rev))
            }
            page.cursor = row.cursor
        }
        return page
    }

    private static func pairs(_ data: Data) -> [(Int64, Int64)] {
        let numbers = NumberList.decode(data)
        return stride(from: 0, to: numbers.count - 1, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
    }
}
