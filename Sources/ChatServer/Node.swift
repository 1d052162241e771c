// A node: its parts, made and connected in one place. Reads like a table of contents.
import ChatCore
import ChatGateway
import ChatHTTP
import ChatProtocol
import ChatSQLite
import ChatSecurity
package import Logging
import Metrics
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// One server process: starts, listens, and stops in order.
package struct Node: Sendable {
    /// Where people reach it.
    package let address: ListenerAddress
    /// Health and metrics, if there is an admin listener.
    package let adminAddress: ListenerAddress?
    private let group: ServiceGroup
    private let task: Task<Void, any Error>

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Parameters:
    ///   - configuration: what the operator chose.
    ///   - logger: takes what operators should know.
    ///   - announce: is told `listening on http://HOST:PORT` when the node is ready.
    /// - Throws: why it could not start, or had to end.
    package static func run(
        _ configuration: ServerConfiguration,
        logger: Logger,
        announce: @escaping @Sendable (String) -> Void
    ) async throws {
        let node = try await start(configuration, logger: logger, signals: [.sigterm, .sigint])
        announce("listening on http://\(node.address)")
        try await node.task.value
    }

    /// Ends a node that was started without signals, in order; returns when all is closed.
    package func stop() async throws {
        await group.triggerGracefulShutdown()
        try await task.value
    }

    /// Starts a node that runs until ``stop()``.
    package static func start(_ configuration: ServerConfiguration, logger: Logger) async throws -> Node {
        try await start(configuration, logger: logger, signals: [])
    }

    private static func start(
        _ configuration: ServerConfiguration,
        logger: Logger,
        signals: [UnixSignal]
    ) async throws -> Node {
        let parts = try await NodeParts(configuration, logger: logger)
        let started = AsyncStream.makeStream(of: StartEvent.self)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: parts.services { started.continuation.yield($0) },
                gracefulShutdownSignals: signals,
                logger: logger
            )
        )
        // Ends when the group does: after a signal, a stop, or a failure.
        let task = Task {
            defer { started.continuation.finish() }
            try await group.run()
        }
        var address: ListenerAddress?
        var adminAddress: ListenerAddress?
        for await event in started.stream {
            switch event {
            case .listening(let main): address = main
            case .adminListening(let admin): adminAddress = admin
            }
            if let address, configuration.adminPort == nil || adminAddress != nil {
                parts.tellReadiness()
                return Node(address: address, adminAddress: adminAddress, group: group, task: task)
            }
        }
        // The group ended before it listened: say why.
        try await task.value
        throw ChatError(.internal, "The node ended before it listened.")
    }
}

/// What happens while a node starts.
enum StartEvent: Sendable {
    case listening(ListenerAddress)
    case adminListening(ListenerAddress)
}

/// A host and a port that somebody listens on.
package struct ListenerAddress: Sendable, CustomStringConvertible {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
