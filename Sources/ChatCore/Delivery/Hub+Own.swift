// The own log: what a user's devices tell one another, and how connections learn of conversations they came into.
package import ChatProtocol

extension Hub {
    mutating func take(_ event: OwnEvent, now: Int64, _ actions: inout [HubAction]) {
        guard users[event.user] != nil else {
            recent.note(event)
            return
        }
        let due = users[event.user]?.sequencer.take(event) ?? []
        for event in due {
            recent.note(event)
            join(event, &actions)
            if let ready = users[event.user]?.admit(event, now: now) {
                deliver(ready, &actions)
            } else if users[event.user]?.hasHoldTimer == false {
                users[event.user]?.hasHoldTimer = true
                actions.append(.timer(.ownHold(event.user), afterMs: OwnFeed.holdMs))
            }
        }
        watchOwnGap(event.user, &actions)
    }

    mutating func watchOwnGap(_ user: UserID, _ actions: inout [HubAction]) {
        guard let feed = users[user], feed.sequencer.hasGap, !feed.hasGapTimer, !feed.isFetching else { return }
        users[user]?.hasGapTimer = true
        actions.append(.timer(.ownGap(user), afterMs: Self.gapMs))
    }

    mutating func fireOwnGap(_ user: UserID, _ actions: inout [HubAction]) {
        guard let feed = users[user] else { return }
        users[user]?.hasGapTimer = false
        guard feed.sequencer.hasGap, !feed.isFetching else { return }
        users[user]?.isFetching = true
        counts.gaps += 1
        actions.append(.fetchOwn(user, since: feed.sequencer.position))
    }

    /// The store answered a ``HubAction/fetchOwn(_:since:)``.
    package mutating func fetchedOwn(
        _ user: UserID,
        since: Int64,
        _ result: Result<OwnPage, ChatError>,
        now: Int64
    ) -> [HubAction] {
        guard users[user] != nil else { return [] }
        users[user]?.isFetching = false
        var actions: [HubAction] = []
        switch result {
        case .success(let page):
            if page.upTo > since {
                take(OwnEvent(user: user, after: since, rev: page.upTo, rows: page.rows), now: now, &actions)
            }
            users[user]?.sequencer.hear(page.head)
            watchOwnGap(user, &actions)
        case .failure:
            users[user]?.hasGapTimer = true
            actions.append(.timer(.ownGap(user), afterMs: Self.retryMs))
        }
        return actions
    }

    mutating func releaseOwn(_ user: UserID, now: Int64, _ actions: inout [HubAction]) {
        users[user]?.hasHoldTimer = false
        if let event = users[user]?.release(now: now) { deliver(event, &actions) }
    }

    private mutating func deliver(_ event: OwnEvent, _ actions: inout [HubAction]) {
        var receivers: [Int32] = []
        for slot in users[event.user]?.slots ?? [] {
            guard let state = slots[Int(slot)], state.ownPosition < event.rev else { continue }
            if state.isCongested {
                slots[Int(slot)]?.missedOwn = true
            } else {
                slots[Int(slot)]?.ownPosition = event.rev
                receivers.append(slot)
            }
        }
        guard !receivers.isEmpty else { return }
        actions.append(.send(.own(after: event.after, rev: event.rev, rows: event.rows), to: receivers))
    }

    /// A membership that some connection of the user does not listen to: load the conversation, then `joined`.
    private mutating func join(_ event: OwnEvent, _ actions: inout [HubAction]) {
        for row in event.rows {
            guard case .membership(let membership) = row, !membership.left else { continue }
            join(event.user, membership.conversation, &actions)
        }
    }

    mutating func join(_ user: UserID, _ conversation: ConversationID, _ actions: inout [HubAction]) {
        guard let feed = users[user], feed.slots.contains(where: { !isSubscribed($0, conversation) }) else { return }
        guard !feed.joining.contains(conversation) else {
            if !feed.joinedAgain.contains(conversation) { users[user]?.joinedAgain.append(conversation) }
            return
        }
        users[user]?.joining.append(conversation)
        actions.append(.loadJoined(user, conversation, recent.begin()))
    }

    func isSubscribed(_ slot: Int32, _ conversation: ConversationID) -> Bool {
        guard let conversations = slots[Int(slot)]?.conversations else { return true }
        let index = conversations.partitioningIndex { $0 >= conversation }
        return index < conversations.count && conversations[index] == conversation
    }

    /// The store answered a ``HubAction/loadJoined(_:_:_:)``: `nil` if the user is no member (any more).
    package mutating func loaded(
        _ user: UserID,
        _ conversation: ConversationID,
        _ result: Result<Conversation?, ChatError>,
        watch: Watch,
        now: Int64
    ) -> [HubAction] {
        let isCovered = recent.covers(watch)
        defer { recent.end(watch) }
        guard let feed = users[user] else { return [] }
        users[user]?.joining.removeAll { $0 == conversation }
        users[user]?.joinedAgain.removeAll { $0 == conversation }
        let wasJoinedAgain = feed.joinedAgain.contains(conversation)
        var actions: [HubAction] = []
        switch result {
        case .success(let row?) where isCovered:
            let newcomers = feed.slots.filter { !isSubscribed($0, conversation) }
            guard !newcomers.isEmpty else { return [] }
            actions.append(.send(.joined(conversation: conversation, row: row), to: newcomers))
            for slot in newcomers {
                subscribe(slot, to: conversation, at: row.head, memberCount: row.memberCount, &actions)
            }
        case .success(nil):
            if wasJoinedAgain { join(user, conversation, &actions) }
        case .success:
            // Something may have been missed since the reading: once more.
            join(user, conversation, &actions)
        case .failure:
            actions.append(.timer(.join(user, conversation), afterMs: Self.retryMs))
        }
        return actions
    }

    /// An own event that came while the connection was being opened.
    mutating func replayOwn(_ slot: Int32, since position: Int64, _ actions: inout [HubAction]) {
        guard let state = slots[Int(slot)] else { return }
        for event in recent.own[state.user] ?? [] where event.rev > position {
            join(event, &actions)
        }
        guard let head = users[state.user]?.sequencer.head, head > position else { return }
        // The connection syncs; the feed has its own ways of getting there.
        slots[Int(slot)]?.ownPosition = head
        actions.append(.send(.own(after: head, rev: head, rows: []), to: [slot]))
    }
}

extension Array {
    /// The first index whose element belongs to the second part of a partitioned array.
    func partitioningIndex(where belongsInSecondPartition: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if belongsInSecondPartition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
