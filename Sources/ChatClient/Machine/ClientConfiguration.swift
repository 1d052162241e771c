// How a client behaves: what it keeps, and its bounds.

/// How a client behaves. Times are milliseconds.
public struct ClientConfiguration: Sendable, Equatable {
    /// What a client fetches of a conversation that it does not know yet.
    public enum Bootstrap: Sendable, Equatable {
        /// The row, and the newest messages (0: none, until `history` is asked for).
        case newest(Int64)
        /// Every row, from the first on.
        case everything
    }

    /// What the device calls itself.
    public var device: String?
    /// What the client can do, told in `hello`.
    public var features: [String] = []
    /// Whether rows are kept in replicas. Without, a client knows positions only, and delivers rows as they come.
    public var keepsRows = true
    /// What is fetched of conversations not known yet.
    public var bootstrap: Bootstrap = .newest(50)
    /// How many rows of messages are kept per conversation (with ``Bootstrap/newest(_:)`` only).
    public var messagesPerConversation = 2_000
    /// A conversation that is this many changes behind is fetched anew (with ``Bootstrap/newest(_:)`` only).
    public var maximumLag: Int64 = 10_000
    /// Rows per page of `sync`; `nil` leaves it to the server.
    public var syncLimit: Int64?
    /// Commands in flight, `hello` and `ping` aside. The server works on 32 at most.
    public var commandsInFlight = 16
    /// Of these, commands by which the client keeps itself up to date.
    public var jobsInFlight = 4
    /// Sends in flight per conversation. Above 1, a message refused for a while can be overtaken by later ones.
    public var sendsInFlight = 1
    /// Messages in the outbox, over all conversations.
    public var outboxCapacity = 10_000
    /// Commands of the app that wait.
    public var commandCapacity = 1_000
    /// The shortest wait before reconnecting.
    public var backoffMinimumMs: Int64 = 500
    /// The longest wait before reconnecting.
    public var backoffMaximumMs: Int64 = 30_000
    /// A connection that lived so long starts the backoff anew.
    public var stableMs: Int64 = 10_000
    /// How long opening a socket may take, and how long the answer to `hello`.
    public var connectTimeoutMs: Int64 = 10_000
    /// How long any other answer may take before the connection is taken for broken.
    public var replyTimeoutMs: Int64 = 30_000

    /// The defaults.
    public init() {}
}
