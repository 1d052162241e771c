// Lets go of the gateway when the last connection is gone.
import ChatGateway
import ServiceLifecycle

struct GatewayService: Service {
    let gateway: Gateway
    let connections: ConnectionCount

    func run() async throws {
        // Ends when the listener, which comes after it in the order of services, has stopped accepting.
        try? await gracefulShutdown()
        await connections.drained()
        gateway.stop()
    }
}
