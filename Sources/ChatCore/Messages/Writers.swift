// The writers of a node: each drives an AppendQueue against the store.
package import ChatProtocol
import Synchronization

/// Appends messages. A conversation always goes to the same writer, so that pipelined sends keep their order.
package final class Writers: Sendable {
    package typealias Answer = @Sendable (Result<Appended, ChatError>) -> Void

    private let queues: [Mutex<AppendQueue<Answer>>]
    private let store: any MessageStore
    private let monotonic: @Sendable () -> Int64
    private let publish: @Sendable (Commit) -> Void
    private let inspect: @Sendable ([ConversationID]) -> Void

    /// - Parameters:
    ///   - publish: is told every commit, before the answers of its batch.
    ///   - inspect: is told conversations whose commits may have been missed.
    package init(
        node: String,
        store: any MessageStore,
        monotonic: @escaping @Sendable () -> Int64,
        publish: @escaping @Sendable (Commit) -> Void,
        inspect: @escaping @Sendable ([ConversationID]) -> Void
    ) {
        self.store = store
        self.monotonic = monotonic
        self.publish = publish
        self.inspect = inspect
        var queues: [Mutex<AppendQueue<Answer>>] = []
        for writer in 0..<max(1, store.writers) {
            queues.append(Mutex(AppendQueue(node: node, writer: writer)))
        }
        self.queues = queues
    }

    /// Appends a message; `answer` is called once, from any thread, in the order of the conversation's log.
    package func append(_ request: AppendRequest, answer: @escaping Answer) {
        let writer = Int(truncatingIfNeeded: request.send.conversation.rawValue % UInt64(queues.count))
        let actions = queues[writer].withLock { $0.enqueue(request, token: answer, now: monotonic()) }
        perform(actions, writer: writer)
    }

    /// How many appends wait.
    package var depth: Int {
        queues.reduce(0) { sum, queue in sum + queue.withLock { $0.depth } }
    }

    private func perform(_ actions: [AppendQueue<Answer>.Action], writer: Int) {
        for action in actions {
            switch action {
            case .append(let batch, let id):
                // Ends with the store's answer; never outlives the store.
                Task {
                    let result = await attempt { () async throws(ChatError) in try await store.append(batch, as: id) }
                    let next = queues[writer].withLock { $0.appended(result, now: monotonic()) }
                    perform(next, writer: writer)
                }
            case .resolve(let id, let afterMs):
                Task {
                    if afterMs > 0 {
                        // A cancelled sleep only asks earlier.
                        try? await Task.sleep(for: .milliseconds(afterMs))
                    }
                    let result = await attempt { () async throws(ChatError) in try await store.outcome(of: id) }
                    let next = queues[writer].withLock { $0.resolved(result, now: monotonic()) }
                    perform(next, writer: writer)
                }
            case .publish(let commit):
                publish(commit)
            case .inspect(let requests):
                inspect(Array(Set(requests.map(\.send.conversation))))
            case .answer(let answer, let result):
                answer(result)
            }
        }
    }
}

/// Runs something and keeps its outcome.
package func attempt<Value>(_ body: () async throws(ChatError) -> Value) async -> Result<Value, ChatError> {
    do {
        return .success(try await body())
    } catch {
        return .failure(error)
    }
}
