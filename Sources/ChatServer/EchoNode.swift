// `vibetalk echo` without its options: the echo server until a signal comes.
import ChatGateway
import Logging
import ServiceLifecycle
import UnixSignals

package enum EchoNode {
    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - port: 0 takes a free one.
    ///   - maxFrameBytes: the largest frame and message.
    ///   - announce: is told `listening on http://HOST:PORT` when it is ready.
    /// - Throws: ``StartFailure`` where it cannot listen.
    package static func run(
        host: String,
        port: Int,
        maxFrameBytes: Int,
        announce: @escaping @Sendable (String) -> Void
    ) async throws {
        let service = EchoService(
            address: ListenerAddress(host: host, port: port),
            maxFrameBytes: maxFrameBytes,
            announce: announce
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [service],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: LineLogHandler.logger(level: .warning)
            )
        )
        try await group.run()
    }
}

private struct EchoService: Service {
    var address: ListenerAddress
    let maxFrameBytes: Int
    let announce: @Sendable (String) -> Void

    func run() async throws {
        let server: EchoServer
        do {
            server = try await EchoServer.start(
                host: address.host,
                port: address.port,
                maxFrameBytes: maxFrameBytes
            )
        } catch {
            throw StartFailure(listeningOn: address, error)
        }
        announce("listening on http://\(ListenerAddress(host: address.host, port: server.port))")
        // A cancelled wait ends the server as a signal does.
        try? await gracefulShutdown()
        try await server.shutdown()
    }
}
