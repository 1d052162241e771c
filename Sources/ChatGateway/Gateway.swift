// The WebSocket face of a node: one hub per event loop, and what they share.
package import ChatCore
package import ChatProtocol
package import Logging
import Metrics
package import NIOCore
import Synchronization

/// Accepts WebSockets, speaks the protocol on them, and delivers what was committed.
package final class Gateway: Sendable {
    /// What a node tells of itself and how it behaves.
    package struct Configuration: Sendable {
        package var node: String
        package var features: [String]
        package var limits: Limits
        package var origins: OriginPolicy
        package var proxies: TrustedProxies
        package var times: Times
        /// WebSockets this process can hold; beyond it handshakes are refused.
        package var maximumConnections: Int

        package init(
            node: String,
            features: [String] = [],
            limits: Limits,
            origins: OriginPolicy,
            proxies: TrustedProxies,
            times: Times = Times(),
            maximumConnections: Int
        ) {
            self.node = node
            self.features = features
            self.limits = limits
            self.origins = origins
            self.proxies = proxies
            self.times = times
            self.maximumConnections = maximumConnections
        }
    }

    /// How long things may take: no settings of an operator, but a test need not wait for half a minute.
    package struct Times: Sendable {
        package var heartbeatMs: Int64 = 25_000
        /// How long a ping may stay unanswered.
        package var pongMs: Int64 = 10_000
        /// How long a connection that reads nothing is kept.
        package var stalledMs: Int64 = 30_000
        /// Over how long a drain is spread.
        package var drainMs: Int64 = 2_000
        /// How long a frame may stay unfinished.
        package var frameMs = Int64(FixedLimits.frameSeconds) * 1_000

        package init() {}
    }

    private let configuration: Configuration
    private let environment: Environment
    private let metrics: NodeMetrics
    private let logger: Logger
    private let mailboxes: [LoopMailbox]
    private let byLoop: [ObjectIdentifier: LoopMailbox]
    private let timers: LoopTimersByLoop
    private let registry = ConnectionRegistry()
    private let handshakes = RateLimiter()

    /// - Parameter timers: shared with the socket layer, one wheel per loop.
    package init(
        configuration: Configuration,
        environment: Environment,
        metrics: NodeMetrics,
        group: any EventLoopGroup,
        timers: LoopTimersByLoop,
        logger: Logger
    ) {
        self.configuration = configuration
        self.environment = environment
        self.metrics = metrics
        self.timers = timers
        self.logger = logger
        mailboxes = group.makeIterator().map { LoopMailbox(eventLoop: $0) }
        byLoop = Dictionary(uniqueKeysWithValues: mailboxes.map { (ObjectIdentifier($0.eventLoop), $0) })
    }

    /// Begins to work with the rules of chat, which publish to this gateway and so come into being after it. Once, before
    /// the first connection and the first commit.
    package func start(_ chat: Chat) {
        let first = mailboxes[0].eventLoop
        let told = TellPresence(mailboxes: mailboxes)
        let presence = PresenceBoard { _ = first.scheduleTask(in: .seconds(1)) { told.tell() } }
        told.bind(presence)
        let node = LoopHub.Node(
            configuration: configuration,
            environment: environment,
            metrics: metrics,
            logger: logger,
            registry: registry,
            chat: chat,
            hellos: HelloBatcher(store: chat.stores.memberships),
            presence: presence,
            mailboxes: mailboxes
        )
        for (number, mailbox) in mailboxes.enumerated() {
            let timers = self.timers
            mailbox.eventLoop.execute {
                mailbox.hub = LoopHub(
                    number: number,
                    eventLoop: mailbox.eventLoop,
                    timers: timers.timers(of: mailbox.eventLoop),
                    node: node
                )
            }
        }
    }

    /// Lets go of everything, when all connections are closed.
    package func stop() {
        for mailbox in mailboxes {
            mailbox.eventLoop.execute { mailbox.hub = nil }
        }
    }

    /// Tells every loop what was committed. From any thread.
    package func publish(_ commit: Commit) {
        for mailbox in mailboxes { mailbox.post { $0.receive(commit) } }
    }

    /// Tells every loop how far logs go. From any thread.
    package func hear(_ page: CommitLogPage) {
        for mailbox in mailboxes { mailbox.post { $0.hear(page) } }
    }

    /// Open WebSockets, those before `hello` too.
    package var connectionCount: Int { registry.openCount }

    /// The sessions of all open connections.
    package func openSessions() async -> [SessionID] {
        var sessions: Set<SessionID> = []
        for mailbox in mailboxes {
            let found = await withCheckedContinuation { (continuation: CheckedContinuation<[SessionID], Never>) in
                mailbox.post { continuation.resume(returning: $0.hub.sessions) }
            }
            sessions.formUnion(found)
        }
        return sessions.sorted()
    }

    /// How many conversations have local listeners, over all loops.
    package func feedCount() async -> Int {
        var count = 0
        for mailbox in mailboxes {
            count += await withCheckedContinuation { (continuation: CheckedContinuation<Int, Never>) in
                mailbox.post { continuation.resume(returning: $0.hub.feedCount) }
            }
        }
        return count
    }

    /// The part of the listener: who may come in, and what they find.
    package var application: WebSocketApplication {
        WebSocketApplication(
            admit: { [self] handshake, channel in admit(handshake, channel) },
            install: { [self] channel, socket, handshake in
                guard let loop = byLoop[ObjectIdentifier(channel.eventLoop)]?.hub else {
                    throw ChatError(.unavailable, "The node is not ready.")
                }
                let handler = SessionHandler(loop: loop, socket: socket, channel: channel, handshake: handshake)
                try channel.pipeline.syncOperations.addHandler(handler)
                handler.begin()
            }
        )
    }

    private func admit(_ handshake: Handshake, _ channel: any Channel) -> WebSocketAdmission {
        let address = configuration.proxies.clientAddress(
            peer: handshake.remoteAddress?.ipAddress,
            forwardedFor: handshake.forwardedFor
        )
        let limits = configuration.limits
        guard registry.openCount < configuration.maximumConnections else {
            metrics.handshakesRefused.increment()
            return .refuse(
                HTTPRefusal(
                    status: 503,
                    code: ErrorCode.unavailable.rawValue,
                    detail: "The node is full; try again in a moment.",
                    retryAfterMs: 5_000
                )
            )
        }
        if let retryAfterMs = handshakes.take(
            .handshakes(address),
            perSecond: limits.handshakesPerSecondPerAddress,
            burst: limits.handshakeBurst,
            now: environment.monotonic()
        ) {
            return refuse("Too many connections at once from this address; wait a moment.", retryAfterMs)
        }
        guard registry.enter(address, limit: limits.connectionsPerAddress) else {
            return refuse("Too many connections from this address; close some.", 1_000)
        }
        channel.closeFuture.whenComplete { [registry] _ in registry.exit(address) }
        return .accept
    }

    private func refuse(_ detail: String, _ retryAfterMs: Int64) -> WebSocketAdmission {
        metrics.handshakesRefused.increment()
        return .refuse(
            HTTPRefusal(
                status: 429,
                code: ErrorCode.rateLimited.rawValue,
                detail: detail,
                retryAfterMs: Int(retryAfterMs)
            )
        )
    }
}

/// Takes the news of presence to the loops of those who watch.
private final class TellPresence: Sendable {
    private let mailboxes: [LoopMailbox]
    private let board = Mutex<PresenceBoard?>(nil)

    init(mailboxes: [LoopMailbox]) {
        self.mailboxes = mailboxes
    }

    func bind(_ presence: PresenceBoard) { board.withLock { $0 = presence } }

    func tell() {
        let board = board.withLock { $0 }
        for (key, users) in board?.tick() ?? [:] {
            mailboxes[key.loop].post { $0.tell(users, to: key) }
        }
    }
}
