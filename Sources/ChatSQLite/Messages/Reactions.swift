// Reactions: who reacted how is a table; the message's row holds the summary that everybody sees.
import ChatCore
import ChatProtocol
import GRDB

enum Reactions {
    /// A user's own reactions to a message.
    static func mine(
        _ conversation: ConversationID,
        _ seq: Int64,
        _ user: UserID,
        _ db: Database
    ) throws -> [String] {
        try db.all(
            "SELECT emoji FROM reactions WHERE conversation = ? AND seq = ? AND user = ? ORDER BY emoji",
            [conversation.sql, seq, user.sql]
        ) { $0[0] }
    }

    /// The summary with one more. - Throws: `invalid` for one emoji too many.
    static func adding(_ emoji: String, by user: UserID, to reactions: [Message.Reaction]) throws -> [Message.Reaction]
    {
        var reactions = reactions
        if let index = index(of: emoji, in: reactions) {
            reactions[index].count += 1
            if reactions[index].users.count < FixedLimits.reactionUsers { reactions[index].users.append(user) }
        } else {
            guard reactions.count < FixedLimits.reactionsPerMessage else {
                throw ChatError.invalid("emoji: a message can have \(FixedLimits.reactionsPerMessage) different ones.")
            }
            reactions.append(Message.Reaction(emoji: emoji, count: 1, users: [user]))
        }
        return reactions
    }

    /// The summary with one less, after it was taken from the table.
    static func removing(
        _ emoji: String,
        by user: UserID,
        from message: Message,
        _ db: Database
    ) throws -> [Message.Reaction] {
        var reactions = message.reactions
        guard let index = index(of: emoji, in: reactions) else { return reactions }
        reactions[index].count -= 1
        if reactions[index].count <= 0 {
            reactions.remove(at: index)
        } else if let position = reactions[index].users.firstIndex(of: user) {
            reactions[index].users.remove(at: position)
            if reactions[index].count > reactions[index].users.count {
                reactions[index].users = try firstUsers(emoji, message, db)
            }
        }
        return reactions
    }

    private static func firstUsers(_ emoji: String, _ message: Message, _ db: Database) throws -> [UserID] {
        try db.all(
            "SELECT user FROM reactions WHERE conversation = ? AND seq = ? AND emoji = ? ORDER BY rev LIMIT ?",
            [message.conversation.sql, message.seq, emoji, FixedLimits.reactionUsers]
        ) { try $0.id(0) }
    }

    /// Emoji are compared byte for byte, as the table does.
    private static func index(of emoji: String, in reactions: [Message.Reaction]) -> Int? {
        reactions.firstIndex { $0.emoji.utf8.elementsEqual(emoji.utf8) }
    }
}
