// Who is named in which message: rows of their own, so that they can be counted above a marker.
import ChatProtocol
import GRDB

extension Transaction {
    /// The person that stands for everybody.
    private static let everybody: Int64 = 0

    /// Those who are members now.
    func members(among users: [UserID], of conversation: ConversationID) throws -> [UserID] {
        var present: [UserID] = []
        for user in users {
            let isMember = try db.exists(
                "SELECT 1 FROM members WHERE conversation = ? AND user = ? AND left_at IS NULL",
                [conversation.sql, user.sql]
            )
            guard isMember else { continue }
            present.append(user)
            if Int64(present.count) == context.limits.mentionsPerMessage { break }
        }
        return present
    }

    func insertMentions(of message: Message) throws {
        for user in mentioned(message) {
            try db.run(
                "INSERT OR IGNORE INTO mentions (conversation, user, seq) VALUES (?, ?, ?)",
                [message.conversation.sql, user, message.seq]
            )
        }
    }

    func deleteMentions(of message: Message) throws {
        for user in mentioned(message) {
            try db.run(
                "DELETE FROM mentions WHERE conversation = ? AND user = ? AND seq = ?",
                [message.conversation.sql, user, message.seq]
            )
        }
    }

    /// Everybody includes those who are named besides: nobody is counted twice.
    private func mentioned(_ message: Message) -> [Int64] {
        message.mentionsAll ? [Self.everybody] : message.mentions.map(\.sql)
    }
}
