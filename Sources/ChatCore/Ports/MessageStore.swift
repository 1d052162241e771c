// The log of messages. Every method is one transaction that leaves every invariant true.
package import ChatProtocol

/// Stores and reads messages. Rights are decided inside, by ``Access``, on what the transaction itself sees.
package protocol MessageStore: Sendable {
    /// How many writers may append at the same time with profit.
    var writers: Int { get }

    /// Appends a batch: locks first, looks second (membership and nonces), numbers only what remains, and stores
    /// the batch's row in the commit log in the same transaction. One bad request fails alone.
    /// Requests of one conversation are numbered in the order of the batch.
    /// - Throws: `unavailable` (nothing was stored) or `unknown` (ask ``outcome(of:)``).
    func append(_ batch: [AppendRequest], as id: BatchID) async throws(ChatError) -> AppendOutcome

    /// Whether a batch whose answer was lost is in the commit log. An answer of false is final: the store must make
    /// sure that the lost call cannot still commit.
    func outcome(of id: BatchID) async throws(ChatError) -> Bool

    /// Edits, deletes, reacts, pins. A change that changes nothing moves no `rev` and has an empty commit.
    /// The message is answered with `mine`. - Throws: `not_found`, `forbidden`, `gone`, `conflict`, `invalid`.
    func change(
        _ change: MessageChange,
        conversation: ConversationID,
        seq: Int64,
        by user: UserID
    ) async throws(ChatError) -> Changed<Message>

    /// Messages in `seq` order, with `mine`. - Throws: `not_found` for those who are not members, and for an
    /// `around` that does not exist.
    func history(
        conversation: ConversationID,
        bound: HistoryBound,
        limit: Int,
        reader: UserID
    ) async throws(ChatError) -> HistoryPage

    /// One message, with `mine`.
    func message(conversation: ConversationID, seq: Int64, reader: UserID) async throws(ChatError) -> Message

    /// Rows of all kinds with `rev` > `since`, in `rev` order over all kinds, at most `limit` in total, one snapshot;
    /// messages with `mine`. A `since` above the head answers `reset`.
    func changes(
        conversation: ConversationID,
        since: Int64,
        limit: Int,
        reader: UserID
    ) async throws(ChatError) -> ChangesPage

    /// The log above `since` for delivery to everybody (no reader, no `mine`), up to `limit` rows in one event; `nil` if
    /// there is nothing above it. `arrivals` and `departures` are those among the member rows.
    func event(conversation: ConversationID, since: Int64, limit: Int) async throws(ChatError) -> LogEvent?

    /// Heads that commits advanced, in the commit log's order, above a cursor (0: from the oldest kept row).
    func commits(after cursor: Int64, limit: Int) async throws(ChatError) -> CommitLogPage
}

/// A stretch of the commit log.
package struct CommitLogPage: Sendable, Equatable {
    package var heads: [Head]
    package var ownHeads: [OwnHead]
    package var cursor: Int64

    package struct Head: Sendable, Equatable {
        package var conversation: ConversationID
        package var rev: Int64
        package init(conversation: ConversationID, rev: Int64) {
            self.conversation = conversation
            self.rev = rev
        }
    }

    package struct OwnHead: Sendable, Equatable {
        package var user: UserID
        package var rev: Int64
        package init(user: UserID, rev: Int64) {
            self.user = user
            self.rev = rev
        }
    }

    package init(heads: [Head] = [], ownHeads: [OwnHead] = [], cursor: Int64) {
        self.heads = heads
        self.ownHeads = ownHeads
        self.cursor = cursor
    }
}
