// A message's row and the message made of it. Bodies are opened just after they are read.
import ChatCore
import ChatProtocol
import Foundation
import GRDB

enum MessageRow {
    static let columns = """
        m.seq, m.rev, m.kind, m.sender, m.sent_at, m.edited_at, m.deleted_at, m.reply_to, m.thread, m.reply_count, \
        m.reply_last_seq, m.reply_users, m.pinned_by, m.pinned_at, m.mentions, m.mentions_all, m.reactions, \
        m.attachments, m.nonce, m.key_id, m.nonce_hash, m.body
        """

    /// The message, without `mine`.
    static func message(_ row: Row, _ conversation: ConversationID, _ context: StoreContext) throws -> Message {
        var message = Message(
            conversation: conversation,
            seq: row[0],
            rev: row[1],
            kind: row[2],
            sender: try row.id(3),
            nonce: row[18],
            body: "",
            sentAt: row[4],
            isDeleted: (row[6] as Int64?) != nil,
            replyTo: row[7],
            thread: row[8]
        )
        if let lastSeq = row[10] as Int64? {
            message.replies = Message.Replies(count: row[9], lastSeq: lastSeq, users: NumberList.ids(row[11] as Data?))
        }
        guard !message.isDeleted else { return message }
        message.editedAt = row[5]
        if let by = row[12] as Int64?, let user = UserID(sql: by) {
            message.pinned = Message.Pin(by: user, at: row[13])
        }
        message.mentions = NumberList.ids(row[14] as Data?)
        message.mentionsAll = row[15]
        message.reactions = try list(row[16])
        message.attachments = try list(row[17])
        message.body = try body(row, message.sender, conversation, context)
        return message
    }

    /// One message, without `mine`.
    static func find(
        _ conversation: ConversationID,
        _ seq: Int64,
        _ db: Database,
        _ context: StoreContext
    ) throws -> Message? {
        try db.first(
            "SELECT \(columns) FROM messages m WHERE m.conversation = ? AND m.seq = ?",
            [conversation.sql, seq]
        ) { try message($0, conversation, context) }
    }

    /// One message as its reader gets it.
    static func find(
        _ conversation: ConversationID,
        _ seq: Int64,
        reader: UserID,
        _ db: Database,
        _ context: StoreContext
    ) throws -> Message? {
        guard var message = try find(conversation, seq, db, context) else { return nil }
        try addMine(&message, reader, db)
        return message
    }

    /// Adds the reader's own reactions.
    static func addMine(_ message: inout Message, _ reader: UserID, _ db: Database) throws {
        message.mine =
            message.reactions.isEmpty ? [] : try Reactions.mine(message.conversation, message.seq, reader, db)
    }

    /// A body as it is stored.
    static func seal(
        _ body: String,
        sender: UserID,
        nonceHash: Hash16,
        _ conversation: ConversationID,
        _ context: StoreContext
    ) throws -> (keyID: Int64, bytes: Data) {
        let seal = SealContext(conversation: conversation, sender: sender, nonceHash: nonceHash)
        let sealed = try context.sealer.seal(Array(body.utf8), seal)
        return (sealed.keyID, Data(sealed.bytes))
    }

    /// A list as it is stored in one of the JSON columns.
    static func text(_ values: [some JSONEncodable]) -> String? {
        guard !values.isEmpty else { return nil }
        var writer = JSONWriter()
        writer.beginArray()
        for value in values { writer.value(value) }
        writer.endArray()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func list<Value: JSONDecodable>(_ text: String?) throws -> [Value] {
        guard let text else { return [] }
        guard case .array(let values) = try JSONParser.parse(text.utf8) else { throw DamagedRow(column: 16) }
        return try values.map { try Value(json: $0) }
    }

    private static func body(
        _ row: Row,
        _ sender: UserID,
        _ conversation: ConversationID,
        _ context: StoreContext
    ) throws -> String {
        let keyID = row[19] as Int64
        guard let bytes = row[21] as Data? else { return "" }
        guard keyID != 0 else { return String(decoding: bytes, as: UTF8.self) }
        let seal = SealContext(conversation: conversation, sender: sender, nonceHash: Hash16(row[20] as Data))
        return String(decoding: try context.sealer.open(Array(bytes), keyID: keyID, seal), as: UTF8.self)
    }
}
