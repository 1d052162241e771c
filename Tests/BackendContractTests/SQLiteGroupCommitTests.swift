// Group commit under failures: whatever goes wrong with one write, the others are stored, each once, and numbers stay
// dense.
import ChatCore
import ChatProtocol
import ChatTesting
import Dispatch
import Foundation
import GRDB
import Synchronization
import Testing

@testable import ChatSQLite

@Suite("Group commit")
struct SQLiteGroupCommitTests {
    /// Writes that share a transaction: they are let go when all of them wait.
    private func together<Value: Sendable>(
        _ store: SQLiteStore,
        _ writes: [@Sendable () async throws -> Value]
    ) async throws -> [Result<Value, any Error>] {
        let gate = DispatchSemaphore(value: 0)
        let isHeld = Flag()
        return await withTaskGroup(of: (Int, Result<Value, any Error>).self) { group in
            group.addTask {
                // Holds the writer's thread (no task) until all others wait.
                _ = try? await store.write { _ in
                    isHeld.raise()
                    gate.wait()
                }
                return (-1, .failure(CancellationError()))
            }
            while !isHeld.isRaised { await Task.yield() }
            for (index, write) in writes.enumerated() {
                group.addTask {
                    do { return (index, .success(try await write())) } catch { return (index, .failure(error)) }
                }
            }
            while store.waitingWrites < writes.count { await Task.yield() }
            gate.signal()
            var results: [Int: Result<Value, any Error>] = [:]
            for await (index, result) in group where index >= 0 { results[index] = result }
            return writes.indices.compactMap { results[$0] }
        }
    }

    private struct Planned: Error {}

    @Test func oneWriteThrowsAloneAndAllOthersShareACommit() async throws {
        let reports = Mutex<[CommitReport]>([])
        let note: @Sendable (CommitReport) -> Void = { report in reports.withLock { $0.append(report) } }
        try await SQLiteWorld.with(onCommit: note) { world in
            let conversation = try await world.conversation()
            reports.withLock { $0.removeAll() }
            let store = world.store
            let results = try await together(
                store,
                (0..<20).map { index in
                    {
                        try await store.write { transaction in
                            let request = world.request(conversation, nonce: "w\(index)")
                            _ = try transaction.append([request])
                            if index % 5 == 3 { throw Planned() }
                            return index
                        }.value
                    }
                }
            )
            for (index, result) in results.enumerated() {
                #expect((try? result.get()) == (index % 5 == 3 ? nil : index))
            }
            #expect(reports.withLock { $0.map(\.writes) }.contains(20))
            let history = try await world.history(conversation)
            #expect(history.map(\.seq) == Array(1...16))
            #expect(Set(history.map(\.nonce)) == Set((0..<20).filter { $0 % 5 != 3 }.map { "w\($0)" }))
        }
    }

    @Test(arguments: ["ABORT", "FAIL", "ROLLBACK"])
    func aPoisonedRowFailsAlone(_ action: String) async throws {
        try await SQLiteWorld.with { world in
            let conversation = try await world.conversation()
            try await world.poison(action)
            // In one batch.
            if action != "ROLLBACK" {
                let batch = ["a", "poison", "b"].map { world.request(conversation, nonce: $0) }
                let outcome = try await world.store.append(batch, as: world.batchID())
                #expect(outcome.results.map { (try? $0.get().message.seq) ?? 0 } == [1, 0, 2])
                #expect(outcome.commit.events.map(\.rev) == [3, 4])
            }
            // In a transaction shared with others. ROLLBACK takes all of it away; the others are stored all the same.
            let before = try await world.history(conversation).count
            let results = try await together(
                world.store,
                ["c", "poison", "d", "e"].map { nonce in
                    {
                        let outcome = try await world.store.append(
                            [world.request(conversation, nonce: nonce)],
                            as: world.batchID()
                        )
                        return try outcome.results[0].get().message.seq
                    }
                }
            )
            #expect(Set(results.compactMap { try? $0.get() }).count == 3)
            #expect(throws: ChatError.self) { try results[1].get() }
            let history = try await world.history(conversation)
            #expect(history.map(\.seq) == Array(1...Int64(before + 3)))
            try await world.expectDenseLog(conversation)
        }
    }

