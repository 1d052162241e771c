// One writing transaction: the conversations it has locked, the events it will tell, and the user's own rows it touched.
// A value, so that a request that fails can be undone by taking the former one back (beside the savepoint).
import ChatCore
import ChatProtocol
import GRDB

struct Transaction {
    let db: Database
    let context: StoreContext
    /// The clock at the beginning.
    let now: Milliseconds
    /// What will be told.
    var commit = Commit()
    /// The batch of appends that this is.
    var batch: BatchID?

    private var states: [ConversationID: ConversationState] = [:]
    /// Changed ones, in the order of the first change.
    private var changedStates: [ConversationID] = []
    /// Rows of own logs that changed, in order; each once.
    private(set) var touched: [OwnTouch] = []
    private var touchedKeys: Set<OwnTouch> = []
    /// Buckets whose messages were added or changed.
    var buckets = BucketNotes()
    /// Markers that sending moved; written with the rows of the own log.
    private(set) var sentMarkers: [OwnTouch: Int64] = [:]

    init(_ db: Database, _ context: StoreContext) {
        self.db = db
        self.context = context
        now = context.environment.now()
    }

    /// A conversation that is not deleted.
    mutating func state(_ id: ConversationID) throws -> ConversationState {
        if let state = states[id] { return state }
        let state = try ConversationState.existing(id, db)
        states[id] = state
        return state
    }

    /// Keeps a changed conversation until the end.
    mutating func keep(_ state: ConversationState) {
        states[state.id] = state
        if !changedStates.contains(state.id) { changedStates.append(state.id) }
    }

    /// Marks a row of a user's own log as changed. The row itself is written by the caller, but for `own_rev`.
    mutating func touch(_ user: UserID, _ key: OwnTouch.Key) {
        let touch = OwnTouch(user: user, key: key)
        if touchedKeys.insert(touch).inserted { touched.append(touch) }
    }

    /// The member sent a message: the marker is there, and "marked as unread" is over.
    mutating func touchSender(_ user: UserID, _ conversation: ConversationID, seq: Int64) {
        touch(user, .membership(conversation))
        sentMarkers[OwnTouch(user: user, key: .membership(conversation))] = seq
    }

    /// A message was added or changed.
    mutating func note(_ message: Message) {
        buckets.note(message, bucket: context.bucket(of: message.seq))
    }

    /// Adds a step to a conversation's log: from the head it had before to the one it has now.
    mutating func tell(
        _ state: ConversationState,
        after: Int64,
        messages: [Message] = [],
        members: [Member] = [],
        row: Bool = false,
        arrivals: [UserID] = [],
        departures: [LogEvent.Departure] = []
    ) {
        commit.events.append(
            LogEvent(
                conversation: state.id,
                after: after,
                rev: state.head,
                messages: messages,
                members: members,
                row: row ? state.row : nil,
                arrivals: arrivals,
                departures: departures,
                memberCount: state.memberCount
            )
        )
    }

    /// Writes what was kept: counters, own logs, and the commit log's row. - Returns: what is to be told.
    mutating func finish() throws -> Commit {
        for id in changedStates {
            if let state = states[id] { try state.store(db) }
        }
        try buckets.store(db)
        try finishOwn()
        if batch != nil || !commit.events.isEmpty || !commit.own.isEmpty {
            try CommitLog.insert(commit, batch: batch, now: now, db)
        }
        return commit
    }
}
