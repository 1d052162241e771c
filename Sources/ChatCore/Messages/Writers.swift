// The writers of a node: each drives an AppendQueue against the store.
package import ChatProtocol
import Synchronization

/// Appends messages. A conversation always goes to the same writer, so that pipelined sends keep their order.
package final class Writers: Sendable {
    package typealias Answer = @Sendable (Result<Appended, ChatError>) -> Void

    private let writers: [Writer]
    private let monotonic: @Sendable () -> Int64

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
        self.monotonic = monotonic
        writers = (0..<max(1, store.writers)).map { number in
            Writer(
                queue: AppendQueue(node: node, writer: number),
                store: store,
                monotonic: monotonic,
                publish: publish,
                inspect: inspect
            )
        }
    }

    /// Appends a message; `answer` is called once, from any thread, in the order of the conversation's log.
    package func append(_ request: AppendRequest, answer: @escaping Answer) {
        let number = Int(truncatingIfNeeded: request.send.conversation.rawValue % UInt64(writers.count))
        writers[number].append(request, answer: answer)
    }

    /// How many appends wait.
    package var depth: Int { writers.reduce(0) { $0 + $1.depth } }
}

/// Drives one queue. The lock is held for a step of the queue only, never across a call.
private final class Writer: Sendable {
    private let queue: Mutex<AppendQueue<Writers.Answer>>
    private let store: any MessageStore
    private let monotonic: @Sendable () -> Int64
    private let publish: @Sendable (Commit) -> Void
    private let inspect: @Sendable ([ConversationID]) -> Void

    init(
        queue: AppendQueue<Writers.Answer>,
        store: any MessageStore,
        monotonic: @escaping @Sendable () -> Int64,
        publish: @escaping @Sendable (Commit) -> Void,
        inspect: @escaping @Sendable ([ConversationID]) -> Void
    ) {
        self.queue = Mutex(queue)
        self.store = store
        self.monotonic = monotonic
        self.publish = publish
        self.inspect = inspect
    }

    var depth: Int { queue.withLock { $0.depth } }

    func append(_ request: AppendRequest, answer: @escaping Writers.Answer) {
        perform(queue.withLock { $0.enqueue(request, token: answer, now: monotonic()) })
    }

    private func perform(_ actions: [AppendQueue<Writers.Answer>.Action]) {
        for action in actions {
            switch action {
            case .append(let batch, let id):
                // Ends with the store's answer; never outlives the store.
                Task {
                    let result = await attempt { () async throws(ChatError) in try await store.append(batch, as: id) }
                    perform(queue.withLock { $0.appended(result, now: monotonic()) })
                }
            case .resolve(let id, let afterMs):
                Task {
                    if afterMs > 0 {
                        // A cancelled sleep only asks earlier.
                        try? await Task.sleep(for: .milliseconds(afterMs))
                    }
                    let result = await attempt { () async throws(ChatError) in try await store.outcome(of: id) }
                    perform(queue.withLock { $0.resolved(result, now: monotonic()) })
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
