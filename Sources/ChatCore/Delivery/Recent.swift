// What happened while somebody was reading a snapshot: so that nothing between the reading and the listening is missed.
import ChatProtocol

/// A reading in progress: what is retained since it began can be replayed after it.
package struct Watch: Sendable, Equatable {
    fileprivate var generation: Int
}

struct Recent: Sendable {
    private var watchers = 0
    private var generation = 0
    private var count = 0
    private(set) var events: [ConversationID: [LogEvent]] = [:]
    private(set) var own: [UserID: [OwnEvent]] = [:]
    /// How far logs go that nobody here listened to: their events may have been announced to nobody.
    private(set) var heads: [ConversationID: Int64] = [:]
    private(set) var ownHeads: [UserID: Int64] = [:]
    private(set) var endedSessions: Set<SessionID> = []

    /// More than this is not retained: the readings then in progress must read again.
    static var maximum: Int { 20_000 }

    mutating func begin() -> Watch {
        watchers += 1
        return Watch(generation: generation)
    }

    mutating func end(_ watch: Watch) {
        watchers -= 1
        if watchers == 0 { clear() }
    }

    /// Whether everything since the beginning of the watch is still here.
    func covers(_ watch: Watch) -> Bool { watch.generation == generation }

    mutating func note(_ event: LogEvent) {
        guard makeRoom() else { return }
        events[event.conversation, default: []].append(event)
    }

    mutating func note(_ event: OwnEvent) {
        guard makeRoom() else { return }
        own[event.user, default: []].append(event)
    }

    mutating func note(head: Int64, of conversation: ConversationID) {
        guard makeRoom() else { return }
        heads[conversation] = max(head, heads[conversation] ?? 0)
    }

    mutating func note(ownHead: Int64, of user: UserID) {
        guard makeRoom() else { return }
        ownHeads[user] = max(ownHead, ownHeads[user] ?? 0)
    }

    mutating func note(ended session: SessionID) {
        guard makeRoom() else { return }
        endedSessions.insert(session)
    }

    private mutating func makeRoom() -> Bool {
        guard watchers > 0 else { return false }
        if count >= Self.maximum {
            clear()
            generation += 1
        }
        count += 1
        return true
    }

    private mutating func clear() {
        guard count > 0 else { return }
        count = 0
        events = [:]
        own = [:]
        heads = [:]
        ownHeads = [:]
        endedSessions = []
    }
}
