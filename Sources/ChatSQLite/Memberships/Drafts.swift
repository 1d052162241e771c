// Drafts: sealed like bodies, beside the members' rows, since they can be long.
import ChatCore
import ChatProtocol
import Foundation
import GRDB

enum Drafts {
    static func find(
        _ conversation: ConversationID,
        _ user: UserID,
        _ db: Database,
        _ context: StoreContext
    ) throws -> OwnState.Draft? {
        try db.first(
            "SELECT reply_to, at, key_id, body FROM drafts WHERE conversation = ? AND user = ?",
            [conversation.sql, user.sql]
        ) { row in
            let keyID = row[2] as Int64
            var bytes = Array(row[3] as Data)
            if keyID != 0 { bytes = try context.sealer.open(bytes, keyID: keyID, seal(conversation, user)) }
            return OwnState.Draft(body: String(decoding: bytes, as: UTF8.self), replyTo: row[0], at: row[1])
        }
    }

    static func store(
        _ draft: DraftRequest,
        _ conversation: ConversationID,
        _ user: UserID,
        now: Milliseconds,
        _ db: Database,
        _ context: StoreContext
    ) throws {
        let sealed = try context.sealer.seal(Array(draft.body.utf8), seal(conversation, user))
        try db.run(
            """
            INSERT INTO drafts (conversation, user, reply_to, at, key_id, sealed, body) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (conversation, user) DO UPDATE SET reply_to = excluded.reply_to, at = excluded.at,
                key_id = excluded.key_id, sealed = excluded.sealed, body = excluded.body
            """,
            [
                conversation.sql, user.sql, draft.replyTo, now, sealed.keyID, sealed.keyID != 0, Data(sealed.bytes),
            ]
        )
        try db.run(
            "UPDATE members SET has_draft = 1 WHERE conversation = ? AND user = ?",
            [conversation.sql, user.sql]
        )
    }

    static func remove(_ conversation: ConversationID, _ user: UserID, _ db: Database) throws {
        try db.run("DELETE FROM drafts WHERE conversation = ? AND user = ?", [conversation.sql, user.sql])
        try db.run(
            "UPDATE members SET has_draft = 0 WHERE conversation = ? AND user = ?",
            [conversation.sql, user.sql]
        )
    }

    /// A draft has no nonce yet: zeros stand for it, which no nonce's hash is.
    private static func seal(_ conversation: ConversationID, _ user: UserID) -> SealContext {
        SealContext(conversation: conversation, sender: user, nonceHash: Hash16([]))
    }
}
