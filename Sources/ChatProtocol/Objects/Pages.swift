// Answers that bring many rows at once.

/// Rows that changed above a position (`GET …/changes`, `sync`, entries of `changes` in `hello`).
public struct ChangesPage: Sendable, Equatable {
    /// Which conversation.
    public var conversation: ConversationID
    /// The conversation without `own`, if it changed.
    public var row: Conversation?
    /// Messages that changed, in `rev` order.
    public var messages: [Message]
    /// Members that changed, in `rev` order.
    public var members: [Member]
    /// The position after applying the page.
    public var upTo: Int64
    /// The conversation's counter.
    public var head: Int64
    /// Whether there is more above `upTo`.
    public var more: Bool
    /// The position was unknown here: drop everything and start afresh.
    public var reset: Bool

    /// Creates a page.
    public init(
        conversation: ConversationID,
        row: Conversation? = nil,
        messages: [Message] = [],
        members: [Member] = [],
        upTo: Int64,
        head: Int64,
        more: Bool = false,
        reset: Bool = false
    ) {
        self.conversation = conversation
        self.row = row
        self.messages = messages
        self.members = members
        self.upTo = upTo
        self.head = head
        self.more = more
        self.reset = reset
    }
}

/// Rows of the own log above a position.
public struct OwnPage: Sendable, Equatable {
    /// Rows in `rev` order.
    public var rows: [OwnRow]
    /// The position after applying the page.
    public var upTo: Int64
    /// The own log's counter.
    public var head: Int64
    /// Whether there is more above `upTo`.
    public var more: Bool
    /// The position was unknown here: start afresh.
    public var reset: Bool

    /// Creates a page.
    public init(rows: [OwnRow], upTo: Int64, head: Int64, more: Bool = false, reset: Bool = false) {
        self.rows = rows
        self.upTo = upTo
        self.head = head
        self.more = more
        self.reset = reset
    }
}

/// Messages in `seq` order.
public struct HistoryPage: Sendable, Equatable {
    /// The messages; deleted ones as tombstones.
    public var messages: [Message]
    /// Whether there is more in the direction that was asked for.
    public var more: Bool

    /// Creates a page.
    public init(messages: [Message], more: Bool) {
        self.messages = messages
        self.more = more
    }
}

/// Which messages `history` is asked for. At most one bound.
public enum HistoryBound: Sendable, Equatable {
    /// The newest.
    case newest
    /// Those below a `seq`, exclusive.
    case before(Int64)
    /// Those above a `seq`, exclusive.
    case after(Int64)
    /// Half on each side of a `seq`, the named one included.
    case around(Int64)
    /// From the first with `sentAt` at or after a time.
    case at(Milliseconds)
}

/// A line of `index`: `[conversation, head, lastSeq, readSeq, unread, mentions, unreadFrom or 0]`.
public struct IndexEntry: Sendable, Equatable {
    /// Which conversation.
    public var conversation: ConversationID
    /// Its counter.
    public var head: Int64
    /// Its newest message.
    public var lastSeq: Int64
    /// The reader's marker.
    public var readSeq: Int64
    /// Unread messages.
    public var unread: Int64
    /// Unread mentions.
    public var mentions: Int64
    /// "Marked as unread" from here, or 0.
    public var unreadFrom: Int64

    /// Creates a line.
    public init(
        conversation: ConversationID,
        head: Int64,
        lastSeq: Int64,
        readSeq: Int64,
        unread: Int64,
        mentions: Int64,
        unreadFrom: Int64
    ) {
        self.conversation = conversation
        self.head = head
        self.lastSeq = lastSeq
        self.readSeq = readSeq
        self.unread = unread
        self.mentions = mentions
        self.unreadFrom = unreadFrom
    }
}

/// Items of a list, and where the next page begins.
public struct ListPage<Item: Sendable>: Sendable {
    /// The items.
    public var items: [Item]
    /// The cursor of the next page; absent on the last.
    public var next: String?

    /// Creates a page.
    public init(items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
    }
}

extension ListPage: Equatable where Item: Equatable {}
