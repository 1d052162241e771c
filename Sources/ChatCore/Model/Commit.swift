// What a transaction changed, told to those who deliver it. A commit is published only after it is durable.
package import ChatProtocol

/// One step of a conversation's log: it takes a reader from position `after` to position `rev`.
package struct LogEvent: Sendable, Equatable {
    package var conversation: ConversationID
    package var after: Int64
    package var rev: Int64
    /// Whole new states, in `rev` order; without `mine`.
    package var messages: [Message]
    package var members: [Member]
    /// The conversation's row without `own`, `lastMessage` and `members`.
    package var row: Conversation?
    /// Who became a member by this event.
    package var arrivals: [UserID]
    /// Whose membership this event ended.
    package var departures: [Departure]
    /// How many members there are after it.
    package var memberCount: Int64

    package struct Departure: Sendable, Equatable {
        package var user: UserID
        package var reason: LeaveReason
        package init(user: UserID, reason: LeaveReason) {
            self.user = user
            self.reason = reason
        }
    }

    package init(
        conversation: ConversationID,
        after: Int64,
        rev: Int64,
        messages: [Message] = [],
        members: [Member] = [],
        row: Conversation? = nil,
        arrivals: [UserID] = [],
        departures: [Departure] = [],
        memberCount: Int64
    ) {
        self.conversation = conversation
        self.after = after
        self.rev = rev
        self.messages = messages
        self.members = members
        self.row = row
        self.arrivals = arrivals
        self.departures = departures
        self.memberCount = memberCount
    }
}

/// One step of a user's own log.
package struct OwnEvent: Sendable, Equatable {
    package var user: UserID
    package var after: Int64
    package var rev: Int64
    /// Whole new states, in `rev` order.
    package var rows: [OwnRow]

    package init(user: UserID, after: Int64, rev: Int64, rows: [OwnRow]) {
        self.user = user
        self.after = after
        self.rev = rev
        self.rows = rows
    }
}

/// Somebody's read marker, for the others in conversations of up to 50 members. The latest wins; may be lost.
package struct Marker: Sendable, Equatable {
    package var conversation: ConversationID
    package var user: UserID
    package var readSeq: Int64

    package init(conversation: ConversationID, user: UserID, readSeq: Int64) {
        self.conversation = conversation
        self.user = user
        self.readSeq = readSeq
    }
}

/// Everything one transaction has to tell.
package struct Commit: Sendable, Equatable {
    package var events: [LogEvent]
    package var own: [OwnEvent]
    package var markers: [Marker]
    /// Their connections close at once (4101).
    package var endedSessions: [SessionID]

    package init(
        events: [LogEvent] = [],
        own: [OwnEvent] = [],
        markers: [Marker] = [],
        endedSessions: [SessionID] = []
    ) {
        self.events = events
        self.own = own
        self.markers = markers
        self.endedSessions = endedSessions
    }

    package var isEmpty: Bool { events.isEmpty && own.isEmpty && markers.isEmpty && endedSessions.isEmpty }
}

/// A value, and what its transaction has to tell. `commit` is empty where nothing changed.
package struct Changed<Value: Sendable>: Sendable {
    package var value: Value
    package var commit: Commit
    package init(_ value: Value, _ commit: Commit = Commit()) {
        self.value = value
        self.commit = commit
    }
}
