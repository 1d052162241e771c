// Posting messages: what a writer hands to the store in one call, and what comes back.
package import ChatProtocol

/// One message to append. Form and size were checked; rights and numbers are the store's to decide, after the lock.
package struct AppendRequest: Sendable, Equatable {
    package var send: Send
    package var sender: UserID
    /// Of sender and nonce; unique within the conversation for ever.
    package var nonceHash: Hash16
    /// Of body, replyTo, thread and attachments, as first sent.
    package var sendHash: Hash16
    /// Users the body names; the store keeps those who are members.
    package var mentions: [UserID]
    /// Whether the body names everybody; counts only where the sender may.
    package var mentionsAll: Bool

    package init(
        send: Send,
        sender: UserID,
        nonceHash: Hash16,
        sendHash: Hash16,
        mentions: [UserID] = [],
        mentionsAll: Bool = false
    ) {
        self.send = send
        self.sender = sender
        self.nonceHash = nonceHash
        self.sendHash = sendHash
        self.mentions = mentions
        self.mentionsAll = mentionsAll
    }
}

/// What became of one request: the message as it is now, and whether this call stored it.
package struct Appended: Sendable, Equatable {
    package var message: Message
    package var isNew: Bool
    package init(message: Message, isNew: Bool) {
        self.message = message
        self.isNew = isNew
    }
}

/// Names a batch in the commit log: dense per writer, so that whoever sees `n` has seen all before it.
package struct BatchID: Sendable, Hashable {
    package var node: String
    package var writer: Int
    package var n: Int64
    package init(node: String, writer: Int, n: Int64) {
        self.node = node
        self.writer = writer
        self.n = n
    }
}

/// What one append call did: a result per request, in order, and what is to be told.
package struct AppendOutcome: Sendable {
    package var results: [Result<Appended, ChatError>]
    package var commit: Commit
    package init(results: [Result<Appended, ChatError>], commit: Commit) {
        self.results = results
        self.commit = commit
    }
}
