// How a connection begins to listen: what it was answered ends where its events begin.
package import ChatProtocol

extension Hub {
    /// A `hello` or `sync` is about to read; everything from now on is retained until ``open`` or ``caughtUp``.
    package mutating func beginReading() -> Watch { recent.begin() }

    /// A reading ended without a connection to open.
    package mutating func endReading(_ watch: Watch) { recent.end(watch) }

    /// What was retained does not reach back to the beginning of the reading: read again.
    package func isCovered(_ watch: Watch) -> Bool { recent.covers(watch) }

    /// Answers to `resume` that need no store. `nil`: ask the store. Nothing: the position is the head.
    package func resume(_ conversation: ConversationID, from position: Int64, head: Int64) -> ChangesPage? {
        feeds[conversation]?.changes(conversation, since: position, head: head)
    }

    /// Opens a connection whose `hello` was just answered.
    ///
    /// - Parameter watch: begun before the snapshot was read, and covered (``isCovered(_:)``).
    /// - Returns: the connection's slot, and what happened since the snapshot.
    package mutating func open(
        _ opening: Opening,
        watch: Watch,
        now: Int64
    ) -> (slot: Int32, actions: [HubAction]) {
        defer { recent.end(watch) }
        var actions: [HubAction] = []
        let user = opening.user.id
        let slot = addSlot(
            Slot(
                user: user,
                session: opening.session,
                conversations: opening.entries.map(\.index.conversation),
                ownPosition: opening.own
            )
        )
        if users[user] == nil {
            users[user] = OwnFeed(position: opening.own, slots: [slot])
            for event in recent.own[user] ?? [] { users[user]?.sequencer.hear(event.rev) }
            users[user]?.sequencer.hear(recent.ownHeads[user] ?? 0)
        } else {
            users[user]?.slots.append(slot)
            users[user]?.sequencer.hear(opening.own)
        }
        watchOwnGap(user, &actions)
        for entry in opening.entries {
            let conversation = entry.index.conversation
            let position = entry.index.head
            listen(slot, user, to: conversation, at: position, memberCount: entry.memberCount, &actions)
        }
        replayOwn(slot, since: opening.own, &actions)
        if recent.endedSessions.contains(opening.session) {
            actions.append(.close(slot, .sessionEnded))
        }
        return (slot, actions)
    }

    /// Begins to listen to one more conversation.
    mutating func subscribe(
        _ slot: Int32,
        to conversation: ConversationID,
        at position: Int64,
        memberCount: Int64,
        _ actions: inout [HubAction]
    ) {
        guard let user = slots[Int(slot)]?.user else { return }
        let index = slots[Int(slot)]?.conversations.partitioningIndex { $0 >= conversation } ?? 0
        slots[Int(slot)]?.conversations.insert(conversation, at: index)
        listen(slot, user, to: conversation, at: position, memberCount: memberCount, &actions)
    }

    private mutating func listen(
        _ slot: Int32,
        _ user: UserID,
        to conversation: ConversationID,
        at position: Int64,
        memberCount: Int64,
        _ actions: inout [HubAction]
    ) {
        let subscriber = Feed.Subscriber(slot: slot, isBehind: false, user: user, position: position)
        if feeds[conversation] != nil {
            feeds[conversation]?.subscribers.append(subscriber)
            feeds[conversation]?.sequencer.hear(position)
            watchGap(conversation, &actions)
            replay(slot, conversation, since: position, &actions)
            return
        }
        feeds[conversation] = Feed(position: position, memberCount: memberCount)
        feeds[conversation]?.subscribers.append(subscriber)
        // Nobody listened here: what was heard meanwhile may be in any order.
        let heard = (recent.events[conversation] ?? []).filter { $0.rev > position }.sorted { $0.rev < $1.rev }
        if !heard.isEmpty { actions.append(contentsOf: receive(Commit(events: heard), now: 0)) }
        feeds[conversation]?.sequencer.hear(recent.heads[conversation] ?? 0)
        watchGap(conversation, &actions)
    }

    /// Hands one connection what the feed has delivered since the snapshot.
    private mutating func replay(
        _ slot: Int32,
        _ conversation: ConversationID,
        since position: Int64,
        _ actions: inout [HubAction]
    ) {
        guard let feed = feeds[conversation], feed.sequencer.position > position,
            let index = feed.index(of: slot)
        else { return }
        let candidates = (recent.events[conversation] ?? []) + Array(feed.ring)
        var reached = position
        for event in candidates.sorted(by: { $0.rev < $1.rev }) where event.rev > reached && event.after <= reached {
            reached = event.rev
            if let departure = event.departures.first(where: { $0.user == feed.subscribers[index].user }) {
                leave(slot, conversation, event.rev, departure.reason, &actions)
                return
            }
            counts.deliveries += 1
            actions.append(.send(Self.wire(event), to: [slot]))
        }
        if reached >= feed.sequencer.position {
            feeds[conversation]?.subscribers[index].position = reached
        } else {
            feeds[conversation]?.subscribers[index].position = reached
            feeds[conversation]?.subscribers[index].isBehind = true
            counts.behind += 1
            actions.append(.send(.behind(conversation: conversation, head: feed.sequencer.position), to: [slot]))
        }
    }

    private mutating func leave(
        _ slot: Int32,
        _ conversation: ConversationID,
        _ rev: Int64,
        _ reason: LeaveReason,
        _ actions: inout [HubAction]
    ) {
        actions.append(.send(.left(conversation: conversation, rev: rev, reason: reason), to: [slot]))
        unsubscribe(slot, from: conversation)
        if let user = slots[Int(slot)]?.user { rejoin(user, conversation, reason, &actions) }
    }

    /// A `sync` was answered without `more`: a connection that was behind goes on from `upTo`.
    package mutating func caughtUp(
        _ slot: Int32,
        _ conversation: ConversationID,
        upTo: Int64,
        watch: Watch
    ) -> [HubAction] {
        defer { recent.end(watch) }
        guard let index = feeds[conversation]?.index(of: slot),
            let subscriber = feeds[conversation]?.subscribers[index], subscriber.isBehind
        else { return [] }
        var actions: [HubAction] = []
        let position = max(subscriber.position, upTo)
        feeds[conversation]?.subscribers[index].position = position
        feeds[conversation]?.subscribers[index].isBehind = false
        feeds[conversation]?.sequencer.hear(position)
        watchGap(conversation, &actions)
        // Whether what was retained reaches back far enough, the replay finds out by itself.
        replay(slot, conversation, since: position, &actions)
        return actions
    }
}
