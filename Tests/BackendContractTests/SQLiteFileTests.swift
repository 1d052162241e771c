// The file: who may open it, how durable it is, how it grows, and what is not in it.
import ChatCore
import ChatProtocol
import ChatTesting
import Foundation
import GRDB
import Testing

@testable import ChatSQLite

@Suite("The SQLite file")
struct SQLiteFileTests {
    @Test func everyCommitIsSynced() async throws {
        try await SQLiteWorld.with { world in
            let settings = try await world.store.write { transaction in
                try ["synchronous", "wal_autocheckpoint", "temp_store", "foreign_keys"].map {
                    try Int.fetchOne(transaction.db, sql: "PRAGMA \($0)")
                }
            }.value
            #expect(settings == [2, 0, 2, 1])
            let mode = try await world.store.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
            #expect(mode == "wal")
        }
    }

    @Test func openingSaysWhatIsWrong() async throws {
        let folder = try TemporaryFolder()
        let environment = SQLiteWorld.environment { 0 }
        func expectRefusal(_ words: String) {
            do {
                _ = try SQLiteStore.open(path: folder.database, environment: environment)
                Issue.record("opened, but should have said: \(words)")
            } catch {
                #expect(error.message.contains(words), "\(error)")
            }
        }
        func change(_ sql: String) throws {
            try DatabaseQueue(path: folder.database).write { try $0.execute(sql: sql) }
        }
        let store = try SQLiteStore.open(path: folder.database, environment: environment)
        let epoch = store.epoch
        try await store.close()

        try change("UPDATE meta SET value = 99 WHERE key = 'oldest_version'")
        expectRefusal("too new")
        // A newer server that still lets this one in.
        try change("UPDATE meta SET value = 1 WHERE key = 'oldest_version'")
        try change("UPDATE meta SET value = 99 WHERE key = 'version'")
        let again = try SQLiteStore.open(path: folder.database, environment: environment)
        #expect(again.epoch == epoch)
        try await again.close()

        try change("DELETE FROM meta WHERE key = 'epoch'")
        expectRefusal("meta")
        try Data(
            "This is no database, but it is long enough to have a header of one, or so it seems. ".utf8
                + Array(repeating: 7, count: 8_192)
        )
        .write(to: URL(fileURLWithPath: folder.database))
        expectRefusal("no SQLite database")
        try FileManager.default.removeItem(atPath: folder.database)
        try change("CREATE TABLE notes (text TEXT)")
        expectRefusal("another program")
        try folder.remove()
        expectRefusal("cannot be opened")
    }

    @Test func theBucketSizeIsTheDatabasesOwn() async throws {
        try await SQLiteWorld.with { world in
            let conversation = try await world.conversation()
            let batch = (0..<300).map { world.request(conversation, nonce: "n\($0)") }
            _ = try await world.store.append(batch, as: world.batchID())
            let buckets = try await world.store.read { db in
                try Row.fetchAll(
                    db,
                    sql: "SELECT bucket, first_seq, rev FROM buckets WHERE conversation = ? ORDER BY bucket",
                    arguments: [conversation.sql]
                ).map { [$0[0] as Int64, $0[1] as Int64, $0[2] as Int64] }
            }
            #expect(buckets == [[0, 1, 130], [1, 129, 258], [2, 257, 302]])
            _ = try await world.store.change(.pin, conversation: conversation, seq: 5, by: world.user)
            let rev = try await world.store.read { db in
                try Int64.fetchOne(db, sql: "SELECT rev FROM buckets WHERE bucket = 0")
            }
            #expect(rev == 303)
        }
    }

    @Test func checkpointsHappenBesideTheWriter() async throws {
        try await SQLiteWorld.with { world in
            let conversation = try await world.conversation()
            func size(_ suffix: String) -> Int {
                let attributes = try? FileManager.default.attributesOfItem(atPath: world.folder.database + suffix)
                return attributes?[.size] as? Int ?? 0
            }
            let before = size("")
            var rounds = 0
            while size("") <= before, rounds < 200 {
                rounds += 1
                let batch = (0..<100).map { world.request(conversation, nonce: "\(rounds)-\($0)") }
                _ = try await world.store.append(batch, as: world.batchID())
            }
            #expect(size("") > before)
        }
    }

