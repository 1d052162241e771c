// The parts of a node, in the order in which they are made: folder, store, delivery, rules, faces, services.
import ChatCore
import ChatGateway
import ChatHTTP
import ChatProtocol
import ChatSQLite
import ChatSecurity
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOPosix
import ServiceLifecycle

struct NodeParts: Sendable {
    private let configuration: ServerConfiguration
    private let logger: Logger
    private let folder: DataFolder
    private let registry = PrometheusRegistry()
    private let factory: PrometheusFactory
    private let metrics: NodeMetrics
    private let group: any EventLoopGroup
    private let timers: LoopTimersByLoop
    private let store: SQLiteStore
    private let gateway: Gateway
    private let chat: Chat
    private let accounts: Accounts
    private let connections = ConnectionCount()
    /// How many files this process may open.
    private let files: Int
    private let maximumConnections: Int

    init(_ configuration: ServerConfiguration, logger: Logger) async throws {
        self.configuration = configuration
        self.logger = logger
        let environment = Environment.system()
        factory = PrometheusFactory(registry: registry)
        let metrics = NodeMetrics(factory: factory)
        self.metrics = metrics
        group = MultiThreadedEventLoopGroup.singleton
        timers = LoopTimersByLoop(group: group)

        files = OpenFileLimit.raise()
        maximumConnections = OpenFileLimit.connections(within: files)

        folder = try DataFolder.open(configuration.data)
        store = try SQLiteStore.open(
            path: folder.databasePath,
            environment: environment,
            limits: configuration.limits
        ) { report in
            metrics.batchSize.record(report.weight)
            metrics.commitLatency.recordNanoseconds(report.duration.nanoseconds)
        }
        let stores = Stores(
            messages: store,
            conversations: store,
            memberships: store,
            accounts: store,
            sessions: store,
            epoch: store.epoch
        )

        let origins = OriginPolicy(publicURL: configuration.publicURL, others: configuration.origins)
        let gateway = Gateway(
            configuration: Gateway.Configuration(
                node: configuration.node,
                limits: configuration.limits,
                origins: origins,
                proxies: TrustedProxies(configuration.proxies),
                times: configuration.times,
                maximumConnections: maximumConnections
            ),
            environment: environment,
            metrics: metrics,
            group: group,
            timers: timers,
            logger: logger
        )
        self.gateway = gateway
        let publish: @Sendable (Commit) -> Void = { gateway.publish($0) }
        let rates = RateLimiter()
        chat = Chat(
            stores: stores,
            limits: configuration.limits,
            environment: environment,
            writers: Writers(
                // Batches are numbered from 1 at each start, and the commit log keeps those of the former one: they must
                // not be taken for each other.
                node: "\(configuration.node).\(environment.makeID(SessionID.self))",
                store: store,
                monotonic: environment.monotonic,
                publish: publish,
                // What may have been missed stands in the commit log, which is read every second.
                inspect: { _ in }
            ),
            rates: rates,
            publish: publish
        )
        let secret = store.secret
        accounts = Accounts(
            stores: stores,
            limits: configuration.limits,
            environment: environment,
            hasher: .argon2(),
            mac: { Authenticator.code(key: secret, message: $0) },
            rates: rates,
            signUpPolicy: configuration.signUpPolicy,
            siteWords: ["vibetalk", configuration.node],
            metrics: metrics,
            publish: publish
        )
        gateway.start(chat)
    }

    // MARK: - Services

    /// In the order in which they start; they end in the reverse.
    func services(_ started: @escaping @Sendable (StartEvent) -> Void) -> [any Service] {
        var services: [any Service] = [
            StoreService(store: store, folder: folder, logger: logger),
            GatewayService(gateway: gateway, connections: connections),
            CommitLogReader(store: store, gateway: gateway, logger: logger),
            SessionSweeper(store: store, gateway: gateway, logger: logger),
            HouseKeeper(accounts: accounts, logger: logger),
        ]
        if let port = configuration.adminPort {
            services.append(
                ListeningService(
                    listener: adminApplication(port: port) { started(.adminListening($0)) },
                    address: ListenerAddress(host: configuration.host, port: port)
                )
            )
        }
        services.append(
            ListeningService(
                listener: mainApplication { started(.listening($0)) },
                address: ListenerAddress(host: configuration.host, port: configuration.port)
            )
        )
        return services
    }

    /// Once it listens: before that, what goes wrong is the only line.
    func tellReadiness() {
        logger.info(
            "The node is ready.",
            metadata: .keys([
                .nodeID: "\(configuration.node)", .version: "\(VibeTalkVersion.current)",
                .count: "\(files) files", .limitName: "connections=\(maximumConnections)",
            ])
        )
    }

    private func mainApplication(_ listening: @escaping @Sendable (ListenerAddress) -> Void) -> some Service {
        var listener = ListenerConfiguration(maxConnections: maximumConnections)
        listener.webSocket.maxMessageBytes = Int(configuration.limits.frameBytes)
        listener.webSocket.unfinishedTimeout = .milliseconds(configuration.times.frameMs)
        listener.securityHeaders = SecurityHeaders(isSecure: httpParts.origins.isSecure).fields.map {
            ($0.name.rawName, $0.value)
        }
        return Application(
            responder: HTTPInterface(httpParts),
            server: ListenerChannel.server(
                configuration: listener,
                application: gateway.application,
                timers: timers,
                connections: connections
            ),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: nil,
                backlog: 1_024
            ),
            onServerRunning: { channel in listening(Self.address(of: channel, host: configuration.host)) },
            eventLoopGroupProvider: .shared(group),
            logger: quiet
        )
    }

    private func adminApplication(
        port: Int,
        _ listening: @escaping @Sendable (ListenerAddress) -> Void
    ) -> some Service {
        let registry = self.registry
        return Application(
            responder: HTTPInterface(admin: httpParts, metricsText: { registry.text() }),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: port),
                serverName: nil
            ),
            onServerRunning: { channel in listening(Self.address(of: channel, host: configuration.host)) },
            eventLoopGroupProvider: .shared(group),
            logger: quiet
        )
    }

    private var httpParts: HTTPParts {
        let store = self.store
        let configuration = self.configuration
        let policy = accounts.signUpPolicy
        return HTTPParts(
            chat: chat,
            accounts: accounts,
            origins: OriginPolicy(publicURL: configuration.publicURL, others: configuration.origins),
            proxies: TrustedProxies(configuration.proxies),
            description: {
                ServerInfo(
                    name: "VibeTalk",
                    version: VibeTalkVersion.current,
                    epoch: store.epoch,
                    signUp: ServerInfo.SignUp(rawValue: policy.rawValue) ?? .closed,
                    mail: false,
                    providers: [],
                    features: [],
                    limits: configuration.limits.asDictionary
                )
            },
            isReady: { await isReadable(store) },
            metrics: factory,
            logger: logger
        )
    }

    /// Hummingbird tells of starting and stopping; the node does so itself. What it calls errors are connections that
    /// break, and listeners that are cancelled when another one fails.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = .critical
        return logger
    }

    private static func address(of channel: any Channel, host: String) -> ListenerAddress {
        ListenerAddress(host: host, port: channel.localAddress?.port ?? 0)
    }
}

/// Whether the store answers.
private func isReadable(_ store: SQLiteStore) async -> Bool {
    do {
        _ = try await store.commits(after: 0, limit: 1)
        return true
    } catch {
        return false
    }
}

extension Duration {
    /// Whole nanoseconds.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
