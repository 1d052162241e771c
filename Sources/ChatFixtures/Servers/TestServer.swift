// A whole node in this process, on a free port and in a folder of its own: what tests of the whole server talk to.
package import ChatClient
package import ChatCore
import ChatGateway
package import ChatProtocol
import ChatSQLite
import ChatSecurity
package import ChatServer
import Foundation
import Logging
import Synchronization

/// A running node. Everything it made is gone after ``with(_:_:)``.
package final class TestServer: Sendable {
    package let host = "127.0.0.1"
    private let configuration: ServerConfiguration
    /// `nil` while the node is stopped.
    private let running: Mutex<Node?>
    private let opened = Mutex<[ChatClient]>([])
    private let counter = Mutex(0)

    /// Where the node listens now.
    package var port: Int { configuration.port }
    package var adminPort: Int? { running.withLock { $0?.adminAddress?.port } }
    package var folder: String { configuration.data }

    private init(configuration: ServerConfiguration, node: Node) {
        self.configuration = configuration
        running = Mutex(node)
    }

    /// Runs a body against a node of its own. Limits that keep strangers away are raised: a test is many people at one
    /// address; `change` lowers what the test is about.
    package static func with<Value>(
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (TestServer) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "vibetalk-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // What is left over is the system's to clean.
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.data = folder.path
        configuration.node = "test"
        configuration.limits.messagesPerSecond = 0
        configuration.limits.commandsPerSecond = 0
        configuration.limits.connectionsPerAddress = 0
        configuration.limits.connectionsPerUser = 0
        configuration.limits.handshakesPerSecondPerAddress = 0
        configuration.limits.signInsPerMinutePerAddress = 0
        configuration.limits.accountsPerHourPerAddress = 0
        // Nobody need wait for half a minute, nor for a drain to be spread over seconds.
        configuration.times.drainMs = 50
        change(&configuration)
        // A port of one's own, so that the node is found again after a restart.
        if configuration.port == 0 { configuration.port = try await FreePorts.take() }
        let server = TestServer(
            configuration: configuration,
            node: try await Node.start(configuration, logger: Self.logger)
        )
        do {
            let value = try await body(server)
            try await server.end()
            return value
        } catch {
            try? await server.end()  // The body's error says more.
            throw error
        }
    }

    private static var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .error
        return logger
    }

    private func end() async throws {
        let clients = opened.withLock { clients in
            defer { clients = [] }
            return clients
        }
        for client in clients { await client.close() }
        try await stop()
    }

    /// Stops the node in order; nothing happens if it is stopped.
    package func stop() async throws {
        let node = running.withLock { node in
            defer { node = nil }
            return node
        }
        try await node?.stop()
    }

    /// Starts the node again, on the same folder and port.
    package func start() async throws {
        let node = try await Node.start(configuration, logger: Self.logger)
        running.withLock { $0 = node }
    }

    /// Stops the node in order and starts it again.
    package func restart() async throws {
        try await stop()
        try await start()
    }

    /// Works on the stores themselves, while the node is stopped: for what would take long through the door.
    package func withStores<Value>(_ body: (Stores, Environment) async throws -> Value) async throws -> Value {
        try await stop()
        let environment = Environment.system()
        let store = try SQLiteStore.open(
            path: folder + "/vibetalk.sqlite3",
            environment: environment,
            limits: configuration.limits
        )
        let stores = Stores(
            messages: store,
            conversations: store,
            memberships: store,
            accounts: store,
            sessions: store,
            epoch: store.epoch
        )
        let value = try await body(stores, environment)
        try await store.close()
        try await start()
        return value
    }

    // MARK: - People

    /// Somebody with an account.
    package struct Person: Sendable {
        package var user: User
        package var session: SessionGrant
        package var token: String { session.accessToken ?? "" }
        package var id: UserID { user.id }
    }

    /// The password of everybody.
    package static let password = "correct horse battery staple"

    /// An HTTP client; the caller closes it.
    package func http() -> ChatHTTPClient { ChatHTTPClient(host: host, port: port) }

    /// Makes an account.
    package func signUp(_ handle: String? = nil) async throws -> Person {
        let number = counter.withLock { counter in
            counter += 1
            return counter
        }
        let handle = handle ?? "person\(number)"
        let http = self.http()
        let answer = try await http.signUp(
            SignUpRequest(
                email: "\(handle)@example.org",
                handle: handle,
                name: handle.capitalized,
                password: Self.password
            )
        )
        await http.close()
        return Person(user: answer.user, session: answer.session)
    }

    /// A client of somebody, connected and open; closed with the server. It reconnects without long waits.
    package func connect(
        _ person: Person,
        configuration: ClientConfiguration = ClientConfiguration(),
        observer: (@Sendable (ClientEvent) -> Void)? = nil
    ) async throws -> ChatClient {
        var configuration = configuration
        configuration.backoffMinimumMs = 5
        configuration.backoffMaximumMs = 100
        let client = ChatClient(host: host, port: port, configuration: configuration, observer: observer)
        opened.withLock { $0.append(client) }
        try await client.connect(token: person.token)
        return client
    }

    /// A WebSocket without manners, before `hello`.
    package func rawSocket(headers: [(String, String)] = []) async throws -> RawWebSocket {
        try await RawWebSocket.connect(host: host, port: port, headers: headers)
    }
}