    @Test func oldCommitsAreForgottenAndTheCursorGoesOn() async throws {
        try await SQLiteWorld.with { world in
            let conversation = try await world.conversation()
            for index in 0..<600 { try await world.send(conversation, "x", nonce: "a\(index)") }
            world.advance(CommitLog.keptMs + 1_000)
            for index in 0..<600 { try await world.send(conversation, "x", nonce: "b\(index)") }
            let cursors = try await world.store.read {
                try Int64.fetchAll($0, sql: "SELECT cursor FROM commits ORDER BY 1")
            }
            #expect(cursors.last == 1_201)
            #expect(cursors.count < 700)
            #expect(zip(cursors, cursors.dropFirst()).allSatisfy { $1 == $0 + 1 })
            let page = try await world.store.commits(after: 0, limit: 1)
            #expect(page.cursor == cursors.first)
        }
    }

    @Test func deletedConversationsAreSweptAlsoAfterARestart() async throws {
        let folder = try TemporaryFolder()
        let environment = SQLiteWorld.environment { 0 }
        var store = try SQLiteStore.open(path: folder.database, environment: environment)
        _ = try await store.write { transaction in
            try transaction.db.execute(
                sql: """
                    INSERT INTO sweeps VALUES (7);
                    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
                    INSERT INTO mentions SELECT 7, 1, i FROM n;
                    INSERT INTO mentions VALUES (8, 1, 1);
                    """
            )
        }
        try await store.close()
        store = try SQLiteStore.open(path: folder.database, environment: environment)
        await store.sweep()
        let left = try await store.read { db in
            try Row.fetchAll(db, sql: "SELECT (SELECT count(*) FROM mentions), (SELECT count(*) FROM sweeps)")
                .map { [$0[0] as Int, $0[1] as Int] }
        }
        #expect(left == [[1, 0]])
        try await store.close()
        try folder.remove()
    }

    /// Sealing that anybody can undo, but that hides a text from a search.
    private struct Scrambler: Sealer {
        func seal(_ body: [UInt8], _ context: SealContext) throws -> (keyID: Int64, bytes: [UInt8]) {
            (7, [UInt8(truncatingIfNeeded: context.sender.rawValue)] + body.map { $0 ^ 0x5A })
        }

        func open(_ bytes: [UInt8], keyID: Int64, _ context: SealContext) throws -> [UInt8] {
            guard keyID == 7, bytes.first == UInt8(truncatingIfNeeded: context.sender.rawValue) else {
                throw DamagedRow(column: 0)
            }
            return bytes.dropFirst().map { $0 ^ 0x5A }
        }
    }

    @Test func sealedBodiesAreNowhereInTheFiles() async throws {
        try await SQLiteWorld.with(sealer: Scrambler()) { world in
            let conversation = try await world.conversation()
            let canary = "canary-\(UUID().uuidString)"
            try await world.send(conversation, canary + " sent", nonce: "n1")
            let edit = MessageChange.edit(body: canary + " edited", ifRev: nil, mentions: [], mentionsAll: false)
            _ = try await world.store.change(edit, conversation: conversation, seq: 1, by: world.user)
            let draft = DraftRequest(body: canary + " draft")
            let own = try await world.store.setDraft(draft, conversation: conversation, user: world.user).value
            #expect(own.draft?.body == canary + " draft")
            #expect(try await world.history(conversation).map(\.body) == [canary + " edited"])
            let columns = try await world.store.read { db in
                try Row.fetchAll(
                    db,
                    sql: "SELECT key_id, sealed FROM messages UNION ALL SELECT key_id, sealed FROM drafts"
                )
                .map { [$0[0] as Int, $0[1] as Int] }
            }
            #expect(columns == [[7, 1], [7, 1]])
            try await world.store.close()
            for file in try FileManager.default.contentsOfDirectory(atPath: world.folder.path) {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: world.folder.path + "/" + file))
                #expect(bytes.range(of: Data(canary.utf8)) == nil, "\(file)")
            }
        }
    }

    @Test func deletedBodiesLeaveTheFile() async throws {
        try await SQLiteWorld.with { world in
            let conversation = try await world.conversation()
            let canary = "canary-\(UUID().uuidString)"
            for index in 0..<50 { try await world.send(conversation, canary, nonce: "n\(index)") }
            for seq in 1...50 as ClosedRange<Int64> {
                _ = try await world.store.change(.delete, conversation: conversation, seq: seq, by: world.user)
            }
            try await world.store.close()
            let bytes = try Data(contentsOf: URL(fileURLWithPath: world.folder.database))
            #expect(bytes.range(of: Data(canary.utf8)) == nil)
        }
    }
}
