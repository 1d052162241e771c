// Ends sessions whose time is over, forgets what is long past, and goes on with erasures that a restart interrupted.
import ChatCore
import Logging
import ServiceLifecycle

struct HouseKeeper: Service {
    let accounts: Accounts
    let logger: Logger
    var interval: Duration = .seconds(3_600)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await accounts.keepHouse()
                } catch {
                    // It is tried again; nothing depends on when.
                    logger.warning("Keeping house failed.", metadata: .keys([.errorType: "\(error)"]))
                }
                // Ends early when the node shuts down; then the loop ends.
                try? await Task.sleep(for: interval)
            }
        }
    }
}
