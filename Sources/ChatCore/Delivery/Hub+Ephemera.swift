// What may be lost: typing, others' read markers, presence. Only to those who look.
package import ChatProtocol

extension Hub {
    /// Somebody's marker, for the others in small conversations.
    mutating func deliver(_ marker: Marker, _ actions: inout [HubAction]) {
        guard let feed = feeds[marker.conversation], feed.memberCount <= FixedLimits.markerMembers else { return }
        var receivers: [Int32] = []
        for subscriber in feed.subscribers where subscriber.user != marker.user {
            guard let slot = slots[Int(subscriber.slot)] else { continue }
            if slot.isCongested { counts.droppedEphemera += 1 } else { receivers.append(subscriber.slot) }
        }
        guard !receivers.isEmpty else { return }
        let event = Event.read(conversation: marker.conversation, user: marker.user, readSeq: marker.readSeq)
        actions.append(.send(event, to: receivers))
    }

    /// Which conversation is on the connection's screen.
    package mutating func setOpened(_ slot: Int32, _ conversation: ConversationID?) {
        slots[Int(slot)]?.opened = conversation
    }

    /// Whether the page is in the foreground.
    package mutating func setActive(_ slot: Int32, _ isActive: Bool) {
        slots[Int(slot)]?.isActive = isActive
    }

    /// Whether a connection listens to a conversation, and how many members that has.
    package func memberCount(_ slot: Int32, _ conversation: ConversationID) -> Int64? {
        guard slots[Int(slot)] != nil, isSubscribed(slot, conversation) else { return nil }
        return feeds[conversation]?.memberCount
    }

    /// Somebody is typing: to those who have the conversation on their screens.
    package mutating func typing(_ user: UserID, in conversation: ConversationID) -> [HubAction] {
        guard let feed = feeds[conversation], feed.memberCount <= FixedLimits.typingMembers else { return [] }
        var receivers: [Int32] = []
        for subscriber in feed.subscribers where subscriber.user != user {
            guard let slot = slots[Int(subscriber.slot)], slot.isActive, slot.opened == conversation else { continue }
            if slot.isCongested { counts.droppedEphemera += 1 } else { receivers.append(subscriber.slot) }
        }
        return receivers.isEmpty ? [] : [.send(.typing(conversation: conversation, user: user), to: receivers)]
    }

    /// Whether presence may be told to a connection now.
    package func mayTellPresence(_ slot: Int32) -> Bool {
        guard let state = slots[Int(slot)] else { return false }
        return state.isActive && !state.isCongested
    }
}
