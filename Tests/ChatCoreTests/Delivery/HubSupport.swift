// Small words for the hub's tests: people, rooms, events in, and what came out of it.
import ChatCore
import ChatProtocol

enum Sample {
    static let ann: UserID = makeID(1)
    static let bob: UserID = makeID(2)
    static let cat: UserID = makeID(3)
    static let room: ConversationID = makeID(100)
    static let hall: ConversationID = makeID(200)

    static func user(_ id: UserID) -> User { User(id: id, handle: "user\(id.rawValue)", name: "User") }

    /// What a `hello` read.
    static func opening(
        _ user: UserID,
        session: UInt64 = 1,
        own: Int64 = 0,
        _ heads: [ConversationID: Int64] = [room: 0],
        memberCount: Int64 = 3
    ) -> Opening {
        Opening(
            user: Self.user(user),
            session: makeID(session),
            epoch: "e",
            own: own,
            entries: heads.sorted { $0.key < $1.key }.map { conversation, head in
                Opening.Entry(
                    index: IndexEntry(
                        conversation: conversation,
                        head: head,
                        lastSeq: head,
                        readSeq: 0,
                        unread: head,
                        mentions: 0,
                        unreadFrom: 0
                    ),
                    memberCount: memberCount
                )
            }
        )
    }

    static func message(_ rev: Int64, in conversation: ConversationID = room) -> Message {
        Message(conversation: conversation, seq: rev, rev: rev, sender: ann, nonce: "n\(rev)", body: "text", sentAt: 0)
    }

    static func member(_ user: UserID, rev: Int64, left: Bool = false) -> Member {
        Member(conversation: room, user: user, role: .member, joinedAt: 0, leftAt: left ? 1 : nil, rev: rev)
    }

    static func row(rev: Int64, head: Int64? = nil, id: ConversationID = room) -> Conversation {
        Conversation(
            id: id,
            kind: .group,
            createdAt: 0,
            rev: rev,
            head: head ?? rev,
            lastSeq: 0,
            memberCount: 3
        )
    }

    /// A message is posted.
    static func posted(_ rev: Int64, in conversation: ConversationID = room, memberCount: Int64 = 3) -> LogEvent {
        LogEvent(
            conversation: conversation,
            after: rev - 1,
            rev: rev,
            messages: [message(rev, in: conversation)],
            memberCount: memberCount
        )
    }

    /// Somebody is out.
    static func departed(_ user: UserID, _ rev: Int64, _ reason: LeaveReason = .removed) -> LogEvent {
        LogEvent(
            conversation: room,
            after: rev - 1,
            rev: rev,
            members: [member(user, rev: rev, left: true)],
            departures: [LogEvent.Departure(user: user, reason: reason)],
            memberCount: 2
        )
    }

    static func membership(
        _ rev: Int64,
        in conversation: ConversationID = room,
        unread: Int64 = 0,
        left: Bool = false
    ) -> OwnRow {
        .membership(
            OwnRow.Membership(
                rev: rev,
                conversation: conversation,
                state: OwnState(role: .member, readSeq: 0, unread: unread, mentions: 0),
                left: left
            )
        )
    }

    static func own(_ user: UserID, _ rev: Int64, _ row: OwnRow? = nil) -> OwnEvent {
        OwnEvent(user: user, after: rev - 1, rev: rev, rows: [row ?? membership(rev)])
    }
}

extension Hub {
    /// Opens a connection whose snapshot nothing raced with.
    mutating func connect(_ opening: Opening, now: Int64 = 0) -> Int32 {
        let watch = beginReading()
        return open(opening, watch: watch, now: now).slot
    }

    mutating func hear(_ events: LogEvent..., now: Int64 = 0) -> [HubAction] {
        receive(Commit(events: events), now: now)
    }

    mutating func hearOwn(_ events: OwnEvent..., now: Int64 = 0) -> [HubAction] {
        receive(Commit(own: events), now: now)
    }
}

extension [HubAction] {
    /// Events for a connection, in order.
    func events(for slot: Int32) -> [Event] {
        compactMap { action in
            if case .send(let event, let receivers) = action, receivers.contains(slot) { event } else { nil }
        }
    }

    var timers: [HubTimer] {
        compactMap { action in
            if case .timer(let timer, _) = action { timer } else { nil }
        }
    }

    var fetches: [Int64] {
        compactMap { action in
            if case .fetch(_, let since) = action { since } else { nil }
        }
    }

    var joins: [(user: UserID, conversation: ConversationID, watch: Watch)] {
        compactMap { action in
            if case .loadJoined(let user, let conversation, let watch) = action {
                (user, conversation, watch)
            } else {
                nil
            }
        }
    }
}

extension Event {
    /// `after` and `rev`, for events that have them.
    var interval: [Int64]? {
        switch self {
        case .message(_, let after, let rev, _), .member(_, let after, let rev, _),
            .conversation(_, let after, let rev, _),
            .changes(_, let after, let rev, _, _, _), .skip(_, let after, let rev), .own(let after, let rev, _):
            [after, rev]
        default: nil
        }
    }
}
