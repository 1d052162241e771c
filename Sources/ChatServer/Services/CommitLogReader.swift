// Reads the commit log and tells the hubs how far each conversation goes: what was committed and not heard of is found
// within a second, whatever became of its announcement.
import ChatCore
import ChatGateway
import Logging
import ServiceLifecycle

struct CommitLogReader: Service {
    let store: any MessageStore
    let gateway: Gateway
    let logger: Logger
    var interval: Duration = .seconds(1)

    private static let pageSize = 1_000

    func run() async throws {
        await cancelWhenGracefulShutdown { await read() }
    }

    private func read() async {
        var cursor: Int64 = 0
        var wasReadable = true
        while !Task.isCancelled {
            do {
                let page = try await store.commits(after: cursor, limit: Self.pageSize)
                if !wasReadable { logger.info("The commit log can be read again.") }
                wasReadable = true
                if page.cursor > cursor {
                    cursor = page.cursor
                    gateway.hear(page)
                    continue
                }
            } catch {
                if wasReadable {
                    logger.warning("The commit log cannot be read.", metadata: .keys([.errorType: "\(error)"]))
                }
                wasReadable = false
            }
            // Ends early when the node shuts down; then the loop ends.
            try? await Task.sleep(for: interval)
        }
    }
}
