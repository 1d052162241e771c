// A client's copy of one conversation. Rows are merged by the rules of protocol.md, section 3; at rest it equals the
// server's state, in the ranges that the client has loaded.

public import ChatProtocol

/// A client's copy of one conversation.
public struct ConversationReplica: Sendable, Equatable {
    /// Which conversation.
    public let id: ConversationID
    /// Everything up to this `rev` has been applied.
    public internal(set) var position: Int64
    /// The row as it came last; `own`, `members` and `lastMessage` are kept beside it.
    public internal(set) var row: Conversation
    /// The newest message that is known of.
    public internal(set) var lastSeq: Int64
    /// The reader's own state as the server said it last; the marker may be further by the reader's own messages.
    public internal(set) var own: OwnState?
    /// The newest message, if its row has come.
    public internal(set) var lastMessage: Message?

    var rows = MessageRows()
    var ranges: LoadedRanges
    var memberRows: [UserID: Member] = [:]
    var ownRev: Int64 = 0
    /// The head at which the row's member count was true.
    var memberCountAt: Int64 = 0
    /// Rows outside the loaded ranges that came while a read is under way: the read may be older than they are.
    var heardRows: [Int64: Message] = [:]
    /// The reader's reactions that came while a read is under way.
    var heardMine: [Int64: [String]] = [:]
    /// The reader's reactions that came before the rows of their messages.
    var earlyMine: [Int64: [String]] = [:]
    /// Reads under way that bring messages.
    var reads = 0
    /// Whether more rows came while a read is under way than are remembered.
    var isHeardIncomplete = false
    /// Whether the memberships are all there are: the server tells them in small conversations only.
    var hasAllMembers: Bool

    /// Rows remembered while a read is under way.
    static let heardLimit = 1_000
    /// Reactions remembered for messages to come.
    static let earlyLimit = 1_000
    /// Above this many members, the server tells no memberships.
    static let toldMembersLimit = 500

    /// A copy that begins with a row as the server tells it, at its head.
    /// - Parameter everything: whether all messages are going to be loaded; otherwise only those after the row.
    init(_ row: Conversation, everything: Bool) {
        id = row.id
        position = everything ? 0 : row.head
        lastSeq = row.lastSeq
        own = row.own
        lastMessage = row.lastMessage
        ranges = LoadedRanges(tail: everything ? 1 : row.lastSeq + 1)
        memberCountAt = row.head
        hasAllMembers = row.members != nil
        self.row = row
        self.row.own = nil
        self.row.members = nil
        self.row.lastMessage = nil
        for member in row.members ?? [] { memberRows[member.user] = member }
    }

    /// Rows of messages that are held, by `seq`.
    public var messages: [Message] { rows.all }

    /// The row of a message, if it is held.
    public func message(_ seq: Int64) -> Message? { rows[seq] }

    /// Which messages are held and brought up to date, ascending. The last range ends at ``lastSeq``.
    public var loaded: [ClosedRange<Int64>] {
        ranges.tail <= lastSeq ? ranges.closed + [ranges.tail...lastSeq] : ranges.closed
    }

    /// Memberships that are known of and have not ended, by user. In large conversations the server tells none.
    public var members: [Member] {
        memberRows.values.filter { $0.leftAt == nil }.sorted { $0.user < $1.user }
    }

    /// The membership of a user, if it is known of and has not ended.
    public func member(_ user: UserID) -> Member? {
        guard let member = memberRows[user], member.leftAt == nil else { return nil }
        return member
    }

    /// How many members there are: counted where all memberships are known, else as the row said last.
    public var memberCount: Int64 {
        guard hasAllMembers, row.memberCount <= Self.toldMembersLimit else { return row.memberCount }
        return memberRows.values.reduce(0) { $1.leftAt == nil ? $0 + 1 : $0 }
    }

    /// Messages above the marker that are not deleted: counted where all their rows are held, else the server's number.
    public var unread: Int64 {
        guard let own else { return 0 }
        guard ranges.tail <= own.readSeq + 1 else { return own.unread }
        return max(0, lastSeq - own.readSeq - rows.tombstones(above: own.readSeq))
    }

    /// The conversation with its derived fields, as it is now.
    public var conversation: Conversation {
        var conversation = row
        conversation.head = position
        conversation.lastSeq = lastSeq
        conversation.lastMessage = lastMessage
        conversation.memberCount = memberCount
        if var own {
            own.unread = unread
            conversation.own = own
        }
        return conversation
    }
}
