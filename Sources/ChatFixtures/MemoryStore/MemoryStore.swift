// The reference log behind the ports of the real stores: so that contract suites run on it, and random operations can
// be compared between it and a database.
package import ChatCore
package import ChatProtocol
import Synchronization

/// The reference implementation of the log ports, in memory.
package final class MemoryStore: Sendable {
    private let log: Mutex<MemoryLog>
    private let now: @Sendable () -> Milliseconds

    package init(_ log: MemoryLog, now: @escaping @Sendable () -> Milliseconds) {
        self.log = Mutex(log)
        self.now = now
    }

    /// The log as it is now.
    package var current: MemoryLog { log.withLock { $0 } }

    /// Adds a person (no port of the log does).
    package func addUser(_ user: User) { log.withLock { $0.addUser(user) } }

    /// Signs a device in.
    package func addSession(_ id: SessionID, of user: UserID, tokenHash: [UInt8], isCookie: Bool = false) -> Commit {
        log.withLock { $0.addSession(id, of: user, tokenHash: tokenHash, isCookie: isCookie, now: now()) }
    }

    /// Signs a device out.
    package func endSession(_ id: SessionID) -> Commit { log.withLock { $0.endSession(id) } }

    private func transaction<Value: Sendable>(
        _ body: (inout MemoryLog) throws(ChatError) -> Value
    ) throws(ChatError) -> Value {
        let result = log.withLock { log -> Result<Value, ChatError> in
            do throws(ChatError) { return .success(try body(&log)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}

extension MemoryStore: MessageStore {
    package var writers: Int { 1 }

    package func append(_ batch: [AppendRequest], as id: BatchID) async throws(ChatError) -> AppendOutcome {
        try transaction { (log) throws(ChatError) in try log.append(batch, as: id, now: now()) }
    }

    package func outcome(of id: BatchID) async throws(ChatError) -> Bool {
        log.withLock { $0.outcome(of: id) }
    }

    package func change(
        _ change: MessageChange,
        conversation: ConversationID,
        seq: Int64,
        by user: UserID
    ) async throws(ChatError) -> Changed<Message> {
        try transaction { (log) throws(ChatError) in
            try log.change(change, conversation: conversation, seq: seq, by: user, now: now())
        }
    }

    package func history(
        conversation: ConversationID,
        bound: HistoryBound,
        limit: Int,
        reader: UserID
    ) async throws(ChatError) -> HistoryPage {
        try transaction { (log) throws(ChatError) in
            try log.history(conversation: conversation, bound: bound, limit: limit, reader: reader)
        }
    }

    package func message(
        conversation: ConversationID,
        seq: Int64,
        reader: UserID
    ) async throws(ChatError) -> Message {
        try transaction { (log) throws(ChatError) in
            try log.message(conversation: conversation, seq: seq, reader: reader)
        }
    }

    package func changes(
        conversation: ConversationID,
        since: Int64,
        limit: Int,
        reader: UserID
    ) async throws(ChatError) -> ChangesPage {
        try transaction { (log) throws(ChatError) in
            try log.changes(conversation: conversation, since: since, limit: limit, reader: reader)
        }
    }

    package func event(conversation: ConversationID, since: Int64, limit: Int) async throws(ChatError) -> LogEvent? {
        log.withLock { $0.event(conversation: conversation, since: since, limit: limit) }
    }

    package func commits(after cursor: Int64, limit: Int) async throws(ChatError) -> CommitLogPage {
        log.withLock { $0.commits(after: cursor, limit: limit) }
    }
}

extension MemoryStore: ConversationStore {
    package func create(
        _ new: NewConversation,
        id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Changed<(conversation: Conversation, isNew: Bool)> {
        try transaction { (log) throws(ChatError) in try log.create(new, id: id, by: user, now: now()) }
    }

    package func update(
        _ id: ConversationID,
        _ patch: ConversationPatch,
        by user: UserID
    ) async throws(ChatError) -> Changed<Conversation> {
        try transaction { (log) throws(ChatError) in try log.update(id, patch, by: user) }
    }

    package func delete(_ id: ConversationID, by user: UserID) async throws(ChatError) -> Changed<Void> {
        try transaction { (log) throws(ChatError) in try log.delete(id, by: user, now: now()) }
    }

    package func setMember(
        _ member: UserID,
        role: Role?,
        in id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Changed<Member> {
        try transaction { (log) throws(ChatError) in
            try log.setMember(member, role: role, in: id, by: user, now: now())
        }
    }

    package func removeMember(
        _ member: UserID,
        from id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Changed<Void> {
        try transaction { (log) throws(ChatError) in try log.removeMember(member, from: id, by: user, now: now()) }
    }

    package func conversations(
        _ ids: [ConversationID],
        reader: UserID
    ) async throws(ChatError) -> [Conversation] {
        log.withLock { $0.conversations(ids, reader: reader) }
    }

    package func conversations(
        of reader: UserID,
        after: ConversationID?,
        limit: Int
    ) async throws(ChatError) -> [Conversation] {
        log.withLock { $0.conversations(of: reader, after: after, limit: limit) }
    }

    package func members(
        of id: ConversationID,
        matching query: String,
        after: UserID?,
        limit: Int,
        reader: UserID
    ) async throws(ChatError) -> [Member] {
        try transaction { (log) throws(ChatError) in
            try log.members(of: id, matching: query, after: after, limit: limit, reader: reader)
        }
    }

    package func channels(
        matching query: String,
        after: ConversationID?,
        limit: Int
    ) async throws(ChatError) -> [ChannelSummary] {
        log.withLock { $0.channels(matching: query, after: after, limit: limit) }
    }

    package func channel(_ id: ConversationID) async throws(ChatError) -> ChannelSummary? {
        log.withLock { $0.channel(id) }
    }
}

extension MemoryStore: MembershipStore {
    package func open(_ requests: [OpenRequest]) async throws(ChatError) -> [Result<Opening, ChatError>] {
        log.withLock { $0.open(requests) }
    }

    package func index(
        of user: UserID,
        after: ConversationID?,
        limit: Int
    ) async throws(ChatError) -> [IndexEntry] {
        log.withLock { $0.index(of: user, after: after, limit: limit) }
    }

    package func mark(
        _ mark: ReadMark,
        conversation: ConversationID,
        user: UserID
    ) async throws(ChatError) -> Changed<ReadState> {
        try transaction { (log) throws(ChatError) in try log.mark(mark, conversation: conversation, user: user) }
    }

    package func configure(
        _ patch: SettingsPatch,
        conversation: ConversationID,
        user: UserID
    ) async throws(ChatError) -> Changed<OwnState> {
        try transaction { (log) throws(ChatError) in try log.configure(patch, conversation: conversation, user: user) }
    }

    package func setDraft(
        _ draft: DraftRequest,
        conversation: ConversationID,
        user: UserID
    ) async throws(ChatError) -> Changed<OwnState> {
        try transaction { (log) throws(ChatError) in
            try log.setDraft(draft, conversation: conversation, user: user, now: now())
        }
    }

    package func ownChanges(of user: UserID, since: Int64, limit: Int) async throws(ChatError) -> OwnPage {
        log.withLock { $0.ownPage(user, since: since, limit: limit) }
    }

    package func companions(of user: UserID, among people: [UserID]) async throws(ChatError) -> Set<UserID> {
        log.withLock { $0.companions(of: user, among: people) }
    }

    package func joined(_ user: UserID, conversation: ConversationID) async throws(ChatError) -> Conversation? {
        log.withLock { $0.joined(user, conversation: conversation) }
    }
}
