// The small closed vocabularies of the protocol. Raw values are the words on the wire.

/// What kind of conversation it is; never changes.
public enum ConversationKind: String, Sendable, CaseIterable {
    /// Two people, or one person's notes to oneself.
    case direct
    /// A closed circle: members are added by members.
    case group
    /// A topic with many members; public channels can be joined.
    case channel
}

/// What a member may do; ordered from least to most.
public enum Role: String, Sendable, CaseIterable, Comparable {
    /// Reads, marks as read and reacts.
    case reader
    /// Also posts, adds members to groups and pins.
    case member
    /// Also renames, removes members and deletes others' messages.
    case admin
    /// Also deletes the conversation and makes owners.
    case owner

    private var rank: Int {
        switch self {
        case .reader: 0
        case .member: 1
        case .admin: 2
        case .owner: 3
        }
    }

    /// By what the role may do.
    public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// What a member wants to be told of.
public enum NotificationLevel: String, Sendable, CaseIterable {
    /// Every message.
    case all
    /// Only messages that mention the member.
    case mentions
    /// Nothing.
    case none
}

/// Whether a person can be reached.
public enum PresenceState: String, Sendable, CaseIterable {
    /// Connected and active.
    case online
    /// Connected, but says to be away.
    case away
    /// Connected, does not want to be disturbed.
    case dnd
    /// Not connected.
    case offline
}

/// Why a reader's membership ended.
public enum LeaveReason: String, Sendable, CaseIterable {
    /// The member left.
    case left
    /// Somebody removed the member.
    case removed
    /// Somebody banned the member.
    case banned
    /// The conversation was deleted.
    case deleted
}

/// Milliseconds since the Unix epoch, UTC: every field that ends in `At`.
public typealias Milliseconds = Int64
