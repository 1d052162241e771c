// The reference implementation of the log: what every store must do, as a value type with synchronous transactions.
// Plain and slow on purpose; the simulator's disk, and the model that real stores are compared with.
//
// Every method checks first and changes afterwards, so that a refused one leaves no trace. Nothing here iterates a
// dictionary or a set into an answer: the same calls give the same answers in every process.
package import ChatCore
package import ChatProtocol

package struct MemoryLog: Sendable {
    /// What is one user's own, beside the own parts of the member rows.
    struct OwnLog: Sendable {
        var head: Int64 = 0
        /// Conversations the user is or was in, ascending.
        var conversations: [ConversationID] = []
        var reactions: [(conversation: ConversationID, seq: Int64, ownRev: Int64)] = []
    }

    struct Person: Sendable {
        var user: User
        var settings: JSON = .object([])
        var settingsOwnRev: Int64 = 0
    }

    struct SessionRow: Sendable {
        var id: SessionID
        var user: UserID
        var device: String?
        var createdAt: Milliseconds
        var isEnded = false
        var ownRev: Int64
        var tokenHash: [UInt8]
        var isCookie: Bool
    }

    struct CommitRow: Sendable {
        var heads: [CommitLogPage.Head]
        var ownHeads: [CommitLogPage.OwnHead]
    }

    struct Creation: Sendable, Hashable {
        var user: UserID
        var nonce: String
    }

    struct Pair: Sendable, Hashable {
        var low: UserID
        var high: UserID
    }

    package var epoch: String
    package var limits: Limits
    /// Whether the messages of one batch come as one event per conversation. Both ways are right.
    package var mergesBatches: Bool

    /// In order of creation.
    package var logs: [ConversationLog] = []
    var places: [ConversationID: Int] = [:]
    var people: [UserID: Person] = [:]
    /// All users, ascending.
    package var userIDs: [UserID] = []
    var own: [UserID: OwnLog] = [:]
    var sessions: [SessionRow] = []
    var creations: [Creation: (conversation: ConversationID, at: Milliseconds)] = [:]
    var directs: [Pair: ConversationID] = [:]
    var commitRows: [CommitRow] = []
    /// Batches that are in the commit log, and lost ones that were found not to be there and never may be.
    var batches: [BatchID: Bool] = [:]

    package init(epoch: String, limits: Limits = Limits(), mergesBatches: Bool = false) {
        self.epoch = epoch
        self.limits = limits
        self.mergesBatches = mergesBatches
    }

    // MARK: - Looking

    func place(_ id: ConversationID) throws(ChatError) -> Int {
        guard let place = places[id], !logs[place].isDeleted else { throw .notFound }
        return place
    }

    /// A conversation in which somebody may do something; `not_found` or `forbidden` else.
    func place(_ id: ConversationID, _ user: UserID, may action: Action) throws(ChatError) -> Int {
        let place = try place(id)
        try Access.check(logs[place].standing(user), action)
        return place
    }

    package func conversation(_ id: ConversationID) -> ConversationLog? { places[id].map { logs[$0] } }

    /// Places of the conversations that a user is in, by id.
    func seats(_ user: UserID) -> [Int] {
        (own[user]?.conversations ?? []).compactMap { places[$0] }.filter { logs[$0].member(user) != nil }
    }

    // MARK: - Transactions

    /// What a transaction has touched so far.
    struct Unit {
        var heads: [ConversationID] = []
        var own: [(user: UserID, before: Int64)] = []
        var commit = Commit()
    }

    /// Tells of everything above `before` in a conversation, as one event.
    mutating func tell(_ place: Int, since before: Int64, _ unit: inout Unit) {
        guard let event = logs[place].event(since: before) else { return }
        let id = logs[place].id
        if !unit.heads.contains(id) { unit.heads.append(id) }
        unit.commit.events.append(event)
    }

    /// The next number of a user's own log.
    mutating func advanceOwn(_ user: UserID, _ unit: inout Unit) -> Int64 {
        let before = own[user]?.head ?? 0
        if !unit.own.contains(where: { $0.user == user }) { unit.own.append((user, before)) }
        own[user, default: OwnLog()].head = before + 1
        return before + 1
    }

    /// A membership's own part changed.
    mutating func touchOwn(_ user: UserID, in place: Int, _ unit: inout Unit) {
        guard let index = logs[place].memberIndex(user) else { return }
        let rev = advanceOwn(user, &unit)
        logs[place].members[index].ownRev = rev
        let id = logs[place].id
        let seats = own[user]?.conversations ?? []
        guard !seats.contains(id) else { return }
        own[user]?.conversations.insert(id, at: seats.firstIndex { $0 > id } ?? seats.endIndex)
    }

    /// Writes the commit log's row and says what is to be told.
    mutating func finish(_ unit: Unit) -> Commit {
        var commit = unit.commit
        for (user, before) in unit.own {
            let page = ownPage(user, since: before, limit: .max)
            commit.own.append(OwnEvent(user: user, after: before, rev: page.upTo, rows: page.rows))
        }
        guard !unit.heads.isEmpty || !unit.own.isEmpty else { return commit }
        commitRows.append(
            CommitRow(
                heads: unit.heads.compactMap { id in
                    places[id].map { CommitLogPage.Head(conversation: id, rev: logs[$0].head) }
                },
                ownHeads: unit.own.map { CommitLogPage.OwnHead(user: $0.user, rev: own[$0.user]?.head ?? 0) }
            )
        )
        return commit
    }

    /// The commit log above a cursor.
    package func commits(after cursor: Int64, limit: Int) -> CommitLogPage {
        let start = Int(min(max(0, cursor), Int64(commitRows.count)))
        let end = min(commitRows.count, start + limit)
        let rows = commitRows[start..<end]
        return CommitLogPage(heads: rows.flatMap(\.heads), ownHeads: rows.flatMap(\.ownHeads), cursor: Int64(end))
    }
}

// MARK: - For seeded bugs of the simulator

extension MemoryLog {
    package func marker(of user: UserID, in id: ConversationID) -> Int64? {
        places[id].flatMap { logs[$0].member(user)?.readSeq }
    }

    package mutating func setMarker(of user: UserID, in id: ConversationID, to seq: Int64?) {
        guard let seq, let place = places[id], let index = logs[place].memberIndex(user) else { return }
        logs[place].members[index].readSeq = seq
    }

    package mutating func forgetSentAt(_ ids: [ConversationID]) {
        for id in ids {
            if let place = places[id] { logs[place].lastSentAt = 0 }
        }
    }
}
