// Checks the sessions of open connections against the store: a revocation reaches every connection within a minute, even if
// its announcement was lost (trust.md, I8).
import ChatCore
import ChatGateway
import ChatProtocol
import Logging
import ServiceLifecycle

struct SessionSweeper: Service {
    let store: any SessionStore
    let gateway: Gateway
    let logger: Logger
    var interval: Duration = .seconds(50)

    private static let batchSize = 500

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Ends early when the node shuts down; then the loop ends.
                try? await Task.sleep(for: interval)
                if Task.isCancelled { return }
                await sweep()
            }
        }
    }

    func sweep() async {
        var rest = await gateway.openSessions()[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batchSize))
            rest = rest.dropFirst(Self.batchSize)
            do {
                let alive = try await store.alive(batch)
                let ended = batch.filter { !alive.contains($0) }
                if !ended.isEmpty { gateway.publish(Commit(endedSessions: ended)) }
            } catch {
                logger.warning("Sessions could not be checked.", metadata: .keys([.errorType: "\(error)"]))
                return
            }
        }
    }
}
