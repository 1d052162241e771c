// Appending: look under the lock (the transaction), answer known nonces, number only what remains.
package import ChatCore
import ChatProtocol
import Foundation
import GRDB

extension SQLiteStore {
    package func append(_ batch: [AppendRequest], as id: BatchID) async throws(ChatError) -> AppendOutcome {
        let changed = try await write(weight: batch.count) { transaction in
            transaction.batch = id
            return try transaction.append(batch)
        }
        return AppendOutcome(results: changed.value, commit: changed.commit)
    }

    package func outcome(of id: BatchID) async throws(ChatError) -> Bool {
        // In the queue of writes: whatever was submitted before has been decided when this runs.
        try await write { try CommitLog.contains(id, $0.db) }.value
    }
}

extension Transaction {
    /// Appends what can be appended; each request is answered by itself.
    mutating func append(_ batch: [AppendRequest]) throws -> [Result<Appended, ChatError>] {
        let before = self
        try db.run("SAVEPOINT batch")
        do {
            var results: [Result<Appended, ChatError>] = []
            results.reserveCapacity(batch.count)
            for request in batch {
                do {
                    results.append(.success(try append(request)))
                } catch let refusal as ChatError {
                    // Everything is checked before anything is written.
                    results.append(.failure(refusal))
                }
            }
            try db.run("RELEASE batch")
            return results
        } catch {
            guard db.isInsideTransaction, batch.count > 1 else { throw error }
            try db.run("ROLLBACK TO batch")
            try db.run("RELEASE batch")
            self = before
            return try appendOneByOne(batch)
        }
    }

    /// After a failure of the whole: each in a savepoint of its own, so that the bad one fails alone.
    private mutating func appendOneByOne(_ batch: [AppendRequest]) throws -> [Result<Appended, ChatError>] {
        var results: [Result<Appended, ChatError>] = []
        for request in batch {
            let before = self
            try db.run("SAVEPOINT request")
            do {
                results.append(.success(try append(request)))
            } catch {
                guard db.isInsideTransaction else { throw error }
                try db.run("ROLLBACK TO request")
                self = before
                results.append(.failure(ChatError(store: error)))
            }
            try db.run("RELEASE request")
        }
        return results
    }

    private mutating func append(_ request: AppendRequest) throws -> Appended {
        let send = request.send
        var state = try self.state(send.conversation)
        let sender = try Membership.present(state.id, request.sender, db)
        let standing = state.standing(of: request.sender, role: sender?.role)
        try Access.check(standing, .read)
        let known = try db.first(
            "SELECT seq, send_hash FROM messages WHERE conversation = ? AND nonce_hash = ?",
            [state.id.sql, Data(request.nonceHash.bytes)]
        ) { (seq: $0[0] as Int64, sendHash: Hash16($0[1] as Data)) }
        if let known, known.sendHash == request.sendHash,
            let message = try MessageRow.find(state.id, known.seq, reader: request.sender, db, context)
        {
            return Appended(message: message, isNew: false)
        }
        try Access.check(standing, .post)
        if let until = sender?.mutedUntil, until > now {
            throw ChatError(.forbidden, "You are muted in this conversation.", retryAfterMs: until - now)
        }
        guard known == nil else {
            throw ChatError(.conflict, "nonce: it named another message of yours; choose a new one.")
        }
        if let replyTo = send.replyTo, !(1...max(1, state.lastSeq)).contains(replyTo) || state.lastSeq == 0 {
            throw ChatError.notFound
        }
        let root = try send.thread.map { try threadRoot(of: $0, in: state.id) }

        let after = state.head
        var message = Message(
            conversation: state.id,
            seq: state.lastSeq + 1,
            rev: state.nextRev(),
            sender: request.sender,
            nonce: send.nonce,
            body: send.body,
            sentAt: max(now, state.lastSentAt),
            replyTo: send.replyTo,
            thread: root
        )
        message.mentions = try members(among: request.mentions, of: state.id)
        message.mentionsAll = request.mentionsAll && Access.refusal(standing, .mentionAll) == nil
        state.lastSeq = message.seq
        state.lastSentAt = message.sentAt
        try insert(message, request)
        var changed = [message]
        if let root { changed.append(try addReply(message, to: root, &state)) }
        keep(state)
        noteSender(message, readSeq: sender?.readSeq ?? 0, state)
        tell(state, after: after, messages: changed)
        message.mine = []
        return Appended(message: message, isNew: true)
    }

    /// The root of the thread that a message is in, or would begin.
    private func threadRoot(of seq: Int64, in conversation: ConversationID) throws -> Int64 {
        let found = try db.first(
            "SELECT thread FROM messages WHERE conversation = ? AND seq = ?",
            [conversation.sql, seq]
        ) { $0[0] as Int64? }
        guard let found else { throw ChatError.notFound }
        return found ?? seq
    }

    private mutating func insert(_ message: Message, _ request: AppendRequest) throws {
        let sealed = try MessageRow.seal(
            message.body,
            sender: message.sender,
            nonceHash: request.nonceHash,
            message.conversation,
            context
        )
        try db.run(
            """
            INSERT INTO messages (
                conversation, seq, rev, kind, sender, sent_at, reply_to, thread, mentions, mentions_all,
                nonce, nonce_hash, send_hash, key_id, sealed, body
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                message.conversation.sql, message.seq, message.rev, message.kind, message.sender.sql, message.sentAt,
                message.replyTo, message.thread, NumberList.encode(message.mentions), message.mentionsAll,
                message.nonce, Data(request.nonceHash.bytes), Data(request.sendHash.bytes), sealed.keyID,
                sealed.keyID != 0, sealed.bytes,
            ]
        )
        try insertMentions(of: message)
        note(message)
    }

    /// Sending moves the sender's marker. Others hear of it where it passed messages of theirs.
    private mutating func noteSender(_ message: Message, readSeq: Int64, _ state: ConversationState) {
        let key = OwnTouch(user: message.sender, key: .membership(state.id))
        let former = sentMarkers[key] ?? readSeq
        touchSender(message.sender, state.id, seq: message.seq)
        if former < message.seq - 1, state.memberCount <= FixedLimits.markerMembers {
            commit.markers.append(Marker(conversation: state.id, user: message.sender, readSeq: message.seq))
        }
    }
}
