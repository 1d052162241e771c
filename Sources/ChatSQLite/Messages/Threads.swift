// What a thread's root says of its replies.
import ChatCore
import ChatProtocol
import Foundation
import GRDB

extension Transaction {
    /// A reply was added. - Returns: the root as it is now.
    func addReply(_ reply: Message, to root: Int64, _ state: inout ConversationState) throws -> Message {
        let users = try db.first(
            "SELECT reply_users FROM messages WHERE conversation = ? AND seq = ?",
            [state.id.sql, root]
        ) { NumberList.ids($0[0] as Data?) as [UserID] }
        var latest = [reply.sender]
        for user in users ?? [] where user != reply.sender && latest.count < FixedLimits.replyUsers {
            latest.append(user)
        }
        try db.run(
            """
            UPDATE messages SET rev = ?, reply_count = reply_count + 1, reply_last_seq = ?, reply_users = ?
            WHERE conversation = ? AND seq = ?
            """,
            [state.nextRev(), reply.seq, NumberList.encode(latest), state.id.sql, root]
        )
        return try changedRoot(root, state)
    }

    /// A reply was deleted. - Returns: the root as it is now.
    func removeReply(from root: Int64, _ state: inout ConversationState) throws -> Message {
        let latest = try db.all(
            """
            SELECT seq, sender FROM messages
            WHERE conversation = ? AND thread = ? AND deleted_at IS NULL ORDER BY seq DESC LIMIT 100
            """,
            [state.id.sql, root]
        ) { (seq: $0[0] as Int64, sender: try $0.id(1) as UserID) }
        var users: [UserID] = []
        for reply in latest where !users.contains(reply.sender) && users.count < FixedLimits.replyUsers {
            users.append(reply.sender)
        }
        try db.run(
            """
            UPDATE messages SET rev = ?, reply_count = reply_count - 1, reply_last_seq = ?, reply_users = ?
            WHERE conversation = ? AND seq = ?
            """,
            [state.nextRev(), latest.first?.seq, NumberList.encode(users), state.id.sql, root]
        )
        return try changedRoot(root, state)
    }

    private func changedRoot(_ root: Int64, _ state: ConversationState) throws -> Message {
        guard let message = try MessageRow.find(state.id, root, db, context) else { throw ChatError.notFound }
        return message
    }
}
