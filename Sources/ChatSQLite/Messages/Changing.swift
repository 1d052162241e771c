// Changes of a message that is there: edit, delete, reactions, pins. Order of checks: not_found, forbidden, gone, conflict.
package import ChatCore
package import ChatProtocol
import Foundation
import GRDB

extension SQLiteStore {
    package func change(
        _ change: MessageChange,
        conversation: ConversationID,
        seq: Int64,
        by user: UserID
    ) async throws(ChatError) -> Changed<Message> {
        try await write { transaction in
            try transaction.change(change, conversation, seq, by: user)
        }
    }
}

extension Transaction {
    mutating func change(
        _ change: MessageChange,
        _ conversation: ConversationID,
        _ seq: Int64,
        by user: UserID
    ) throws -> Message {
        var state = try self.state(conversation)
        let member = try state.reader(user, db)
        guard let message = try MessageRow.find(conversation, seq, db, context) else { throw ChatError.notFound }
        try Access.check(state.standing(of: user, role: member.role), change.action(on: message))
        guard !message.isDeleted else { throw ChatError.gone }

        let after = state.head
        if try apply(change, to: message, by: user, &state) {
            var changed: [Message] = []
            if let now = try MessageRow.find(conversation, seq, db, context) { changed.append(now) }
            if change == .delete, let root = message.thread { changed.append(try removeReply(from: root, &state)) }
            for message in changed { note(message) }
            keep(state)
            tell(state, after: after, messages: changed)
        }
        guard let answer = try MessageRow.find(conversation, seq, reader: user, db, context) else {
            throw ChatError.notFound
        }
        return answer
    }

    /// - Returns: whether anything changed.
    private mutating func apply(
        _ change: MessageChange,
        to message: Message,
        by user: UserID,
        _ state: inout ConversationState
    ) throws -> Bool {
        switch change {
        case .edit(let body, let ifRev, let mentions, let mentionsAll):
            guard !message.body.utf8.elementsEqual(body.utf8) else { return false }
            if let ifRev, ifRev != message.rev {
                throw ChatError(.conflict, "ifRev: the message has changed since; look at it before editing.")
            }
            var edited = message
            edited.body = body
            edited.mentions = try members(among: mentions, of: state.id)
            edited.mentionsAll = try mentionsAll && mayMentionAll(user, state)
            try edit(message, to: edited, rev: state.nextRev())
        case .delete:
            try bury(message, rev: state.nextRev())
        case .react(let emoji):
            return try react(emoji, to: message, by: user, &state)
        case .unreact(let emoji):
            return try unreact(emoji, from: message, by: user, &state)
        case .pin:
            guard message.pinned == nil else { return false }
            try db.run(
                "UPDATE messages SET rev = ?, pinned_by = ?, pinned_at = ? WHERE conversation = ? AND seq = ?",
                [state.nextRev(), user.sql, now, state.id.sql, message.seq]
            )
        case .unpin:
            guard message.pinned != nil else { return false }
            try db.run(
                "UPDATE messages SET rev = ?, pinned_by = NULL, pinned_at = NULL WHERE conversation = ? AND seq = ?",
                [state.nextRev(), state.id.sql, message.seq]
            )
        }
        return true
    }

    private func mayMentionAll(_ user: UserID, _ state: ConversationState) throws -> Bool {
        let role = try Membership.present(state.id, user, db)?.role
        return Access.refusal(state.standing(of: user, role: role), .mentionAll) == nil
    }

    private func edit(_ message: Message, to edited: Message, rev: Int64) throws {
        let nonceHash = try db.first(
            "SELECT nonce_hash FROM messages WHERE conversation = ? AND seq = ?",
            [message.conversation.sql, message.seq]
        ) { Hash16($0[0] as Data) }
        guard let nonceHash else { throw ChatError.notFound }
        let sealed = try MessageRow.seal(
            edited.body,
            sender: message.sender,
            nonceHash: nonceHash,
            message.conversation,
            context
        )
        try deleteMentions(of: message)
        try db.run(
            """
            UPDATE messages SET rev = ?, edited_at = ?, mentions = ?, mentions_all = ?, key_id = ?, sealed = ?, body = ?
            WHERE conversation = ? AND seq = ?
            """,
            [
                rev, now, NumberList.encode(edited.mentions), edited.mentionsAll, sealed.keyID, sealed.keyID != 0,
                sealed.bytes, message.conversation.sql, message.seq,
            ]
        )
        try insertMentions(of: edited)
    }

    /// Makes a tombstone: the nonce stays known for ever, the content goes.
    func bury(_ message: Message, rev: Int64) throws {
        try deleteMentions(of: message)
        let key: [SQLValue?] = [message.conversation.sql, message.seq]
        try db.run("DELETE FROM reactions WHERE conversation = ? AND seq = ?", key)
        try db.run("DELETE FROM own_reactions WHERE conversation = ? AND seq = ?", key)
        try db.run(
            """
            UPDATE messages SET rev = ?, deleted_at = ?, edited_at = NULL, pinned_by = NULL, pinned_at = NULL,
                mentions = NULL, mentions_all = 0, reactions = NULL, attachments = NULL, key_id = 0, sealed = 0, body = NULL
            WHERE conversation = ? AND seq = ?
            """,
            [rev, now] + key
        )
    }

    private mutating func react(
        _ emoji: String,
        to message: Message,
        by user: UserID,
        _ state: inout ConversationState
    ) throws -> Bool {
        let key: [SQLValue?] = [state.id.sql, message.seq, user.sql, emoji]
        guard
            try !db.exists(
                "SELECT 1 FROM reactions WHERE conversation = ? AND seq = ? AND user = ? AND emoji = ?",
                key
            )
        else { return false }
        let reactions = try Reactions.adding(emoji, by: user, to: message.reactions)
        let rev = state.nextRev()
        try db.run(
            "INSERT INTO reactions (conversation, seq, user, emoji, rev) VALUES (?, ?, ?, ?, ?)",
            key + [rev]
        )
        try store(reactions, of: message, rev: rev, by: user)
        return true
    }

    private mutating func unreact(
        _ emoji: String,
        from message: Message,
        by user: UserID,
        _ state: inout ConversationState
    ) throws -> Bool {
        try db.run(
            "DELETE FROM reactions WHERE conversation = ? AND seq = ? AND user = ? AND emoji = ?",
            [state.id.sql, message.seq, user.sql, emoji]
        )
        guard db.changesCount > 0 else { return false }
        let reactions = try Reactions.removing(emoji, by: user, from: message, db)
        try store(reactions, of: message, rev: state.nextRev(), by: user)
        return true
    }

    private mutating func store(
        _ reactions: [Message.Reaction],
        of message: Message,
        rev: Int64,
        by user: UserID
    ) throws {
        try db.run(
            "UPDATE messages SET rev = ?, reactions = ? WHERE conversation = ? AND seq = ?",
            [rev, MessageRow.text(reactions), message.conversation.sql, message.seq]
        )
        touch(user, .reaction(message.conversation, seq: message.seq))
    }
}

extension MessageChange {
    /// What it needs the right to do.
    fileprivate func action(on message: Message) -> Action {
        switch self {
        case .edit: .edit(sender: message.sender)
        case .delete: .delete(sender: message.sender)
        case .react, .unreact: .react
        case .pin, .unpin: .pin
        }
    }
}
