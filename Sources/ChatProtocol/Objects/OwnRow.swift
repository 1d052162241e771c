// Rows of a user's private log `own`: key and whole state, the higher `rev` wins.

/// One row of the log of what is the user's own.
public enum OwnRow: Sendable, Equatable {
    /// The user's part in a conversation.
    case membership(Membership)
    /// The profile and what the user's clients keep.
    case settings(Settings)
    /// A signed-in device.
    case session(SessionRow)
    /// The user's own reactions to a message.
    case reaction(ReactionRow)

    /// The own log's counter at this row's last change.
    public var rev: Int64 {
        switch self {
        case .membership(let row): row.rev
        case .settings(let row): row.rev
        case .session(let row): row.rev
        case .reaction(let row): row.rev
        }
    }

    /// The user's part in a conversation.
    public struct Membership: Sendable, Equatable {
        /// The own log's counter at this row's last change.
        public var rev: Int64
        /// Which conversation.
        public var conversation: ConversationID
        /// The whole state.
        public var state: OwnState
        /// Whether the membership has ended.
        public var left: Bool
        /// Creates a row.
        public init(rev: Int64, conversation: ConversationID, state: OwnState, left: Bool = false) {
            self.rev = rev
            self.conversation = conversation
            self.state = state
            self.left = left
        }
    }

    /// The profile and what the user's clients keep.
    public struct Settings: Sendable, Equatable {
        /// The own log's counter at this row's last change.
        public var rev: Int64
        /// The profile as others see it.
        public var user: User
        /// What the person's clients keep: any JSON object.
        public var values: JSON
        /// Creates a row.
        public init(rev: Int64, user: User, values: JSON) {
            self.rev = rev
            self.user = user
            self.values = values
        }
    }

    /// A signed-in device.
    public struct SessionRow: Sendable, Equatable {
        /// The own log's counter at this row's last change.
        public var rev: Int64
        /// The session.
        public var id: SessionID
        /// What the device calls itself.
        public var device: String?
        /// When it signed in.
        public var createdAt: Milliseconds
        /// Whether it is over.
        public var ended: Bool
        /// Creates a row.
        public init(rev: Int64, id: SessionID, device: String?, createdAt: Milliseconds, ended: Bool = false) {
            self.rev = rev
            self.id = id
            self.device = device
            self.createdAt = createdAt
            self.ended = ended
        }
    }

    /// The user's own reactions to a message.
    public struct ReactionRow: Sendable, Equatable {
        /// The own log's counter at this row's last change.
        public var rev: Int64
        /// Where.
        public var conversation: ConversationID
        /// Which message.
        public var seq: Int64
        /// The emoji in use.
        public var mine: [String]
        /// Creates a row.
        public init(rev: Int64, conversation: ConversationID, seq: Int64, mine: [String]) {
            self.rev = rev
            self.conversation = conversation
            self.seq = seq
            self.mine = mine
        }
    }
}
