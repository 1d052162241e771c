// A writer's queue: one batch in the store at a time; what arrives meanwhile is the next batch. No timer: under no load
// a message waits for nobody. A value type; whoever drives it performs the actions.
import ChatProtocol
import DequeModule

/// Orders appends of the conversations that hash to one writer, and settles batches whose answer was lost.
package struct AppendQueue<Token: Sendable>: Sendable {
    /// What the driver must do next.
    package enum Action: Sendable {
        /// Call the store and report with ``appended(_:now:)``.
        case append([AppendRequest], BatchID)
        /// Ask the store for the outcome after a delay and report with ``resolved(_:now:)``.
        case resolve(BatchID, afterMs: Int64)
        /// Tell those who deliver; comes before the answers of the same batch.
        case publish(Commit)
        /// Commits of these conversations may have been missed: let the feeds look.
        case inspect([AppendRequest])
        /// Answer a request.
        case answer(Token, Result<Appended, ChatError>)
    }

    private struct Entry: Sendable {
        var request: AppendRequest
        var token: Token
        var deadline: Int64
        /// The commit log has it: whatever happens now, "nothing was stored" would be wrong.
        var isStored = false
    }

    private enum Phase: Sendable {
        case idle
        /// In the store's hands. `single`: row by row after a failure of the whole.
        case appending([Entry], BatchID, single: Bool)
        /// The answer was lost; nothing new starts until it is known what became of the batch.
        case resolving([Entry], BatchID, single: Bool, isAnswered: Bool)
    }

    private let node: String
    private let writer: Int
    private var n: Int64 = 0
    private var phase: Phase = .idle
    private var waiting: Deque<Entry> = []
    /// Rows of a failed batch, each to be tried alone before anything else.
    private var alone: Deque<Entry> = []

    package static var maximumBatch: Int { 256 }
    package static var maximumWaiting: Int { 20_000 }
    /// A request that could not even start within this time is refused.
    package static var patienceMs: Int64 { 4_500 }
    private static var resolveEveryMs: Int64 { 100 }

    package init(node: String, writer: Int) {
        self.node = node
        self.writer = writer
    }

    package var isIdle: Bool {
        if case .idle = phase { return true }
        return false
    }

    package var depth: Int { waiting.count + alone.count }

    /// Takes a request. - Returns: actions, in order.
    package mutating func enqueue(_ request: AppendRequest, token: Token, now: Int64) -> [Action] {
        guard waiting.count < Self.maximumWaiting else {
            return [.answer(token, .failure(.unavailable))]
        }
        waiting.append(Entry(request: request, token: token, deadline: now + Self.patienceMs))
        return isIdle ? startNext(now: now) : []
    }

    /// The store answered the batch.
    package mutating func appended(_ result: Result<AppendOutcome, ChatError>, now: Int64) -> [Action] {
        guard case .appending(let entries, let id, let single) = phase else { return [] }
        phase = .idle
        switch result {
        case .success(let outcome):
            var actions: [Action] = outcome.commit.isEmpty ? [] : [.publish(outcome.commit)]
            for (entry, result) in zip(entries, outcome.results) {
                var result = result
                // Stored before, refused now (the sender may be out by now): a refusal would say that it never was.
                if entry.isStored, case .failure = result { result = .failure(.unknown) }
                actions.append(.answer(entry.token, result))
            }
            // A store that answers fewer results than requests has a defect; nobody must wait for ever.
            for entry in entries.dropFirst(outcome.results.count) {
                actions.append(.answer(entry.token, .failure(.unknown)))
            }
            return actions + startNext(now: now)
        case .failure(let error) where error.code == .unknown:
            phase = .resolving(entries, id, single: single, isAnswered: false)
            return [.resolve(id, afterMs: 0)]
        case .failure(let error) where error.code == .unavailable || single || entries.count == 1:
            return entries.map { .answer($0.token, .failure($0.isStored ? .unknown : error)) } + startNext(now: now)
        case .failure:
            // One bad row must fail alone.
            alone.append(contentsOf: entries)
            return startNext(now: now)
        }
    }

    /// The store knows, or does not know yet, whether the batch was committed.
    package mutating func resolved(_ result: Result<Bool, ChatError>, now: Int64) -> [Action] {
        guard case .resolving(var entries, let id, let single, var isAnswered) = phase else { return [] }
        switch result {
        case .success(let isCommitted):
            phase = .idle
            var actions: [Action] = []
            if isCommitted { actions.append(.inspect(entries.map(\.request))) }
            if !isAnswered {
                // Appending again answers each: nonces that were stored with the message as it is, the others anew.
                if isCommitted {
                    for index in entries.indices { entries[index].isStored = true }
                }
                for entry in entries.reversed() {
                    if single { alone.prepend(entry) } else { waiting.prepend(entry) }
                }
            }
            return actions + startNext(now: now)
        case .failure:
            var actions: [Action] = []
            if !isAnswered, entries.contains(where: { $0.deadline <= now }) {
                isAnswered = true
                actions = entries.map { .answer($0.token, .failure(.unknown)) }
            }
            phase = .resolving(entries, id, single: single, isAnswered: isAnswered)
            return actions + refuseLate(now: now) + [.resolve(id, afterMs: Self.resolveEveryMs)]
        }
    }

    private mutating func startNext(now: Int64) -> [Action] {
        let late = refuseLate(now: now)
        n += 1
        let id = BatchID(node: node, writer: writer, n: n)
        if let entry = alone.popFirst() {
            phase = .appending([entry], id, single: true)
            return late + [.append([entry.request], id)]
        }
        guard !waiting.isEmpty else {
            n -= 1
            return late
        }
        let entries = Array(waiting.prefix(Self.maximumBatch))
        waiting.removeFirst(entries.count)
        phase = .appending(entries, id, single: false)
        return late + [.append(entries.map(\.request), id)]
    }

    /// Requests that waited too long are not in the store: `unavailable` is true of them, but for those that are.
    private mutating func refuseLate(now: Int64) -> [Action] {
        var actions: [Action] = []
        while let first = waiting.first, first.deadline <= now {
            waiting.removeFirst()
            actions.append(.answer(first.token, .failure(first.isStored ? .unknown : .unavailable)))
        }
        return actions
    }
}
