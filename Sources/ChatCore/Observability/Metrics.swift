// Everything a node counts, in one list. Created once at start; the dimensions are closed sets (a command's name, a
// close code), never a user, a conversation or a path. Label and unit: timers are times, recorders name theirs.
package import ChatProtocol
package import Metrics

/// The metrics of one node.
package struct NodeMetrics: Sendable {
    // MARK: Connections

    /// Open WebSockets now.
    package let connections: Meter
    /// WebSockets whose `hello` was answered.
    package let hellos: Counter
    /// Handshakes refused because of an address, a limit or the machine.
    package let handshakesRefused: Counter
    private let closes: [CloseCode: Counter]
    private let otherCloses: Counter

    // MARK: Commands and deliveries

    private let commands: [String: Counter]
    private let otherCommands: Counter
    private let errors: [ErrorCode: Counter]
    private let otherErrors: Counter
    /// Messages stored (a repeated nonce stores nothing).
    package let sends: Counter
    /// Events written to connections.
    package let deliveries: Counter
    /// Typing, presence and markers that were dropped for a slow or busy connection.
    package let ephemeraDropped: Counter
    /// Times a connection was told `behind`.
    package let behind: Counter

    // MARK: The log

    /// Messages per batch.
    package let batchSize: Recorder
    /// From handing a batch to the store to its durable commit.
    package let commitLatency: Timer
    /// From taking a message off the wire to its acknowledgement.
    package let sendLatency: Timer
    /// Batches that were retried row by row.
    package let batchRetries: Counter
    /// Holes a feed had to wait for or fetch.
    package let feedGaps: Counter
    /// Feeds with local members now.
    package let feeds: Meter

    // MARK: Accounts

    /// Sign-ins that succeeded.
    package let signIns: Counter
    /// Sign-ins with a wrong login or password.
    package let signInsFailed: Counter
    /// Sign-ins, sign-ups and refreshes refused because of a rate or a delay.
    package let signInsLimited: Counter
    /// Accounts created.
    package let signUps: Counter
    /// Password hashes: waiting and computing.
    package let passwordHash: Timer

    /// Names that get a counter of their own; whatever else comes is counted as `other`.
    package static let commandNames = [
        "hello", "index", "conversations", "sync", "history", "send", "edit", "delete", "react", "unreact", "pin",
        "unpin", "read", "open", "typing", "presence", "state", "create", "join", "leave", "member", "remove", "ping",
    ]

    package init(factory: any MetricsFactory = MetricsSystem.factory) {
        func counter(_ label: String, _ dimensions: [(String, String)] = []) -> Counter {
            Counter(label: "vibetalk." + label, dimensions: dimensions, factory: factory)
        }
        func meter(_ label: String) -> Meter { Meter(label: "vibetalk." + label, factory: factory) }
        func timer(_ label: String) -> Timer { Timer(label: "vibetalk." + label, factory: factory) }

        connections = meter("connections.open")
        hellos = counter("hellos")
        handshakesRefused = counter("handshakes.refused")
        closes = Self.each(CloseCode.allKnown) { counter("closes", [("code", String($0.rawValue))]) }
        otherCloses = counter("closes", [("code", "other")])

        commands = Self.each(Self.commandNames) { counter("commands", [("command", $0)]) }
        otherCommands = counter("commands", [("command", "other")])
        errors = Self.each(ErrorCode.allKnown) { counter("errors", [("code", $0.rawValue)]) }
        otherErrors = counter("errors", [("code", "other")])
        sends = counter("sends")
        deliveries = counter("deliveries")
        ephemeraDropped = counter("ephemera.dropped")
        behind = counter("behind")

        batchSize = Recorder(label: "vibetalk.batch.messages", factory: factory)
        commitLatency = timer("commit.duration")
        sendLatency = timer("send.duration")
        batchRetries = counter("batch.retries")
        feedGaps = counter("feed.gaps")
        feeds = meter("feeds")

        signIns = counter("sign_ins")
        signInsFailed = counter("sign_ins.failed")
        signInsLimited = counter("sign_ins.limited")
        signUps = counter("sign_ups")
        passwordHash = timer("password.hash.duration")
    }

    /// The counter of commands of a name on the wire.
    package func commands(_ name: String) -> Counter { commands[name] ?? otherCommands }

    /// The counter of connections closed with a code.
    package func closes(_ code: CloseCode) -> Counter { closes[code] ?? otherCloses }

    /// The counter of commands and calls answered with an error.
    package func errors(_ code: ErrorCode) -> Counter { errors[code] ?? otherErrors }

    private static func each<Key: Hashable>(_ keys: [Key], _ make: (Key) -> Counter) -> [Key: Counter] {
        Dictionary(keys.map { ($0, make($0)) }, uniquingKeysWith: { first, _ in first })
    }
}
