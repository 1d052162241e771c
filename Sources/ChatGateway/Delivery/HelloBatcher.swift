// Reads for `hello`: one batch in the store at a time; what arrives meanwhile is the next batch. A reconnect storm costs
// a few large reads instead of many small ones.
import ChatCore
import Synchronization

final class HelloBatcher: Sendable {
    typealias Answer = @Sendable (Result<Opening, ChatError>) -> Void

    private struct State: Sendable {
        var waiting: [(request: OpenRequest, answer: Answer)] = []
        var isReading = false
    }

    private static var maximumBatch: Int { 128 }
    private static var maximumWaiting: Int { 20_000 }

    private let state = Mutex(State())
    private let store: any MembershipStore

    init(store: any MembershipStore) {
        self.store = store
    }

    /// Reads who it is and where everything stands; `answer` is called once, from any thread.
    func open(_ request: OpenRequest, answer: @escaping Answer) {
        let isFull = state.withLock { state in
            guard state.waiting.count < Self.maximumWaiting else { return true }
            state.waiting.append((request, answer))
            return false
        }
        if isFull { answer(.failure(.unavailable)) } else { readNext() }
    }

    private func readNext() {
        let batch = state.withLock { state -> [(request: OpenRequest, answer: Answer)] in
            guard !state.isReading, !state.waiting.isEmpty else { return [] }
            state.isReading = true
            let batch = Array(state.waiting.prefix(Self.maximumBatch))
            state.waiting.removeFirst(batch.count)
            return batch
        }
        guard !batch.isEmpty else { return }
        // Ends with the store's answer.
        Task {
            let results = await attempt { () async throws(ChatError) in
                try await store.open(batch.map(\.request))
            }
            for (index, entry) in batch.enumerated() {
                switch results {
                case .success(let results) where index < results.count: entry.answer(results[index])
                case .success: entry.answer(.failure(.unavailable))
                case .failure(let error): entry.answer(.failure(error))
                }
            }
            state.withLock { $0.isReading = false }
            readNext()
        }
    }
}
