// Closes the store when everything that stands on it has ended, and then lets go of the data folder.
import ChatCore
import ChatSQLite
import Logging
import ServiceLifecycle

struct StoreService: Service {
    let store: SQLiteStore
    /// Held for the lock.
    let folder: DataFolder
    let logger: Logger

    func run() async throws {
        // Services end in the reverse of their order: the store, being the first, is the last.
        try? await gracefulShutdown()
        do {
            try await store.close()
        } catch {
            logger.error("The store did not close cleanly.", metadata: .keys([.errorType: "\(error)"]))
        }
    }
}
