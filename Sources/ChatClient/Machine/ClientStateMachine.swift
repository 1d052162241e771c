// The client as a value: events in, actions out. No socket, no clock, no randomness of its own, so that a simulator can
// drive it and a seed repeats a run exactly (nothing that goes out depends on the order of a dictionary).
//
// This file holds the state and the way in; the aspects are beside it: +Connection (sockets, heartbeats, closes), +Hello,
// +Events, +Jobs (what keeps the copy complete), +Replies, +Commands (of the app), +Sends (the outbox).

public import ChatProtocol
import DequeModule

/// A client of the chat protocol, without I/O.
///
/// Feed it everything that happens with ``handle(_:now:random:)`` and perform the actions in their order.
public struct ClientStateMachine: Sendable {
    /// Where the socket stands.
    enum Phase: Sendable, Equatable {
        case idle
        case opening(SocketID, deadline: Int64)
        case greeting(SocketID, hello: Int64, deadline: Int64)
        case online(SocketID)
        case waiting(until: Int64)
        case needsToken
        case stopped
    }

    /// A conversation that the client follows, with or without rows.
    struct Tracked: Sendable {
        var cursor: LogCursor
        /// The input at which this began; an answer to something asked before is about a former membership.
        var born: UInt64
        /// The input at which the conversation was last heard of; orders `resume`.
        var touched: UInt64
        /// The socket on which the membership was last confirmed.
        var confirmedBy: SocketID
        /// Whether the row has been fetched (or is not kept); until then there is no position.
        var isKnown: Bool
        /// Whether it comes from the reply to `create` or `join`, before its `joined` event.
        var isProvisional = false
        /// Whether a sync or fetch waits or is in flight.
        var hasJob = false
        /// The highest `rev` heard while the row is being fetched; the largest number if a sync must follow anyway.
        var heardRev: Int64 = 0
    }

    /// How the client behaves.
    public let configuration: ClientConfiguration
    /// Where the connection stands.
    public internal(set) var connection: ConnectionState = .offline
    /// What the server said at the last `hello`.
    public internal(set) var welcome: Welcome?
    /// The epoch of what the client holds.
    public internal(set) var epoch: String?

    // The connection.
    var phase: Phase = .idle
    var token: String?
    var lastSocket: SocketID = 0
    var tokenRefusals = 0
    var attempts = 0
    var onlineSince: Int64 = 0
    var lastHeard: Int64 = 0
    var isPinged = false
    var movingAt: Int64?
    var armed: Int64?

    // What is followed.
    var tracked: [ConversationID: Tracked] = [:]
    var replicas: [ConversationID: ConversationReplica] = [:]
    var own: LogCursor?
    /// The user's memberships as the own log said last, and the input at which it did. They may be ahead of the
    /// conversations' own events.
    var memberships: [ConversationID: (row: OwnRow.Membership, heard: UInt64)] = [:]
    /// Revs of the own log's rows that came while pages of it are under way: the pages may be older.
    var ownRevs: [OwnRow.Key: Int64] = [:]
    var ownReads = 0
    var isIndexComplete = false
    /// Joined and left events heard while commands are in flight: their answers may be older.
    var membershipHeard: [ConversationID: UInt64] = [:]

    // What is asked for.
    var lastCommand: Int64 = 0
    var inFlight: [Int64: InFlight] = [:]
    var sentOrder: Deque<SentCommand> = []
    var jobs = JobQueue()
    var commands: Deque<WaitingCommand> = []
    var commandsInFlight = 0
    var outbox = Outbox()
    var standing = StandingWishes()

    // The input at hand.
    var now: Int64 = 0
    var serial: UInt64 = 0
    var entropy: [UInt64] = []
    var actions: [ClientAction] = []
    var changedConversations: [ConversationID] = []

    /// Creates a client that is offline.
    /// - Parameters:
    ///   - configuration: How it behaves.
    ///   - snapshot: What a former client held; see ``snapshot``.
    public init(configuration: ClientConfiguration = ClientConfiguration(), snapshot: ClientSnapshot? = nil) {
        self.configuration = configuration
        if let snapshot { restore(snapshot) }
    }

    /// Takes an input and answers what is to be done, in order.
    /// - Parameters:
    ///   - input: What has happened.
    ///   - now: Milliseconds of a clock that never runs backwards.
    ///   - random: For jitter and nonces.
    public mutating func handle(
        _ input: ClientInput,
        now: Int64,
        random: inout some RandomNumberGenerator
    ) -> [ClientAction] {
        while entropy.count < 4 { entropy.append(random.next()) }
        self.now = max(self.now, now)
        serial += 1
        take(input)
        pump()
        if inFlight.isEmpty, !membershipHeard.isEmpty { membershipHeard = [:] }
        deliverChangedConversations()
        arm()
        var done: [ClientAction] = []
        swap(&done, &actions)
        return done
    }

    private mutating func take(_ input: ClientInput) {
        switch input {
        case .connect(let token): connect(token: token)
        case .disconnect: disconnect()
        case .token(let token): take(token: token)
        case .opened(let socket): opened(socket)
        case .failed(let socket): closed(socket, code: nil, reason: "")
        case .closed(let socket, let code, let reason): closed(socket, code: code, reason: reason)
        case .heard(let socket): heard(socket)
        case .frame(let socket, let frame): take(frame, on: socket)
        case .malformed(let socket): malformed(socket)
        case .wake: wake()
        case .command(let ticket, let command): take(command, ticket: ticket)
        case .withdraw(let conversation, let nonce): withdraw(conversation: conversation, nonce: nonce)
        }
    }
}

// MARK: What can be seen

extension ClientStateMachine {
    /// The user, once the server has greeted.
    public var user: UserID? { welcome?.user.id }

    /// The conversations that the user is in, as far as known, by id.
    public var conversations: [ConversationID] {
        tracked.filter { $0.value.isKnown }.keys.sorted()
    }

    /// The position in a conversation.
    public func position(of conversation: ConversationID) -> Int64? {
        guard let entry = tracked[conversation], entry.isKnown else { return nil }
        return entry.cursor.position
    }

    /// The position in the user's own log.
    public var ownPosition: Int64? { own?.position }

    /// The copy of a conversation, if rows are kept.
    public func replica(of conversation: ConversationID) -> ConversationReplica? { replicas[conversation] }

    /// Whether the client is online and nothing is missing that it knows of.
    public var isSettled: Bool {
        guard case .online = phase else { return false }
        return isIndexComplete && jobs.isIdle
    }

    /// Messages of a conversation that are not matched with a row yet, in the order in which they were written.
    public func pending(in conversation: ConversationID) -> [PendingMessage] { outbox.pending(in: conversation) }

    /// How many messages wait for an acknowledgement, over all conversations.
    public var outboxCount: Int { outbox.count }
}
