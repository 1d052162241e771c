// Connections of the fake server: what each has been sent, and lanes in which its frames wait. Frames of one lane keep
// their order, lanes overtake one another: the protocol promises no more.

import ChatProtocol

/// A server in memory with connections.
struct FakeServer {
    struct Connection {
        let user: UserID
        var isGreeted = false
        /// Whether the client has the answer to `hello`; everything else waits behind it.
        var isGreetingSeen = false
        /// The position from which events are sent, per conversation.
        var positions: [ConversationID: Int64] = [:]
        var suspended: Set<ConversationID> = []
        var ownPosition: Int64 = 0
        /// Frames of the server under way: events in order per conversation, the own log in order, replies in any.
        var events: [ConversationID: [Event]] = [:]
        var own: [Event] = []
        var passing: [Event] = []
        var replies: [ReplyFrame] = []
        /// Commands of the client under way, in order.
        var commands: [CommandFrame] = []

        var isQuiet: Bool {
            events.isEmpty && own.isEmpty && passing.isEmpty && replies.isEmpty && commands.isEmpty
        }
    }

    /// What goes wrong, in percent.
    struct Faults {
        var lostEvents = 0
        var behind = 0
        var refusedSends = 0
        var refusedSyncs = 0
        var unknownSends = 0
    }

    var store = FakeStore()
    var connections: [UInt64: Connection] = [:]
    var faults = Faults()
    var generator: SeededGenerator
    /// Users' own rows that have changed and are told later: at most once in a while.
    var untold: Set<Untold> = []
    /// How often a message was first stored.
    var acknowledged: [String: Int64] = [:]
    var syncLimit = 200
    private var lastConnection: UInt64 = 0

    struct Untold: Hashable, Comparable {
        var user: UserID
        var conversation: ConversationID
        static func < (left: Untold, right: Untold) -> Bool {
            (left.user, left.conversation) < (right.user, right.conversation)
        }
    }

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func connect(_ user: UserID) -> UInt64 {
        lastConnection += 1
        connections[lastConnection] = Connection(user: user)
        return lastConnection
    }

    /// The next frame that arrives at a client; lanes take turns at random.
    mutating func nextFrame(of id: UInt64) -> ServerFrame? {
        guard var connection = connections[id] else { return nil }
        defer { connections[id] = connection }
        guard connection.isGreetingSeen else {
            guard !connection.replies.isEmpty else { return nil }
            connection.isGreetingSeen = true
            return .reply(connection.replies.removeFirst())
        }
        var lanes: [Int] = []
        if !connection.replies.isEmpty { lanes += [0, 0] }
        if !connection.events.isEmpty { lanes += [1, 1] }
        if !connection.own.isEmpty { lanes.append(2) }
        if !connection.passing.isEmpty { lanes.append(3) }
        switch generator.pick(lanes) {
        case 0: return .reply(connection.replies.remove(at: generator.below(connection.replies.count)))
        case 1:
            guard let lane = generator.pick(connection.events.keys.sorted()) else { return nil }
            let event = connection.events[lane]?.removeFirst()
            if connection.events[lane]?.isEmpty == true { connection.events[lane] = nil }
            return event.map { .event($0) }
        case 2: return .event(connection.own.removeFirst())
        case 3: return .event(connection.passing.removeFirst())
        default: return nil
        }
    }

    // MARK: Telling

    /// Tells a change to the connections of a conversation's members. `make` builds the event for an interval.
    mutating func tell(
        _ id: ConversationID,
        after: Int64,
        rev: Int64,
        messages: [Message] = [],
        members: [Member] = [],
        row: Bool = false
    ) {
        for key in connections.keys.sorted() {
            guard var connection = connections[key], connection.isGreeted, let position = connection.positions[id],
                !connection.suspended.contains(id), rev > position
            else { continue }
            defer { connections[key] = connection }
            if generator.chance(faults.behind) {
                // What is still under way may come; then nothing until a sync.
                connection.suspended.insert(id)
                connection.events[id, default: []].append(.behind(conversation: id, head: rev))
                continue
            }
            connection.positions[id] = rev
            if generator.chance(faults.lostEvents) { continue }
            let event = event(id, after: after, rev: rev, messages: messages, members: members, row: row)
            if let last = connection.events[id]?.last, generator.chance(30), let merged = Self.merge(last, event) {
                connection.events[id]?.removeLast()
                connection.events[id]?.append(merged)
            } else {
                connection.events[id, default: []].append(event)
            }
        }
    }

