// The numbers of the protocol that are no settings, in one place.

/// Numbers that are part of the protocol itself; compare ``Limits``.
public enum FixedLimits {
    /// The largest integer on the wire: 2^53 − 1.
    public static let largestInteger: Int64 = (1 << 53) - 1

    // MARK: Pages

    /// Items of a page when `limit` is absent.
    public static let pageDefault = 50
    /// Items of a page at most; a larger `limit` is taken as this.
    public static let pageMaximum = 200
    /// Conversations in one frame of the index.
    public static let indexEntries = 2_000
    /// Conversations of `hello`'s `resume`, and of one `conversations`.
    public static let resumeConversations = 200
    /// Bytes of `changes` in the answer to `hello`.
    public static let bulkBytes = 262_144

    // MARK: Frames

    /// Bytes of a server's frame.
    public static let serverFrameBytes = 1_048_576
    /// Fragments of one message of a client.
    public static let fragments = 256
    /// Seconds until a frame that was begun must be finished.
    public static let frameSeconds = 10
    /// Commands of one connection that are in work at once.
    public static let commandsInWork = 32
    /// Refused commands (`rate_limited`) after which a connection is closed with 4202 …
    public static let refusedCommands = 200
    /// … within this many seconds.
    public static let refusedCommandsSeconds = 10
    /// Nesting of JSON arrays and objects.
    public static let jsonDepth = 16
    /// Fields of one JSON object.
    public static let jsonKeys = 4_096
    /// Characters of one JSON number.
    public static let jsonNumberCharacters = 1_024

    // MARK: Messages

    /// Bytes of an emoji.
    public static let emojiBytes = 32
    /// Different emoji under one message.
    public static let reactionsPerMessage = 20
    /// People named by one reaction; `count` goes on.
    public static let reactionUsers = 50
    /// People named by `replies`.
    public static let replyUsers = 3
    /// How long a nonce of a new conversation is known: 24 h.
    public static let createNonceSeconds = 86_400

    // MARK: Members and ephemera

    /// Members up to which everybody sees everybody's read marker, and `members` is in the conversation.
    public static let markerMembers = 50
    /// Members above which no `member` events are sent.
    public static let memberEventMembers = 500
    /// Members above which typing is not told.
    public static let typingMembers = 500
    /// Seconds between two `typing` of one connection and conversation; others are dropped.
    public static let typingIntervalSeconds = 3
    /// Seconds after which somebody who was typing is not any more.
    public static let typingExpirySeconds = 6
    /// People watched by one connection.
    public static let presenceWatch = 100
    /// Seconds between two `own` rows that tell of one conversation's `unread`.
    public static let ownRowIntervalSeconds = 1

    // MARK: Accounts

    /// Characters of a handle, at least.
    public static let handleMinimum = 3
    /// Characters of a handle, at most.
    public static let handleMaximum = 32
    /// Bytes of an e-mail address.
    public static let emailBytes = 254
    /// Characters of a password, at least (after NFC).
    public static let passwordMinimum = 8
    /// Characters of a password, at most (after NFC).
    public static let passwordMaximum = 128
    /// Characters of a user's `status`.
    public static let statusCharacters = 256
    /// Bytes of a user's `avatar` address.
    public static let avatarBytes = 1_024
    /// Bytes of what a device calls itself.
    public static let deviceBytes = 256
    /// Bytes of what a person's clients keep (`settings`).
    public static let settingsBytes = 32_768
    /// Nesting of `settings`: in an `own` row of a reply it must still be within ``jsonDepth``.
    public static let settingsDepth = 8
    /// Combining marks on one letter of a name.
    public static let combiningMarks = 8
    /// Seconds for which the former access token lives on after a refresh.
    public static let formerTokenSeconds = 60
    /// Seconds in which a second use of a refresh token answers the same successor.
    public static let refreshAgainSeconds = 30

    // MARK: HTTP

    /// Seconds until the headers must be complete, and over which a body's speed is measured.
    public static let headerSeconds = 10
    /// Bytes per second of a body, at least.
    public static let bodyBytesPerSecond = 1_024

    /// How many items a `limit` asks for: the default if absent, never above the maximum.
    public static func pageSize(_ limit: Int64?) -> Int {
        guard let limit else { return pageDefault }
        return Int(min(max(limit, 1), Int64(pageMaximum)))
    }
}
