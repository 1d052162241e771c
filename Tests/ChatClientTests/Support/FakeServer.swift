// A chat server in memory, as protocol.md describes one: the truth that clients' copies are compared with. It is written
// from the protocol's text and shares no code with the client or the real server.

import ChatProtocol

/// What a server has stored.
struct FakeStore {
    struct Room {
        var row: Conversation
        var head: Int64 = 0
        /// By `seq` − 1, without `mine`.
        var messages: [Message] = []
        var members: [UserID: Member] = [:]
        var first: [String: Send] = [:]
        var owns: [UserID: OwnState] = [:]
        var lastSeq: Int64 { Int64(messages.count) }

        func isMember(_ user: UserID) -> Bool { members[user].map { $0.leftAt == nil } == true }

        func unread(_ user: UserID) -> Int64 {
            guard let own = owns[user] else { return 0 }
            return lastSeq - own.readSeq - Int64(messages.dropFirst(Int(own.readSeq)).filter(\.isDeleted).count)
        }

        func own(_ user: UserID) -> OwnState? {
            guard var own = owns[user] else { return nil }
            own.unread = unread(user)
            return own
        }
    }

    struct OwnLog {
        struct ReactionKey: Hashable {
            var conversation: ConversationID
            var seq: Int64
        }

        var head: Int64 = 0
        var memberships: [ConversationID: OwnRow.Membership] = [:]
        var reactions: [ReactionKey: OwnRow.ReactionRow] = [:]
    }

    var epoch = "epoch-1"
    var clock: Int64 = 1_000
    var rooms: [ConversationID: Room] = [:]
    var owns: [UserID: OwnLog] = [:]

    /// A conversation as the user sees it.
    func conversation(_ id: ConversationID, for user: UserID?) -> Conversation? {
        guard let room = rooms[id] else { return nil }
        var row = room.row
        row.head = room.head
        row.lastSeq = room.lastSeq
        let present = room.members.values.filter { $0.leftAt == nil }.sorted { $0.user < $1.user }
        row.memberCount = Int64(present.count)
        if let user {
            row.own = room.own(user)
            row.members = present
            row.lastMessage = room.messages.last.map { message($0, for: user) }
        }
        return row
    }

    /// A message as a reply tells it.
    func message(_ message: Message, for user: UserID) -> Message {
        var message = message
        guard !message.isDeleted else { return message }
        message.mine = message.reactions.filter { $0.users.contains(user) }.map(\.emoji)
        return message
    }

    func changes(_ id: ConversationID, since: Int64, limit: Int, for user: UserID) -> ChangesPage {
        guard let room = rooms[id] else { return ChangesPage(conversation: id, upTo: 0, head: 0) }
        guard since <= room.head else {
            return ChangesPage(conversation: id, upTo: 0, head: room.head, reset: true)
        }
        enum Row {
            case row
            case message(Message)
            case member(Member)
        }
        var rows: [(rev: Int64, row: Row)] = room.messages.filter { $0.rev > since }.map { ($0.rev, .message($0)) }
        rows += room.members.values.filter { $0.rev > since && (since > 0 || $0.leftAt == nil) }.map {
            ($0.rev, .member($0))
        }
        if room.row.rev > since { rows.append((room.row.rev, .row)) }
        rows.sort { $0.rev < $1.rev }
        var page = ChangesPage(conversation: id, upTo: room.head, head: room.head)
        for (rev, row) in rows.prefix(limit) {
            page.upTo = rev
            switch row {
            case .row: page.row = conversation(id, for: nil)
            case .message(let message): page.messages.append(self.message(message, for: user))
            case .member(let member): page.members.append(member)
            }
        }
        page.more = rows.count > limit
        if !page.more { page.upTo = room.head }
        return page
    }

    func index(for user: UserID) -> [IndexEntry] {
        rooms.filter { $0.value.isMember(user) }.sorted { $0.key < $1.key }.map { id, room in
            let own = room.own(user)
            return IndexEntry(
                conversation: id,
                head: room.head,
                lastSeq: room.lastSeq,
                readSeq: own?.readSeq ?? 0,
                unread: own?.unread ?? 0,
                mentions: own?.mentions ?? 0,
                unreadFrom: own?.unreadFrom ?? 0
            )
        }
    }

    func ownPage(_ user: UserID, since: Int64, limit: Int) -> OwnPage {
        let log = owns[user] ?? OwnLog()
        guard since <= log.head else { return OwnPage(rows: [], upTo: 0, head: log.head, reset: true) }
        var rows: [OwnRow] = log.memberships.values.filter { $0.rev > since }.map { .membership($0) }
        rows += log.reactions.values.filter { $0.rev > since }.map { .reaction($0) }
        rows.sort { $0.rev < $1.rev }
        let page = Array(rows.prefix(limit))
        let more = rows.count > limit
        return OwnPage(rows: page, upTo: more ? page.last?.rev ?? since : log.head, head: log.head, more: more)
    }
}