    @Test func aFailedCommitIsTriedAgainOneByOne() async throws {
        try await SQLiteWorld.with { world in
            let conversation = try await world.conversation()
            let store = world.store
            let results = try await together(
                store,
                (0..<6).map { index in
                    {
                        try await store.write { transaction in
                            _ = try transaction.append([world.request(conversation, nonce: "w\(index)")])
                            guard index == 2 else { return }
                            // A broken reference that only the commit notices.
                            try transaction.db.execute(sql: "PRAGMA defer_foreign_keys = ON")
                            try transaction.db.execute(
                                sql: "INSERT INTO tokens (hash, session, kind, expires_at) VALUES (x'00', 12345, 0, 0)"
                            )
                        }.value
                    }
                }
            )
            #expect(results.indices.filter { (try? results[$0].get()) != nil } == [0, 1, 3, 4, 5])
            #expect(try await world.history(conversation).map(\.seq) == Array(1...5))
            try await world.expectDenseLog(conversation)
        }
    }

    @Test func aFullDiskRefusesAndLosesNothing() async throws {
        try await SQLiteWorld.with { world in
            let conversation = try await world.conversation()
            func limitPages(_ more: Int?) async throws {
                _ = try await world.store.write { transaction in
                    let pages = try Int.fetchOne(transaction.db, sql: "PRAGMA page_count") ?? 0
                    _ = try Int.fetchOne(
                        transaction.db,
                        sql: "PRAGMA max_page_count = \(more.map { pages + $0 } ?? 1_000_000)"
                    )
                }
            }
            try await limitPages(12)
            var stored: [String: Int64] = [:]
            var refusals: [ErrorCode] = []
            for step in 0..<100 {
                let nonces = ["\(step)-a", "\(step)-b"]
                do {
                    let batch = nonces.map {
                        world.request(conversation, String(repeating: "x", count: 1_000), nonce: $0)
                    }
                    let outcome = try await world.store.append(batch, as: world.batchID())
                    for (nonce, result) in zip(nonces, outcome.results) {
                        switch result {
                        case .success(let appended): stored[nonce] = appended.message.seq
                        case .failure(let error): refusals.append(error.code)
                        }
                    }
                } catch let error as ChatError {
                    refusals.append(error.code)
                }
            }
            #expect(!stored.isEmpty)
            #expect(!refusals.isEmpty)
            #expect(refusals.allSatisfy { $0 == .unavailable })
            // Reading goes on, and so does writing once there is room.
            try await limitPages(nil)
            for _ in 0..<3 {
                let nonce = "after-\(stored.count)"
                let outcome = try await world.store.append(
                    [world.request(conversation, nonce: nonce)],
                    as: world.batchID()
                )
                stored[nonce] = try outcome.results[0].get().message.seq
            }
            let history = try await world.history(conversation)
            #expect(Dictionary(uniqueKeysWithValues: history.map { ($0.nonce, $0.seq) }) == stored)
            #expect(history.map(\.seq) == Array(1...Int64(stored.count)))
            try await world.expectDenseLog(conversation)
        }
    }

    @Test func theQueueIsBounded() async throws {
        try await SQLiteWorld.with { world in
            let results = try await together(
                world.store,
                (0..<GroupCommit.maximumWaiting).map { index in
                    { try await world.store.write { _ in index }.value }
                }
            )
            #expect(results.count == GroupCommit.maximumWaiting)
            let gate = DispatchSemaphore(value: 0)
            let isHeld = Flag()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try? await world.store.write { _ in
                        isHeld.raise()
                        gate.wait()
                    }
                }
                while !isHeld.isRaised { await Task.yield() }
                for _ in 0..<GroupCommit.maximumWaiting {
                    group.addTask { _ = try? await world.store.write { _ in } }
                }
                while world.store.waitingWrites < GroupCommit.maximumWaiting { await Task.yield() }
                await #expect(throws: ChatError.self) { try await world.store.write { _ in } }
                gate.signal()
            }
        }
    }

    @Test func aClosedStoreRefuses() async throws {
        try await SQLiteWorld.with { world in
            let conversation = try await world.conversation()
            try await world.store.close()
            await #expect(throws: ChatError.self) {
                _ = try await world.store.append([world.request(conversation, nonce: "late")], as: world.batchID())
            }
            await #expect(throws: ChatError.self) { _ = try await world.history(conversation) }
        }
    }
}
