// Posting, changing and reading messages.
package import ChatProtocol

extension Chat {
    /// Posts a message and waits for the store.
    package func send(_ send: Send, by user: UserID) async throws(ChatError) -> Appended {
        let request = try prepare(send, by: user)
        let result = await withCheckedContinuation { continuation in
            writers.append(request) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Checks form, size and rate of a message to post. - Throws: `invalid`, `too_large`, `rate_limited`.
    package func prepare(_ send: Send, by user: UserID) throws(ChatError) -> AppendRequest {
        try checkForm(nonce: send.nonce, body: send.body)
        guard send.attachments.isEmpty else {
            throw ChatError(.notFound, "attachments: none of these exists; upload the file first.")
        }
        if let retryAfterMs = rates.take(
            .messages(user),
            perSecond: limits.messagesPerSecond,
            burst: limits.messageBurst,
            now: environment.monotonic()
        ) {
            throw ChatError(.rateLimited, "You are sending too fast; wait a moment.", retryAfterMs: retryAfterMs)
        }
        let mentions = Mentions.parse(send.body, limit: limits.mentionsPerMessage)
        return AppendRequest(
            send: send,
            sender: user,
            nonceHash: Fingerprint.nonce(send.nonce, sender: user, digest: environment.digest),
            sendHash: Fingerprint.content(of: send, digest: environment.digest),
            mentions: mentions.users,
            mentionsAll: mentions.all
        )
    }

    package func edit(
        _ conversation: ConversationID,
        seq: Int64,
        body: String,
        ifRev: Int64?,
        by user: UserID
    ) async throws(ChatError) -> Message {
        try checkForm(body: body)
        let mentions = Mentions.parse(body, limit: limits.mentionsPerMessage)
        let change = MessageChange.edit(
            body: body,
            ifRev: ifRev,
            mentions: mentions.users,
            mentionsAll: mentions.all
        )
        return try await self.change(change, conversation, seq: seq, by: user)
    }

    /// Deletes, reacts, pins …
    package func change(
        _ change: MessageChange,
        _ conversation: ConversationID,
        seq: Int64,
        by user: UserID
    ) async throws(ChatError) -> Message {
        switch change {
        case .react(let emoji), .unreact(let emoji): try TextRules.checkEmoji(emoji)
        default: break
        }
        return published(try await stores.messages.change(change, conversation: conversation, seq: seq, by: user))
    }

    package func history(
        _ conversation: ConversationID,
        _ bound: HistoryBound,
        limit: Int64?,
        reader: UserID
    ) async throws(ChatError) -> HistoryPage {
        let limit = try Self.limit(limit)
        return try await stores.messages.history(conversation: conversation, bound: bound, limit: limit, reader: reader)
    }

    package func message(
        _ conversation: ConversationID,
        seq: Int64,
        reader: UserID
    ) async throws(ChatError) -> Message {
        try await stores.messages.message(conversation: conversation, seq: seq, reader: reader)
    }

    package func changes(
        _ conversation: ConversationID,
        since: Int64,
        limit: Int64?,
        reader: UserID
    ) async throws(ChatError) -> ChangesPage {
        let limit = try Self.limit(limit)
        return try await stores.messages.changes(
            conversation: conversation,
            since: since,
            limit: limit,
            reader: reader
        )
    }
}

/// Fingerprints that make sends idempotent.
enum Fingerprint {
    /// Of sender and nonce.
    static func nonce(_ nonce: String, sender: UserID, digest: ([UInt8]) -> [UInt8]) -> Hash16 {
        Hash16(digest(Array(sender.description.utf8) + [0] + Array(nonce.utf8)))
    }

    /// Of everything that makes two sends the same. Lengths first, so that no field can run into the next.
    static func content(of send: Send, digest: ([UInt8]) -> [UInt8]) -> Hash16 {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(send.body.utf8.count + 64)
        bytes.append(contentsOf: "\(send.body.utf8.count) \(send.replyTo ?? 0) \(send.thread ?? 0)".utf8)
        for attachment in send.attachments { bytes.append(contentsOf: " \(attachment)".utf8) }
        bytes.append(0)
        bytes.append(contentsOf: send.body.utf8)
        return Hash16(digest(bytes))
    }
}
