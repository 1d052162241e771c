// A listener that says which address it could not get: the error of the operating system does not.
import ServiceLifecycle

/// Runs a listener, and names its address where it fails.
struct ListeningService<Listener: Service>: Service {
    let listener: Listener
    let address: ListenerAddress

    func run() async throws {
        do {
            try await listener.run()
        } catch {
            throw StartFailure(listeningOn: address, error)
        }
    }
}
