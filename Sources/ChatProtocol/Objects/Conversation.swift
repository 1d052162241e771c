// A conversation, its members, and what a reader keeps about it.

/// A conversation's row, with what is derived from its log.
public struct Conversation: Sendable, Equatable {
    /// The identifier.
    public var id: ConversationID
    /// Direct, group or channel.
    public var kind: ConversationKind
    /// Absent in direct conversations.
    public var name: String?
    /// What it is about.
    public var topic: String?
    /// Whether anybody may find and join it (channels only).
    public var isPublic: Bool
    /// When it was created.
    public var createdAt: Milliseconds
    /// The counter at this row's own last change.
    public var rev: Int64
    /// The conversation's counter (derived).
    public var head: Int64
    /// The newest message's number (derived).
    public var lastSeq: Int64
    /// How many members there are (derived).
    public var memberCount: Int64
    /// The reader's own part (derived); absent in events for everybody.
    public var own: OwnState?
    /// The newest message (derived).
    public var lastMessage: Message?
    /// In direct conversations and groups of up to 50 (derived).
    public var members: [Member]?

    /// Creates a conversation.
    public init(
        id: ConversationID,
        kind: ConversationKind,
        name: String? = nil,
        topic: String? = nil,
        isPublic: Bool = false,
        createdAt: Milliseconds,
        rev: Int64,
        head: Int64,
        lastSeq: Int64,
        memberCount: Int64,
        own: OwnState? = nil,
        lastMessage: Message? = nil,
        members: [Member]? = nil
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.topic = topic
        self.isPublic = isPublic
        self.createdAt = createdAt
        self.rev = rev
        self.head = head
        self.lastSeq = lastSeq
        self.memberCount = memberCount
        self.own = own
        self.lastMessage = lastMessage
        self.members = members
    }
}

/// What people who are not members see of a public channel.
public struct ChannelSummary: Sendable, Equatable {
    /// The identifier.
    public var id: ConversationID
    /// Always `channel` today.
    public var kind: ConversationKind
    /// The name.
    public var name: String?
    /// What it is about.
    public var topic: String?
    /// Always true.
    public var isPublic: Bool
    /// How many members there are.
    public var memberCount: Int64

    /// Creates a summary.
    public init(
        id: ConversationID,
        kind: ConversationKind,
        name: String?,
        topic: String?,
        isPublic: Bool,
        memberCount: Int64
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.topic = topic
        self.isPublic = isPublic
        self.memberCount = memberCount
    }
}

/// Somebody's membership as the others see it. One row of a conversation's log.
public struct Member: Sendable, Equatable {
    /// Of which conversation.
    public var conversation: ConversationID
    /// Who.
    public var user: UserID
    /// What they may do.
    public var role: Role
    /// When they (last) joined.
    public var joinedAt: Milliseconds
    /// Set when they are a member no more.
    public var leftAt: Milliseconds?
    /// How far they have read, in conversations up to 50 members. Not part of the row's `rev`.
    public var readSeq: Int64?
    /// The conversation's `rev` at this row's last change.
    public var rev: Int64

    /// Creates a member.
    public init(
        conversation: ConversationID,
        user: UserID,
        role: Role,
        joinedAt: Milliseconds,
        leftAt: Milliseconds? = nil,
        readSeq: Int64? = nil,
        rev: Int64
    ) {
        self.conversation = conversation
        self.user = user
        self.role = role
        self.joinedAt = joinedAt
        self.leftAt = leftAt
        self.readSeq = readSeq
        self.rev = rev
    }
}

/// What a conversation is to its reader.
public struct OwnState: Sendable, Equatable {
    /// What the reader may do.
    public var role: Role
    /// The read marker.
    public var readSeq: Int64
    /// Set by "mark as unread"; leaves the marker alone.
    public var unreadFrom: Int64?
    /// `lastSeq − readSeq − tombstones above readSeq`.
    public var unread: Int64
    /// Messages above the marker that name the reader.
    public var mentions: Int64
    /// What the reader wants to be told of.
    public var level: NotificationLevel
    /// Whether it is muted.
    public var isMuted: Bool
    /// Whether it is a favourite.
    public var isFavourite: Bool
    /// Whether it is archived.
    public var isArchived: Bool
    /// What was typed and not sent.
    public var draft: Draft?

    /// Creates an own state.
    public init(
        role: Role,
        readSeq: Int64,
        unreadFrom: Int64? = nil,
        unread: Int64,
        mentions: Int64,
        level: NotificationLevel = .all,
        isMuted: Bool = false,
        isFavourite: Bool = false,
        isArchived: Bool = false,
        draft: Draft? = nil
    ) {
        self.role = role
        self.readSeq = readSeq
        self.unreadFrom = unreadFrom
        self.unread = unread
        self.mentions = mentions
        self.level = level
        self.isMuted = isMuted
        self.isFavourite = isFavourite
        self.isArchived = isArchived
        self.draft = draft
    }

    /// A message in the making, the same on all devices.
    public struct Draft: Sendable, Equatable {
        /// The text so far.
        public var body: String
        /// What it will answer.
        public var replyTo: Int64?
        /// When it was stored.
        public var at: Milliseconds
        /// Creates a draft.
        public init(body: String, replyTo: Int64? = nil, at: Milliseconds) {
            self.body = body
            self.replyTo = replyTo
            self.at = at
        }
    }
}

/// The answer to moving a read marker.
public struct ReadState: Sendable, Equatable {
    /// The marker.
    public var readSeq: Int64
    /// Set while marked as unread.
    public var unreadFrom: Int64?
    /// Unread messages.
    public var unread: Int64
    /// Creates a read state.
    public init(readSeq: Int64, unreadFrom: Int64? = nil, unread: Int64) {
        self.readSeq = readSeq
        self.unreadFrom = unreadFrom
        self.unread = unread
    }
}
