// One SQLite store in a temporary folder with one person in it, for tests that look beneath the ports.
import ChatCore
import ChatProtocol
import ChatTesting
import Foundation
import GRDB
import Synchronization
import Testing

@testable import ChatSQLite

final class SQLiteWorld: Sendable {
    let folder: TemporaryFolder
    let store: SQLiteStore
    let user: UserID
    private let now: Mutex<Milliseconds>
    private let batches = Mutex<Int64>(0)

    private final class Clock: Sendable {
        let now = Mutex<Milliseconds>(1_800_000_000_000)
    }

    private let clock: Clock

    private init(
        _ folder: TemporaryFolder,
        sealer: any Sealer,
        onCommit: @escaping @Sendable (CommitReport) -> Void
    ) throws {
        let clock = Clock()
        self.clock = clock
        self.folder = folder
        now = Mutex(0)
        store = try SQLiteStore.open(
            path: folder.database,
            environment: Self.environment { clock.now.withLock { $0 } },
            sealer: sealer,
            onCommit: onCommit
        )
        user = try #require(UserID(rawValue: 1))
        let session = try #require(SessionID(rawValue: 1))
        try People.add(user, session: session, handle: "one", tokenHash: [1], folder.database)
    }

    static func environment(_ now: @escaping @Sendable () -> Milliseconds) -> Environment {
        Environment(
            now: now,
            monotonic: now,
            random: { count in (0..<count).map { _ in UInt8.random(in: 0...255) } },
            digest: TestDigest.digest
        )
    }

    /// Runs a test in a world of its own.
    static func with(
        sealer: any Sealer = PlainSealer(),
        onCommit: @escaping @Sendable (CommitReport) -> Void = { _ in },
        _ body: (SQLiteWorld) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        do {
            let world = try SQLiteWorld(folder, sealer: sealer, onCommit: onCommit)
            try await body(world)
            // Closed already where the test did.
            try? await world.store.close()
        } catch {
            try folder.remove()
            throw error
        }
        try folder.remove()
    }

    func advance(_ milliseconds: Int64) {
        clock.now.withLock { $0 += milliseconds }
    }

    func batchID() -> BatchID {
        BatchID(
            node: "world",
            writer: 0,
            n: batches.withLock { n in
                n += 1
                return n
            }
        )
    }

    func conversation() async throws -> ConversationID {
        let id = ConversationID(rawValue: UInt64.random(in: 1...1 << 40))
        let new = NewConversation(kind: .group, name: "Group")
        return try await store.create(new, id: #require(id), by: user).value.conversation.id
    }

    func request(_ conversation: ConversationID, _ body: String = "hello", nonce: String) -> AppendRequest {
        AppendRequest(
            send: Send(conversation: conversation, nonce: nonce, body: body),
            sender: user,
            nonceHash: Hash16(TestDigest.digest(Array(nonce.utf8))),
            sendHash: Hash16(TestDigest.digest(Array(body.utf8)))
        )
    }

    @discardableResult
    func send(_ conversation: ConversationID, _ body: String, nonce: String) async throws -> Message {
        let outcome = try await store.append([request(conversation, body, nonce: nonce)], as: batchID())
        return try #require(outcome.results.first).get().message
    }

    func history(_ conversation: ConversationID) async throws -> [Message] {
        try await store.history(conversation: conversation, bound: .after(0), limit: 100_000, reader: user).messages
    }

    /// Makes inserting a message of one nonce fail as a damaged table would.
    func poison(_ action: String) async throws {
        _ = try await store.write { transaction in
            try transaction.db.execute(
                sql: """
                    CREATE TRIGGER poison AFTER INSERT ON messages WHEN NEW.nonce = 'poison'
                    BEGIN SELECT RAISE(\(action), 'poisoned'); END
                    """
            )
        }
    }

    /// Every number of the conversation's log and of the commit log is there, and no other.
    func expectDenseLog(_ conversation: ConversationID) async throws {
        let (revs, head, cursors) = try await store.read { db in
            let revs = try Int64.fetchAll(
                db,
                sql: """
                    SELECT rev FROM messages WHERE conversation = ?1 UNION ALL
                    SELECT rev FROM members WHERE conversation = ?1 UNION ALL
                    SELECT rev FROM conversations WHERE id = ?1 ORDER BY 1
                    """,
                arguments: [conversation.sql]
            )
            let head = try Int64.fetchOne(
                db,
                sql: "SELECT head FROM conversations WHERE id = ?",
                arguments: [conversation.sql]
            )
            return (revs, head, try Int64.fetchAll(db, sql: "SELECT cursor FROM commits ORDER BY cursor"))
        }
        #expect(revs == Array(1...Int64(revs.count)))
        #expect(head == Int64(revs.count))
        #expect(cursors == Array(1...Int64(cursors.count)))
        let events = try await store.commits(after: 0, limit: 100_000)
        #expect(events.heads.filter { $0.conversation == conversation }.last?.rev == head)
    }
}
