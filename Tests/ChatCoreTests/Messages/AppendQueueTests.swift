// The writer's queue: batches, order, what happens to lost answers, and that nobody is told what is not true.
import ChatCore
import ChatProtocol
import Testing

@Suite struct AppendQueueTests {
    private var queue = AppendQueue<Int>(node: "a", writer: 2)

    // MARK: - Batching and order

    @Test mutating func aloneAMessageWaitsForNobody() throws {
        let actions = queue.enqueue(request(1), token: 1, now: 0)
        let (batch, id) = try #require(actions.onlyAppend)
        #expect(batch.map(\.send.nonce) == ["1"])
        #expect(id == BatchID(node: "a", writer: 2, n: 1))
        #expect(!queue.isIdle)
    }

    @Test mutating func whatComesMeanwhileIsTheNextBatchInOrder() throws {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        for number in 2...5 { #expect(queue.enqueue(request(number), token: number, now: 0).isEmpty) }
        #expect(queue.depth == 4)

        let actions = queue.appended(.success(outcome(1)), now: 1)
        #expect(actions.answers.map(\.token) == [1])
        let (batch, id) = try #require(actions.onlyAppend)
        #expect(batch.map(\.send.nonce) == ["2", "3", "4", "5"])
        #expect(id.n == 2)
        #expect(queue.depth == 0)

        let last = queue.appended(.success(outcome(2, 3, 4, 5)), now: 2)
        #expect(last.answers.map(\.token) == [2, 3, 4, 5])
        #expect(last.answers.compactMap { try? $0.result.get().message.seq } == [2, 3, 4, 5])
        #expect(queue.isIdle)
    }

    @Test mutating func aBatchIsBounded() throws {
        _ = queue.enqueue(request(0), token: 0, now: 0)
        for number in 1...300 { _ = queue.enqueue(request(number), token: number, now: 0) }
        let (batch, _) = try #require(queue.appended(.success(outcome(1)), now: 1).onlyAppend)
        #expect(batch.count == AppendQueue<Int>.maximumBatch)
        #expect(queue.depth == 300 - AppendQueue<Int>.maximumBatch)
    }

    @Test mutating func theQueueIsBounded() {
        _ = queue.enqueue(request(0), token: 0, now: 0)
        for number in 1...AppendQueue<Int>.maximumWaiting { _ = queue.enqueue(request(number), token: number, now: 0) }
        let refused = queue.enqueue(request(99_999), token: 99_999, now: 0)
        #expect(refused.answers.map(\.token) == [99_999])
        #expect(refused.answers.first?.code == .unavailable)
    }

    @Test mutating func whatWasCommittedIsToldBeforeTheAnswers() {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        var outcome = outcome(1)
        outcome.commit.events = [LogEvent(conversation: room, after: 0, rev: 1, memberCount: 1)]
        let actions = queue.appended(.success(outcome), now: 1)
        guard case .publish(outcome.commit)? = actions.first else {
            Issue.record("the first action must publish")
            return
        }
        #expect(actions.answers.count == 1)
    }

    @Test mutating func nothingIsPublishedWhereNothingChanged() {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        let actions = queue.appended(.success(outcome(1)), now: 1)
        #expect(actions.count == 1)
    }

    @Test mutating func aStoreThatAnswersTooLittleLeavesNobodyWaiting() {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        for number in 2...3 { _ = queue.enqueue(request(number), token: number, now: 0) }
        _ = queue.appended(.success(outcome(1)), now: 1)
        let actions = queue.appended(.success(outcome(2)), now: 2)
        #expect(actions.answers.map(\.token) == [2, 3])
        #expect(actions.answers.map(\.code) == [nil, .unknown])
    }

    // MARK: - Failures

    @Test mutating func aStoreThatIsAwayRefusesTheBatch() throws {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        _ = queue.enqueue(request(2), token: 2, now: 0)
        let actions = queue.appended(.failure(.unavailable), now: 1)
        #expect(actions.answers.map(\.token) == [1])
        #expect(actions.answers.map(\.code) == [.unavailable])
        #expect(try #require(actions.onlyAppend).0.map(\.send.nonce) == ["2"], "the next are tried all the same")
    }

    @Test mutating func aBatchThatFailsIsTriedRowByRowBeforeAnythingElse() throws {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        for number in 2...4 { _ = queue.enqueue(request(number), token: number, now: 0) }
        _ = queue.appended(.success(outcome(1)), now: 1)
        _ = queue.enqueue(request(5), token: 5, now: 1)

        let failure = ChatError(.internal, "bad row")
        var actions = queue.appended(.failure(failure), now: 2)
        #expect(actions.answers.isEmpty)
        var ids: [Int64] = []
        for (number, isBad) in [(2, false), (3, true), (4, false)] {
            let (batch, id) = try #require(actions.onlyAppend)
            #expect(batch.map(\.send.nonce) == ["\(number)"])
            ids.append(id.n)
            actions = queue.appended(isBad ? .failure(failure) : .success(outcome(Int64(number))), now: 3)
            #expect(actions.answers.map(\.token) == [number])
            #expect(actions.answers.first?.code == (isBad ? .internal : nil))
        }
        #expect(ids == [3, 4, 5], "each call has a number of its own")
        #expect(try #require(actions.onlyAppend).0.map(\.send.nonce) == ["5"])
    }

    // MARK: - Lost answers

    @Test mutating func aLostAnswerIsAskedForBeforeAnythingElseStarts() throws {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        _ = queue.enqueue(request(2), token: 2, now: 0)
        let actions = queue.appended(.failure(.unknown), now: 1)
        #expect(actions.answers.isEmpty)
        let (id, afterMs) = try #require(actions.onlyResolve)
        #expect(id.n == 1 && afterMs == 0)
        #expect(queue.enqueue(request(3), token: 3, now: 1).isEmpty)
        #expect(!queue.isIdle)
    }

    @Test mutating func whatIsNotInTheLogIsAppendedAgainFirst() throws {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        _ = queue.enqueue(request(2), token: 2, now: 0)
        _ = queue.appended(.failure(.unknown), now: 1)
        let actions = queue.resolved(.success(false), now: 2)
        let (batch, id) = try #require(actions.onlyAppend)
        #expect(batch.map(\.send.nonce) == ["1", "2"])
        #expect(id.n == 2, "the lost number is never used again")
        #expect(actions.inspected.isEmpty)
    }

    @Test mutating func whatIsInTheLogIsLookedAtAndAskedForByNonce() throws {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        _ = queue.appended(.failure(.unknown), now: 1)
        let actions = queue.resolved(.success(true), now: 2)
        #expect(actions.inspected.map(\.send.nonce) == ["1"], "its commit was never told")
        #expect(try #require(actions.onlyAppend).0.map(\.send.nonce) == ["1"])
        let answered = queue.appended(.success(outcome(1)), now: 3)
        #expect(answered.answers.map(\.code) == [nil])
    }

    @Test mutating func anOutcomeThatCannotBeLearntIsAskedForAgain() throws {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        _ = queue.appended(.failure(.unknown), now: 1)
        let actions = queue.resolved(.failure(.unavailable), now: 2)
        #expect(actions.answers.isEmpty)
        #expect(try #require(actions.onlyResolve).afterMs > 0)
    }

    @Test mutating func whoWaitsTooLongIsToldUnknownOnceAndLaterOnesUnavailable() throws {
        let patience = AppendQueue<Int>.patienceMs
        _ = queue.enqueue(request(1), token: 1, now: 0)
        _ = queue.enqueue(request(2), token: 2, now: 0)
        _ = queue.appended(.failure(.unknown), now: 1)
        let late = queue.resolved(.failure(.unavailable), now: patience)
        #expect(late.answers.map(\.token) == [1, 2])
        #expect(late.answers.map(\.code) == [.unknown, .unavailable], "2 was never handed to the store")
        #expect(queue.resolved(.failure(.unavailable), now: patience + 100).answers.isEmpty)

        let known = queue.resolved(.success(true), now: patience + 200)
        #expect(known.inspected.map(\.send.nonce) == ["1"])
        #expect(known.answers.isEmpty)
        #expect(known.onlyAppend == nil, "whoever was answered does not wait any more")
        #expect(queue.isIdle)
    }

    @Test mutating func whatIsKnownToBeStoredIsNeverCalledUnavailable() throws {
        let patience = AppendQueue<Int>.patienceMs
        _ = queue.enqueue(request(1), token: 1, now: 0)
        _ = queue.appended(.failure(.unknown), now: 1)
        // The store took its time to say so: the request is late, but it is stored.
        let actions = queue.resolved(.success(true), now: patience + 1)
        #expect(actions.answers.allSatisfy { $0.code != .unavailable })
        // And where asking for it by its nonce fails, nobody knows better than "unknown".
        let answered = actions.answers + queue.appended(.failure(.unavailable), now: patience + 2).answers
        #expect(answered.map(\.token) == [1])
        #expect(answered.map(\.code) == [.unknown])
    }

    @Test mutating func whatIsKnownToBeStoredIsNeverRefused() throws {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        _ = queue.appended(.failure(.unknown), now: 1)
        _ = queue.resolved(.success(true), now: 2)
        // The sender was removed in between: the store does not answer the known nonce any more.
        let actions = queue.appended(.success(AppendOutcome(results: [.failure(.notFound)], commit: Commit())), now: 3)
        #expect(actions.answers.map(\.code) == [.unknown])
    }

    @Test mutating func lateOnesAreRefusedWithoutTheStore() throws {
        let patience = AppendQueue<Int>.patienceMs
        _ = queue.enqueue(request(1), token: 1, now: 0)
        _ = queue.enqueue(request(2), token: 2, now: 0)
        _ = queue.enqueue(request(3), token: 3, now: patience)
        let actions = queue.appended(.success(outcome(1)), now: patience)
        #expect(actions.answers.map(\.token) == [1, 2])
        #expect(actions.answers.map(\.code) == [nil, .unavailable])
        #expect(try #require(actions.onlyAppend).0.map(\.send.nonce) == ["3"])
    }

    @Test mutating func aRowOfItsOwnWhoseAnswerIsLostKeepsItsPlace() throws {
        _ = queue.enqueue(request(1), token: 1, now: 0)
        for number in 2...3 { _ = queue.enqueue(request(number), token: number, now: 0) }
        _ = queue.appended(.success(outcome(1)), now: 1)
        _ = queue.appended(.failure(ChatError(.internal, "bad row")), now: 2)
        // 2 alone is lost; 3 must not overtake it.
        _ = queue.appended(.failure(.unknown), now: 3)
        var order: [String] = []
        var actions = queue.resolved(.success(false), now: 4)
        while let (batch, _) = actions.onlyAppend {
            order += batch.map(\.send.nonce)
            actions = queue.appended(.success(outcome(Int64(order.count))), now: 5)
        }
        #expect(order == ["2", "3"])
    }

    // MARK: - Support

    private let room: ConversationID = makeID(7)

    private func request(_ number: Int) -> AppendRequest {
        AppendRequest(
            send: Send(conversation: room, nonce: "\(number)", body: "text"),
            sender: makeID(1),
            nonceHash: Hash16([UInt8(truncatingIfNeeded: number)]),
            sendHash: Hash16([])
        )
    }

    private func outcome(_ seqs: Int64...) -> AppendOutcome {
        AppendOutcome(
            results: seqs.map { seq in
                let message = Message(
                    conversation: room,
                    seq: seq,
                    rev: seq,
                    sender: makeID(1),
                    nonce: "\(seq)",
                    body: "text",
                    sentAt: 0
                )
                return .success(Appended(message: message, isNew: true))
            },
            commit: Commit()
        )
    }
}

private struct Answer {
    var token: Int
    var result: Result<Appended, ChatError>
    /// `nil`: success.
    var code: ErrorCode? {
        if case .failure(let error) = result { error.code } else { nil }
    }
}

extension [AppendQueue<Int>.Action] {
    fileprivate var answers: [Answer] {
        compactMap { action in
            if case .answer(let token, let result) = action { Answer(token: token, result: result) } else { nil }
        }
    }

    fileprivate var onlyAppend: ([AppendRequest], BatchID)? {
        let found = compactMap { action in
            if case .append(let batch, let id) = action { (batch, id) } else { nil }
        }
        return found.count == 1 ? found[0] : nil
    }

    fileprivate var onlyResolve: (id: BatchID, afterMs: Int64)? {
        let found = compactMap { action in
            if case .resolve(let id, let afterMs) = action { (id: id, afterMs: afterMs) } else { nil }
        }
        return found.count == 1 ? found[0] : nil
    }

    fileprivate var inspected: [AppendRequest] {
        flatMap { action -> [AppendRequest] in
            if case .inspect(let requests) = action { requests } else { [] }
        }
    }
}
