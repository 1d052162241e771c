// A message and what belongs to it. One row of a conversation's log.

/// A message, or the tombstone of one.
public struct Message: Sendable, Equatable {
    /// Where it was posted.
    public var conversation: ConversationID
    /// Its identity, order and place in the conversation: 1, 2, 3 …
    public var seq: Int64
    /// The conversation's `rev` at this row's last change.
    public var rev: Int64
    /// `text`; other kinds may come.
    public var kind: String
    /// Who posted it.
    public var sender: UserID
    /// The sender's name for it.
    public var nonce: String
    /// The text, byte for byte; empty in tombstones.
    public var body: String
    /// Never runs backwards within a conversation.
    public var sentAt: Milliseconds
    /// When it was last edited.
    public var editedAt: Milliseconds?
    /// Whether this is a tombstone.
    public var isDeleted: Bool
    /// The `seq` of the message it answers.
    public var replyTo: Int64?
    /// The `seq` of the root of its thread.
    public var thread: Int64?
    /// Of a thread's root: what was answered in it.
    public var replies: Replies?
    /// Set while it is pinned.
    public var pinned: Pin?
    /// Files posted with it.
    public var attachments: [Attachment]
    /// Members named in the body.
    public var mentions: [UserID]
    /// Whether the body names everybody, by someone who may.
    public var mentionsAll: Bool
    /// In order of first use.
    public var reactions: [Reaction]
    /// The reader's own reactions; `nil` leaves what is known as it was. Not part of the row's state.
    public var mine: [String]?
    /// What to show for a `kind` that one does not know.
    public var fallback: String?

    /// Creates a message.
    public init(
        conversation: ConversationID,
        seq: Int64,
        rev: Int64,
        kind: String = "text",
        sender: UserID,
        nonce: String,
        body: String,
        sentAt: Milliseconds,
        editedAt: Milliseconds? = nil,
        isDeleted: Bool = false,
        replyTo: Int64? = nil,
        thread: Int64? = nil,
        replies: Replies? = nil,
        pinned: Pin? = nil,
        attachments: [Attachment] = [],
        mentions: [UserID] = [],
        mentionsAll: Bool = false,
        reactions: [Reaction] = [],
        mine: [String]? = nil,
        fallback: String? = nil
    ) {
        self.conversation = conversation
        self.seq = seq
        self.rev = rev
        self.kind = kind
        self.sender = sender
        self.nonce = nonce
        self.body = body
        self.sentAt = sentAt
        self.editedAt = editedAt
        self.isDeleted = isDeleted
        self.replyTo = replyTo
        self.thread = thread
        self.replies = replies
        self.pinned = pinned
        self.attachments = attachments
        self.mentions = mentions
        self.mentionsAll = mentionsAll
        self.reactions = reactions
        self.mine = mine
        self.fallback = fallback
    }

    /// What a thread's root says of its replies.
    public struct Replies: Sendable, Equatable {
        /// How many there are, tombstones left out.
        public var count: Int64
        /// The newest reply's `seq`.
        public var lastSeq: Int64
        /// At most three of those who replied, latest first.
        public var users: [UserID]
        /// Creates a summary.
        public init(count: Int64, lastSeq: Int64, users: [UserID]) {
            self.count = count
            self.lastSeq = lastSeq
            self.users = users
        }
    }

    /// Who pinned a message, and when.
    public struct Pin: Sendable, Equatable {
        /// Who pinned it.
        public var by: UserID
        /// When.
        public var at: Milliseconds
        /// Creates a pin.
        public init(by: UserID, at: Milliseconds) {
            self.by = by
            self.at = at
        }
    }

    /// One emoji under a message.
    public struct Reaction: Sendable, Equatable {
        /// The emoji, at most 32 bytes.
        public var emoji: String
        /// How many people used it.
        public var count: Int64
        /// At most the first 50 of them.
        public var users: [UserID]
        /// Creates a reaction.
        public init(emoji: String, count: Int64, users: [UserID]) {
            self.emoji = emoji
            self.count = count
            self.users = users
        }
    }

    /// A file posted with a message.
    public struct Attachment: Sendable, Equatable {
        /// The identifier.
        public var id: AttachmentID
        /// The file's name.
        public var name: String
        /// Bytes.
        public var size: Int64
        /// The media type.
        public var type: String
        /// Pixels, for pictures.
        public var width: Int64?
        /// Pixels, for pictures.
        public var height: Int64?
        /// Where it can be had.
        public var url: String
        /// Creates an attachment.
        public init(
            id: AttachmentID,
            name: String,
            size: Int64,
            type: String,
            width: Int64? = nil,
            height: Int64? = nil,
            url: String
        ) {
            self.id = id
            self.name = name
            self.size = size
            self.type = type
            self.width = width
            self.height = height
            self.url = url
        }
    }
}
