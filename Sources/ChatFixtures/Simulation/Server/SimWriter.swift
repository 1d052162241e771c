// Drives an AppendQueue against the simulated store, as Writers does against a real one.
import ChatCore
import ChatProtocol

final class SimWriter {
    private unowned let node: SimNode
    private var queue: AppendQueue<Int>
    private var answers: [Int: (Result<Appended, ChatError>) -> Void] = [:]
    private var lastToken = 0

    init(_ node: SimNode, name: String, number: Int) {
        self.node = node
        queue = AppendQueue(node: name, writer: number)
    }

    private var mutant: Mutant? { node.world.mutant }

    func append(_ request: AppendRequest, answer: @escaping (Result<Appended, ChatError>) -> Void) {
        lastToken += 1
        answers[lastToken] = answer
        if mutant == .publishBeforeCommit { announceEarly(request) }
        if mutant == .ackBeforeCommit { answerEarly(request, lastToken) }
        perform(queue.enqueue(request, token: lastToken, now: node.now))
    }

    private func perform(_ actions: [AppendQueue<Int>.Action]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: AppendQueue<Int>.Action) {
        switch action {
        case .append(let batch, let id):
            let batch = mutated(batch, id)
            let mutant = mutant
            node.store.write(from: node) { log, now in
                log.appended(batch, as: id, now: now, mutant)
            } then: { [self] result in
                let outcome = result.map { AppendOutcome(results: $0.value, commit: $0.commit) }
                perform(queue.appended(mutated(outcome), now: node.now))
            }
        case .resolve(let id, let afterMs):
            node.post(after: afterMs) { [self] in resolve(id) }
        case .publish(let commit):
            if mutant != .publishBeforeCommit { node.publish(commit) }
        case .inspect:
            node.inspect()
        case .answer(let token, let result):
            answers.removeValue(forKey: token)?(result)
        }
    }

    private func resolve(_ id: BatchID) {
        node.store.write(from: node) { log, _ in
            .success(Changed(log.outcome(of: id)))
        } then: { [self] result in
            perform(queue.resolved(result.map(\.value), now: node.now))
        }
    }

    // MARK: - Bugs

    private func mutated(_ batch: [AppendRequest], _ id: BatchID) -> [AppendRequest] {
        guard mutant == .noIdempotency else { return batch }
        return batch.map { request in
            var request = request
            let name = "\(request.sender) \(request.send.nonce) \(id.node) \(id.writer) \(id.n)"
            request.nonceHash = SimHash.of(name)
            return request
        }
    }

    private func mutated(_ outcome: Result<AppendOutcome, ChatError>) -> Result<AppendOutcome, ChatError> {
        guard mutant == .falseRefusal, case .success(var outcome) = outcome, node.random.chance(10) else {
            return outcome
        }
        outcome.results = outcome.results.map { _ in .failure(.forbidden) }
        return .success(outcome)
    }

    private func predicted(_ request: AppendRequest) -> Message? {
        guard let log = node.store.log.conversation(request.send.conversation), log.member(request.sender) != nil else {
            return nil
        }
        return Message(
            conversation: log.id,
            seq: log.lastSeq + 1,
            rev: log.head + 1,
            sender: request.sender,
            nonce: request.send.nonce,
            body: request.send.body,
            sentAt: node.store.now
        )
    }

    private func answerEarly(_ request: AppendRequest, _ token: Int) {
        guard let message = predicted(request) else { return }
        answers.removeValue(forKey: token)?(.success(Appended(message: message, isNew: true)))
    }

    private func announceEarly(_ request: AppendRequest) {
        guard let message = predicted(request), let log = node.store.log.conversation(message.conversation) else {
            return
        }
        let event = LogEvent(
            conversation: message.conversation,
            after: log.head,
            rev: message.rev,
            messages: [message],
            memberCount: log.memberCount
        )
        node.publish(Commit(events: [event]))
    }
}

extension MemoryLog {
    /// An append as a transaction of the simulated store, with the bugs that are the store's.
    mutating func appended(
        _ batch: [AppendRequest],
        as id: BatchID,
        now: Milliseconds,
        _ mutant: Mutant?
    ) -> Result<Changed<[Result<Appended, ChatError>]>, ChatError> {
        let markers = mutant == .unreadOwn ? batch.map { marker(of: $0.sender, in: $0.send.conversation) } : []
        if mutant == .sentAtByClock { forgetSentAt(batch.map(\.send.conversation)) }
        do throws(ChatError) {
            let outcome = try append(batch, as: id, now: now)
            for (request, marker) in zip(batch, markers) {
                setMarker(of: request.sender, in: request.send.conversation, to: marker)
            }
            return .success(Changed(outcome.results, outcome.commit))
        } catch {
            return .failure(error)
        }
    }
}
