// Delivery on one event loop: which connection gets which event, in which order. A value type without sockets, stores
// or clocks: commits and answers in, actions out. Every loop of a node has one, and hears of every commit.
//
// Invariant: outputs never depend on the order of a dictionary; the same inputs give the same actions.
package import ChatProtocol

/// What the loop must do for its hub, in order.
package enum HubAction: Sendable, Equatable {
    /// The same frame to each of these connections.
    case send(Event, to: [Int32])
    case close(Int32, CloseCode)
    /// Read the log above a position; answer with ``Hub/fetched(_:_:now:)``.
    case fetch(ConversationID, since: Int64)
    /// Read the own log above a position; answer with ``Hub/fetchedOwn(_:since:_:now:)``.
    case fetchOwn(UserID, since: Int64)
    /// Read a member's view of a conversation; answer with ``Hub/loaded(_:_:_:watch:now:)``.
    case loadJoined(UserID, ConversationID, Watch)
    /// Call ``Hub/fired(_:now:)`` after a while.
    case timer(HubTimer, afterMs: Int64)
}

package enum HubTimer: Sendable, Hashable {
    case gap(ConversationID)
    case ownGap(UserID)
    case ownHold(UserID)
    case join(UserID, ConversationID)
}

package struct Hub: Sendable {
    /// A connection that is open.
    struct Slot: Sendable {
        var user: UserID
        var session: SessionID
        /// Sorted.
        var conversations: [ConversationID]
        var ownPosition: Int64
        var opened: ConversationID?
        var isActive = true
        var isCongested = false
        /// Own events were left out while congested.
        var missedOwn = false
    }

    var slots: [Slot?] = []
    private var freeSlots: [Int32] = []
    var feeds: [ConversationID: Feed] = [:]
    var users: [UserID: OwnFeed] = [:]
    var recent = Recent()
    /// Numbers for the operator.
    package internal(set) var counts = Counts()

    package struct Counts: Sendable, Equatable {
        package var deliveries = 0
        package var gaps = 0
        package var behind = 0
        package var droppedEphemera = 0

        package init() {}
    }

    /// How long a missing `rev` is waited for before it is fetched: nodes and threads overtake one another.
    static var gapMs: Int64 { 25 }
    /// How long after a failed fetch it is tried again.
    static var retryMs: Int64 { 500 }

    package init() {}

    package var connectionCount: Int { slots.count - freeSlots.count }
    package var feedCount: Int { feeds.count }

    // MARK: - Commits

    /// Hears of a commit.
    package mutating func receive(_ commit: Commit, now: Int64) -> [HubAction] {
        var actions: [HubAction] = []
        for event in commit.events { take(event, &actions) }
        for own in commit.own { take(own, now: now, &actions) }
        for marker in commit.markers { deliver(marker, &actions) }
        for session in commit.endedSessions { end(session, &actions) }
        return actions
    }

    /// Hears how far logs go, without their events (the commit log, lost answers).
    package mutating func hear(_ heads: [CommitLogPage.Head], own: [CommitLogPage.OwnHead] = []) -> [HubAction] {
        var actions: [HubAction] = []
        for head in heads {
            guard feeds[head.conversation] != nil else {
                recent.note(head: head.rev, of: head.conversation)
                continue
            }
            feeds[head.conversation]?.sequencer.hear(head.rev)
            watchGap(head.conversation, &actions)
        }
        for head in own {
            guard users[head.user] != nil else {
                recent.note(ownHead: head.rev, of: head.user)
                continue
            }
            users[head.user]?.sequencer.hear(head.rev)
            watchOwnGap(head.user, &actions)
        }
        return actions
    }

    /// The store answered a ``HubAction/fetch(_:since:)``: `nil` if there is nothing above the position.
    package mutating func fetched(
        _ conversation: ConversationID,
        _ result: Result<LogEvent?, ChatError>,
        now: Int64
    ) -> [HubAction] {
        var actions: [HubAction] = []
        guard feeds[conversation] != nil else { return [] }
        feeds[conversation]?.isFetching = false
        switch result {
        case .success(let event?):
            take(event, &actions)
            watchGap(conversation, &actions)
        case .success(nil):
            break
        case .failure:
            feeds[conversation]?.hasTimer = true
            actions.append(.timer(.gap(conversation), afterMs: Self.retryMs))
        }
        return actions
    }

    package mutating func fired(_ timer: HubTimer, now: Int64) -> [HubAction] {
        var actions: [HubAction] = []
        switch timer {
        case .gap(let conversation):
            guard let feed = feeds[conversation] else { return [] }
            feeds[conversation]?.hasTimer = false
            guard feed.sequencer.hasGap, !feed.isFetching else { return [] }
            feeds[conversation]?.isFetching = true
            counts.gaps += 1
            actions.append(.fetch(conversation, since: feed.sequencer.position))
        case .ownGap(let user):
            fireOwnGap(user, &actions)
        case .ownHold(let user):
            releaseOwn(user, now: now, &actions)
        case .join(let user, let conversation):
            join(user, conversation, &actions)
        }
        return actions
    }

    private mutating func take(_ event: LogEvent, _ actions: inout [HubAction]) {
        let conversation = event.conversation
        guard feeds[conversation] != nil else {
            recent.note(event)
            return
        }
        let due = feeds[conversation]?.sequencer.take(event) ?? []
        for event in due { deliver(event, &actions) }
        watchGap(conversation, &actions)
    }

    mutating func watchGap(_ conversation: ConversationID, _ actions: inout [HubAction]) {
        guard let feed = feeds[conversation], feed.sequencer.hasGap, !feed.hasTimer, !feed.isFetching else { return }
        feeds[conversation]?.hasTimer = true
        actions.append(.timer(.gap(conversation), afterMs: Self.gapMs))
    }

    // MARK: - Delivery

    /// Hands an event that is due to everybody who listens here.
    private mutating func deliver(_ event: LogEvent, _ actions: inout [HubAction]) {
        recent.note(event)
        feeds[event.conversation]?.memberCount = event.memberCount
        feeds[event.conversation]?.remember(event)
        guard var subscribers = feeds[event.conversation]?.subscribers else { return }
        // Taken out for the time of the loop, so that it is changed in place.
        feeds[event.conversation]?.subscribers = []
        var receivers: [Int32] = []
        var fallen: [Int32] = []
        receivers.reserveCapacity(subscribers.count)
        for index in subscribers.indices {
            let subscriber = subscribers[index]
            guard !subscriber.isBehind, event.rev > subscriber.position else { continue }
            if slots[Int(subscriber.slot)]?.isCongested == true {
                subscribers[index].isBehind = true
                fallen.append(subscriber.slot)
            } else {
                subscribers[index].position = event.rev
                receivers.append(subscriber.slot)
            }
        }
        feeds[event.conversation]?.subscribers = subscribers
        if !event.departures.isEmpty {
            depart(event, receivers: &receivers, fallen: &fallen, &actions)
        }
        if !receivers.isEmpty {
            counts.deliveries += receivers.count
            actions.append(.send(Self.wire(event), to: receivers))
        }
        if !fallen.isEmpty {
            counts.behind += fallen.count
            actions.append(.send(.behind(conversation: event.conversation, head: event.rev), to: fallen))
        }
    }

    /// Those whose membership the event ended get `left` instead, behind or not, and listen no more. Whoever has a
    /// position at or above the event read a snapshot that knows of it (and of a later return).
    private mutating func depart(
        _ event: LogEvent,
        receivers: inout [Int32],
        fallen: inout [Int32],
        _ actions: inout [HubAction]
    ) {
        let reasons = Dictionary(event.departures.map { ($0.user, $0.reason) }) { first, _ in first }
        var leaving: [LeaveReason: [Int32]] = [:]
        let current = Set(receivers).union(fallen)
        for subscriber in feeds[event.conversation]?.subscribers ?? [] {
            guard let reason = reasons[subscriber.user],
                current.contains(subscriber.slot) || subscriber.isBehind && subscriber.position < event.rev
            else { continue }
            leaving[reason, default: []].append(subscriber.slot)
        }
        for reason in LeaveReason.allCases {
            guard let gone = leaving[reason] else { continue }
            let goneSet = Set(gone)
            receivers.removeAll { goneSet.contains($0) }
            fallen.removeAll { goneSet.contains($0) }
            var users: [UserID] = []
            for slot in gone {
                if let user = slots[Int(slot)]?.user, !users.contains(user) { users.append(user) }
                unsubscribe(slot, from: event.conversation)
            }
            actions.append(.send(.left(conversation: event.conversation, rev: event.rev, reason: reason), to: gone))
            for user in users { rejoin(user, event.conversation, reason, &actions) }
        }
    }

    /// Who is out may be in again: the own log may have told of the return before this log told of the departure, when
    /// there was nothing to join.
    mutating func rejoin(
        _ user: UserID,
        _ conversation: ConversationID,
        _ reason: LeaveReason,
        _ actions: inout [HubAction]
    ) {
        if reason != .deleted { join(user, conversation, &actions) }
    }

    /// The event as readers see it.
    static func wire(_ event: LogEvent) -> Event {
        let members = event.memberCount > FixedLimits.memberEventMembers ? [] : event.members
        let isSingle = event.rev == event.after + 1
        switch (event.messages.count, members.count, event.row) {
        case (0, 0, nil):
            return .skip(conversation: event.conversation, after: event.after, rev: event.rev)
        case (1, 0, nil) where isSingle:
            return .message(
                conversation: event.conversation,
                after: event.after,
                rev: event.rev,
                message: event.messages[0]
            )
        case (0, 1, nil) where isSingle:
            return .member(conversation: event.conversation, after: event.after, rev: event.rev, member: members[0])
        case (0, 0, let row?) where isSingle:
            return .conversation(conversation: event.conversation, after: event.after, rev: event.rev, row: row)
        default:
            return .changes(
                conversation: event.conversation,
                after: event.after,
                rev: event.rev,
                messages: event.messages,
                members: members,
                row: event.row
            )
        }
    }

    // MARK: - Connections

    mutating func addSlot(_ slot: Slot) -> Int32 {
        if let free = freeSlots.popLast() {
            slots[Int(free)] = slot
            return free
        }
        slots.append(slot)
        return Int32(slots.count - 1)
    }

    /// A connection is gone.
    package mutating func disconnect(_ slot: Int32) {
        guard let gone = slots[Int(slot)] else { return }
        for conversation in gone.conversations { removeSubscriber(slot, from: conversation) }
        slots[Int(slot)] = nil
        freeSlots.append(slot)
        users[gone.user]?.slots.removeAll { $0 == slot }
        guard let feed = users[gone.user], feed.slots.isEmpty else { return }
        for event in feed.sequencer.waiting { recent.note(event) }
        if feed.sequencer.hasGap { recent.note(ownHead: feed.sequencer.head, of: gone.user) }
        users[gone.user] = nil
    }

    mutating func unsubscribe(_ slot: Int32, from conversation: ConversationID) {
        if let index = slots[Int(slot)]?.conversations.firstIndex(of: conversation) {
            slots[Int(slot)]?.conversations.remove(at: index)
        }
        removeSubscriber(slot, from: conversation)
    }

    private mutating func removeSubscriber(_ slot: Int32, from conversation: ConversationID) {
        guard let index = feeds[conversation]?.index(of: slot) else { return }
        feeds[conversation]?.subscribers.remove(at: index)
        guard let feed = feeds[conversation], feed.subscribers.isEmpty else { return }
        // Who is reading a snapshot right now may need what was waiting here.
        for event in feed.sequencer.waiting { recent.note(event) }
        if feed.sequencer.hasGap { recent.note(head: feed.sequencer.head, of: conversation) }
        feeds[conversation] = nil
    }

    /// Whether the connection may take events now. When it may again, what it missed of its own log is named.
    package mutating func setCongested(_ slot: Int32, _ isCongested: Bool) -> [HubAction] {
        slots[Int(slot)]?.isCongested = isCongested
        guard !isCongested, let state = slots[Int(slot)], state.missedOwn else { return [] }
        slots[Int(slot)]?.missedOwn = false
        guard let head = users[state.user]?.sequencer.position, head > state.ownPosition else { return [] }
        slots[Int(slot)]?.ownPosition = head
        // An interval that begins above the client's position: it syncs.
        return [.send(.own(after: head, rev: head, rows: []), to: [slot])]
    }

    private mutating func end(_ session: SessionID, _ actions: inout [HubAction]) {
        recent.note(ended: session)
        for (index, slot) in slots.enumerated() where slot?.session == session {
            actions.append(.close(Int32(index), .sessionEnded))
        }
    }

    /// Sessions of open connections, for the check against the store.
    package var sessions: [SessionID] {
        var seen: Set<SessionID> = []
        return slots.compactMap { $0?.session }.filter { seen.insert($0).inserted }
    }
}