    private func event(
        _ id: ConversationID,
        after: Int64,
        rev: Int64,
        messages: [Message],
        members: [Member],
        row: Bool
    ) -> Event {
        let conversation = row ? store.conversation(id, for: nil) : nil
        if messages.count == 1, members.isEmpty, !row, let message = messages.first {
            return .message(conversation: id, after: after, rev: rev, message: message)
        }
        if members.count == 1, messages.isEmpty, !row, let member = members.first {
            return .member(conversation: id, after: after, rev: rev, member: member)
        }
        if messages.isEmpty, members.isEmpty {
            if let conversation { return .conversation(conversation: id, after: after, rev: rev, row: conversation) }
            return rev % 2 == 0
                ? .skip(conversation: id, after: after, rev: rev)
                : .unknown(name: "poll", conversation: id, after: after, rev: rev)
        }
        return .changes(
            conversation: id,
            after: after,
            rev: rev,
            messages: messages,
            members: members,
            row: conversation
        )
    }

    private static func merge(_ first: Event, _ second: Event) -> Event? {
        guard let first = parts(first), let second = parts(second), first.rev == second.after else { return nil }
        var messages = first.messages.filter { old in !second.messages.contains { $0.seq == old.seq } }
        messages += second.messages
        var members = first.members.filter { old in !second.members.contains { $0.user == old.user } }
        members += second.members
        return .changes(
            conversation: first.id,
            after: first.after,
            rev: second.rev,
            messages: messages,
            members: members,
            row: second.row ?? first.row
        )
    }

    private struct Parts {
        var id: ConversationID
        var after: Int64
        var rev: Int64
        var messages: [Message] = []
        var members: [Member] = []
        var row: Conversation?
    }

    private static func parts(_ event: Event) -> Parts? {
        switch event {
        case .message(let id, let after, let rev, let message):
            Parts(id: id, after: after, rev: rev, messages: [message])
        case .member(let id, let after, let rev, let member): Parts(id: id, after: after, rev: rev, members: [member])
        case .conversation(let id, let after, let rev, let row): Parts(id: id, after: after, rev: rev, row: row)
        case .changes(let id, let after, let rev, let messages, let members, let row):
            Parts(id: id, after: after, rev: rev, messages: messages, members: members, row: row)
        case .skip(let id, let after, let rev): Parts(id: id, after: after, rev: rev)
        default: nil
        }
    }

    /// Tells somebody's connections that they are in or out.
    mutating func tell(_ user: UserID, _ event: Event, of id: ConversationID, position: Int64?) {
        for key in connections.keys.sorted() where connections[key]?.user == user && connections[key]?.isGreeted == true
        {
            connections[key]?.positions[id] = position
            connections[key]?.suspended.remove(id)
            connections[key]?.events[id, default: []].append(event)
        }
    }

    /// A row of a user's own log has changed; it is told now, or with others later.
    mutating func ownChanged(_ user: UserID, _ id: ConversationID, now: Bool = false) {
        untold.insert(Untold(user: user, conversation: id))
        if now { tellOwn(Untold(user: user, conversation: id)) }
    }

    mutating func tellOwn() {
        for row in untold.sorted() { tellOwn(row) }
    }

    private mutating func tellOwn(_ row: Untold) {
        untold.remove(row)
        guard let room = store.rooms[row.conversation] else { return }
        let state =
            room.own(row.user)
            ?? OwnState(role: .member, readSeq: 0, unread: 0, mentions: 0)
        let after = store.owns[row.user]?.head ?? 0
        let membership = OwnRow.Membership(
            rev: after + 1,
            conversation: row.conversation,
            state: state,
            left: !room.isMember(row.user)
        )
        store.owns[row.user, default: FakeStore.OwnLog()].head = after + 1
        store.owns[row.user]?.memberships[row.conversation] = membership
        tellOwn(row.user, after: after, rows: [.membership(membership)])
    }

    mutating func tellOwn(_ user: UserID, after: Int64, rows: [OwnRow]) {
        for key in connections.keys.sorted() {
            guard let connection = connections[key], connection.user == user, connection.isGreeted,
                connection.ownPosition <= after
            else { continue }
            connections[key]?.ownPosition = after + 1
            if generator.chance(faults.lostEvents) { continue }
            connections[key]?.own.append(.own(after: after, rev: after + 1, rows: rows))
        }
    }
}
