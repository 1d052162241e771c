// What a client says over the WebSocket: `{"id": …, "do": "<command>", …}`.

/// A numbered command.
public struct CommandFrame: Sendable, Equatable {
    /// Chosen by the client, 1 … 2^53 − 1; the reply names it.
    public var id: Int64
    /// What is asked for.
    public var command: Command
    /// Creates a frame.
    public init(id: Int64, command: Command) {
        self.id = id
        self.command = command
    }
}

/// Everything a client can ask for over the WebSocket.
public enum Command: Sendable, Equatable {
    /// Authenticates and opens the connection; must come first.
    case hello(Hello)
    /// The next page of the index, above a conversation.
    case index(after: ConversationID)
    /// Whole conversations, at most 200.
    case conversations(ids: [ConversationID])
    /// Rows above a position.
    case sync(conversation: ConversationID, since: Int64, limit: Int64?)
    /// Rows of the own log above a position.
    case syncOwn(since: Int64, limit: Int64?)
    /// A range of messages.
    case history(conversation: ConversationID, bound: HistoryBound, limit: Int64?)
    /// Posts a message.
    case send(Send)
    /// Replaces a message's body.
    case edit(conversation: ConversationID, seq: Int64, body: String, ifRev: Int64?)
    /// Turns a message into a tombstone.
    case delete(conversation: ConversationID, seq: Int64)
    /// Adds one's reaction.
    case react(conversation: ConversationID, seq: Int64, emoji: String)
    /// Takes one's reaction back.
    case unreact(conversation: ConversationID, seq: Int64, emoji: String)
    /// Pins a message.
    case pin(conversation: ConversationID, seq: Int64)
    /// Unpins a message.
    case unpin(conversation: ConversationID, seq: Int64)
    /// Moves the read marker, or marks as unread.
    case read(conversation: ConversationID, mark: ReadMark)
    /// Says which conversation is on the screen.
    case open(conversation: ConversationID?)
    /// Says that one is typing.
    case typing(conversation: ConversationID)
    /// Watches people and sets one's own state; both optional.
    case presence(watch: [UserID]?, set: PresenceState?)
    /// Whether the page is in the foreground.
    case state(active: Bool)
    /// Creates a conversation.
    case create(NewConversation)
    /// Joins a public channel.
    case join(conversation: ConversationID)
    /// Leaves.
    case leave(conversation: ConversationID)
    /// Adds a member or changes a role.
    case member(conversation: ConversationID, user: UserID, role: Role?)
    /// Removes a member.
    case remove(conversation: ConversationID, user: UserID)
    /// Asks for the server's time.
    case ping
}

/// The first command of a connection.
public struct Hello: Sendable, Equatable {
    /// The access token; absent: the session cookie of the upgrade request.
    public var token: String?
    /// What the device calls itself.
    public var device: String?
    /// What the client can do.
    public var features: [String]
    /// The epoch of what the client holds.
    public var epoch: String?
    /// The client's position in the own log.
    public var own: Int64?
    /// The client's positions, at most 200, those shown first, in the client's order.
    public var resume: [Position]

    /// Creates a hello.
    public init(
        token: String?,
        device: String? = nil,
        features: [String] = [],
        epoch: String? = nil,
        own: Int64? = nil,
        resume: [Position] = []
    ) {
        self.token = token
        self.device = device
        self.features = features
        self.epoch = epoch
        self.own = own
        self.resume = resume
    }

    /// How far a client has come in a conversation.
    public struct Position: Sendable, Equatable {
        /// Which conversation.
        public var conversation: ConversationID
        /// The `rev` applied last.
        public var rev: Int64
        /// Creates a position.
        public init(conversation: ConversationID, rev: Int64) {
            self.conversation = conversation
            self.rev = rev
        }
    }
}

/// A message to post.
public struct Send: Sendable, Equatable {
    /// Where.
    public var conversation: ConversationID
    /// The client's name for it, unique per sender and conversation.
    public var nonce: String
    /// The text.
    public var body: String
    /// What it answers.
    public var replyTo: Int64?
    /// The root of its thread.
    public var thread: Int64?
    /// Files, uploaded before.
    public var attachments: [AttachmentID]

    /// Creates a message to post.
    public init(
        conversation: ConversationID,
        nonce: String,
        body: String,
        replyTo: Int64? = nil,
        thread: Int64? = nil,
        attachments: [AttachmentID] = []
    ) {
        self.conversation = conversation
        self.nonce = nonce
        self.body = body
        self.replyTo = replyTo
        self.thread = thread
        self.attachments = attachments
    }
}

/// What `read` does.
public enum ReadMark: Sendable, Equatable {
    /// Moves the marker forward to a `seq` and clears "marked as unread".
    case upTo(Int64)
    /// Marks as unread from a `seq`; `nil` clears it.
    case unreadFrom(Int64?)
}

/// A conversation to create.
public struct NewConversation: Sendable, Equatable {
    /// Direct, group or channel.
    public var kind: ConversationKind
    /// Required for channels; absent in direct conversations.
    public var name: String?
    /// What it is about.
    public var topic: String?
    /// Whether anybody may find and join it (channels only).
    public var isPublic: Bool?
    /// Whom to add besides oneself.
    public var members: [UserID]
    /// A repeated nonce (24 h) gives the first answer.
    public var nonce: String?

    /// Creates a description.
    public init(
        kind: ConversationKind,
        name: String? = nil,
        topic: String? = nil,
        isPublic: Bool? = nil,
        members: [UserID] = [],
        nonce: String? = nil
    ) {
        self.kind = kind
        self.name = name
        self.topic = topic
        self.isPublic = isPublic
        self.members = members
        self.nonce = nonce
    }
}
