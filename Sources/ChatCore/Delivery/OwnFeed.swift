// A user's own log on one event loop: its order, and rows that are held back so that a conversation's row comes at most
// once a second.
import ChatProtocol

struct OwnFeed: Sendable {
    var sequencer: Sequencer<OwnEvent>
    var slots: [Int32]
    var isFetching = false
    var hasGapTimer = false
    /// Conversations whose joining is being loaded.
    var joining: [ConversationID] = []
    /// Of these, the ones joined again since the loading began: an answer of "no member" may be older than that.
    var joinedAgain: [ConversationID] = []
    /// Rows that wait, and the interval they cover.
    private(set) var held: OwnEvent?
    var hasHoldTimer = false
    /// When membership rows were last sent, latest last; only those of the last second matter.
    private var sent: [(conversation: ConversationID, at: Int64)] = []

    static var holdMs: Int64 { 1_000 }

    init(position: Int64, slots: [Int32]) {
        sequencer = Sequencer(position: position)
        self.slots = slots
    }

    /// Takes an event that is due. - Returns: what to send now; `nil` if it is held.
    mutating func admit(_ event: OwnEvent, now: Int64) -> OwnEvent? {
        let merged = held.map { Self.merge($0, event) } ?? event
        sent.removeAll { $0.at + Self.holdMs <= now }
        let mayWait = merged.rows.allSatisfy { row in
            guard case .membership(let membership) = row, !membership.left else { return false }
            return sent.contains { $0.conversation == membership.conversation }
        }
        if mayWait {
            held = merged
            return nil
        }
        return release(merged, now: now)
    }

    /// What was held, if its time has come.
    mutating func release(now: Int64) -> OwnEvent? {
        guard let held else { return nil }
        return release(held, now: now)
    }

    private mutating func release(_ event: OwnEvent, now: Int64) -> OwnEvent {
        held = nil
        for row in event.rows {
            if case .membership(let membership) = row { sent.append((membership.conversation, now)) }
        }
        return event
    }

    /// Two adjoining events as one: the later state of each row, in `rev` order.
    private static func merge(_ first: OwnEvent, _ second: OwnEvent) -> OwnEvent {
        var rows = first.rows
        for row in second.rows {
            rows.removeAll { $0.hasSameKey(as: row) }
            rows.append(row)
        }
        return OwnEvent(user: first.user, after: first.after, rev: second.rev, rows: rows)
    }
}

extension OwnRow {
    /// Whether two rows are states of the same thing.
    func hasSameKey(as other: OwnRow) -> Bool {
        switch (self, other) {
        case (.membership(let left), .membership(let right)): left.conversation == right.conversation
        case (.settings, .settings): true
        case (.session(let left), .session(let right)): left.id == right.id
        case (.reaction(let left), .reaction(let right)):
            left.conversation == right.conversation && left.seq == right.seq
        default: false
        }
    }
}
