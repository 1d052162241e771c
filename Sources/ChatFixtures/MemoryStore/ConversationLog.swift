// One conversation as the reference store keeps it: its rows in plain arrays, and how readers see them. Everything that
// can be derived is derived anew each time: slow, and obviously right.
package import ChatCore
package import ChatProtocol

/// The rows of one conversation.
package struct ConversationLog: Sendable {
    package struct MessageRow: Sendable {
        package var seq: Int64
        package var rev: Int64
        package var sender: UserID
        package var nonce: String
        package var nonceHash: Hash16
        package var sendHash: Hash16
        package var body: String
        package var sentAt: Milliseconds
        package var editedAt: Milliseconds?
        package var isDeleted = false
        package var replyTo: Int64?
        package var thread: Int64?
        package var pinned: Message.Pin?
        package var mentions: [UserID] = []
        package var mentionsAll = false
        /// In order of first use; people in order of use.
        package var reactions: [(emoji: String, users: [UserID])] = []
    }

    package struct MemberRow: Sendable {
        package var user: UserID
        package var role: Role
        package var rev: Int64
        package var joinedAt: Milliseconds
        package var joinedRev: Int64
        package var leftAt: Milliseconds?
        package var leftReason: LeaveReason?
        // The member's own part.
        package var ownRev: Int64 = 0
        package var readSeq: Int64
        package var unreadFrom: Int64?
        package var level = NotificationLevel.all
        package var isMuted = false
        package var isFavourite = false
        package var isArchived = false
        package var draft: OwnState.Draft?

        package var isPresent: Bool { leftAt == nil }
    }

    package let id: ConversationID
    package let kind: ConversationKind
    package let createdAt: Milliseconds
    package var name: String?
    package var topic: String?
    package var isPublic: Bool
    package var isDeleted = false
    /// Of the row's own last change.
    package var rev: Int64 = 0
    package var head: Int64 = 0
    package var lastSentAt: Milliseconds = 0
    /// `messages[seq − 1]`.
    package var messages: [MessageRow] = []
    /// By user; those who left, too.
    package var members: [MemberRow] = []
    /// The replies of each thread, by its root.
    package var threads: [Int64: [Int64]] = [:]
    /// What each sender's nonces became, for ever.
    package var nonces: [Hash16: Int64] = [:]

    package var lastSeq: Int64 { Int64(messages.count) }
    package var memberCount: Int64 { Int64(members.reduce(0) { $0 + ($1.isPresent ? 1 : 0) }) }

    package func memberIndex(_ user: UserID) -> Int? { members.firstIndex { $0.user == user } }

    /// The row of a present member.
    package func member(_ user: UserID) -> MemberRow? {
        members.first { $0.user == user && $0.isPresent }
    }

    package func standing(_ user: UserID) -> Standing {
        Standing(user: user, role: member(user)?.role, kind: kind, isPublic: isPublic)
    }

    // MARK: - As readers see it

    /// The conversation; with a reader also what is derived for them.
    package func view(reader: MemberRow? = nil) -> Conversation {
        var view = Conversation(
            id: id,
            kind: kind,
            name: name,
            topic: topic,
            isPublic: isPublic,
            createdAt: createdAt,
            rev: rev,
            head: head,
            lastSeq: lastSeq,
            memberCount: memberCount
        )
        guard let reader else { return view }
        view.own = own(reader)
        view.lastMessage = messages.last.map { self.view($0) }
        if kind == .direct || kind == .group && memberCount <= Int64(FixedLimits.markerMembers) {
            view.members = members.filter(\.isPresent).map { self.view($0) }
        }
        return view
    }

    package func view(_ row: MemberRow) -> Member {
        let tellsMarker = row.isPresent && memberCount <= Int64(FixedLimits.markerMembers)
        return Member(
            conversation: id,
            user: row.user,
            role: row.role,
            joinedAt: row.joinedAt,
            leftAt: row.leftAt,
            readSeq: tellsMarker ? row.readSeq : nil,
            rev: row.rev
        )
    }

    /// A message; with `mine` where there is a reader.
    package func view(_ row: MessageRow, reader: UserID? = nil) -> Message {
        Message(
            conversation: id,
            seq: row.seq,
            rev: row.rev,
            sender: row.sender,
            nonce: row.nonce,
            body: row.body,
            sentAt: row.sentAt,
            editedAt: row.editedAt,
            isDeleted: row.isDeleted,
            replyTo: row.replyTo,
            thread: row.thread,
            replies: replies(to: row.seq),
            pinned: row.pinned,
            mentions: row.mentions,
            mentionsAll: row.mentionsAll,
            reactions: row.reactions.map {
                Message.Reaction(
                    emoji: $0.emoji,
                    count: Int64($0.users.count),
                    users: Array($0.users.prefix(FixedLimits.reactionUsers))
                )
            },
            mine: reader.map { mine(row, $0) }
        )
    }

    package func mine(_ row: MessageRow, _ user: UserID) -> [String] {
        row.reactions.filter { $0.users.contains(user) }.map(\.emoji)
    }

    /// What was answered in the thread whose root this is; tombstones are left out.
    private func replies(to root: Int64) -> Message.Replies? {
        let replies = (threads[root] ?? []).map { messages[Int($0) - 1] }.filter { !$0.isDeleted }
        guard let last = replies.last else { return nil }
        var users: [UserID] = []
        for reply in replies.reversed() where !users.contains(reply.sender) {
            if users.count < FixedLimits.replyUsers { users.append(reply.sender) }
        }
        return Message.Replies(count: Int64(replies.count), lastSeq: last.seq, users: users)
    }

    // MARK: - Derived numbers

    package func own(_ row: MemberRow) -> OwnState {
        // Reading ended with the membership: nothing is derived for them any more.
        guard row.isPresent else { return OwnState(role: row.role, readSeq: row.readSeq, unread: 0, mentions: 0) }
        return OwnState(
            role: row.role,
            readSeq: row.readSeq,
            unreadFrom: row.unreadFrom,
            unread: unread(row),
            mentions: mentions(row),
            level: row.level,
            isMuted: row.isMuted,
            isFavourite: row.isFavourite,
            isArchived: row.isArchived,
            draft: row.draft
        )
    }

    /// By counting: messages above the marker that are not deleted.
    package func unread(_ row: MemberRow) -> Int64 {
        Int64(messages.dropFirst(Int(row.readSeq)).reduce(0) { $0 + ($1.isDeleted ? 0 : 1) })
    }

    private func mentions(_ row: MemberRow) -> Int64 {
        let naming = messages.dropFirst(Int(row.readSeq)).filter { $0.mentionsAll || $0.mentions.contains(row.user) }
        return Int64(naming.count)
    }

    package func indexEntry(_ row: MemberRow) -> IndexEntry {
        IndexEntry(
            conversation: id,
            head: head,
            lastSeq: lastSeq,
            readSeq: row.readSeq,
            unread: unread(row),
            mentions: mentions(row),
            unreadFrom: row.unreadFrom ?? 0
        )
    }
}
