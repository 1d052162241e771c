// SQLite stores in temporary folders, for the contract suites.
import ChatCore
import ChatProtocol
import ChatSQLite
import ChatTesting
import Foundation
import GRDB

/// A folder of one test, in memory where the machine offers that: what a test proves here does not need a disk.
struct TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let memory = "/dev/shm"
        let parent = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        path = parent + "/store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    var database: String { path + "/chat.sqlite" }

    func remove() throws {
        try FileManager.default.removeItem(atPath: path)
    }
}

enum SQLiteFactory {
    static let plain = StoreFactory(name: "SQLite") { environment, limits in
        let folder = try TemporaryFolder()
        return try under(
            test: SQLiteStore.open(path: folder.database, environment: environment, limits: limits),
            folder
        ) {
            try SQLiteStore.open(path: folder.database, environment: environment, limits: limits)
        }
    }

    private static func under(
        test store: SQLiteStore,
        _ folder: TemporaryFolder,
        _ open: @escaping @Sendable () throws -> SQLiteStore
    ) throws -> StoreUnderTest {
        StoreUnderTest(
            messages: store,
            conversations: store,
            memberships: store,
            epoch: store.epoch,
            addUser: { user, session, handle, tokenHash in
                try People.add(user, session: session, handle: handle, tokenHash: tokenHash, folder.database)
                return Commit()
            },
            endSession: { session in try People.end(session, folder.database) },
            reopen: {
                try await store.close()
                return try under(test: open(), folder, open)
            },
            remove: {
                try await store.close()
                try folder.remove()
            }
        )
    }
}

/// People put into the tables by a connection of their own.
enum People {
    /// The store keeps house when it opens: this connection waits for it.
    private static var patient: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        return configuration
    }

    static func add(_ user: UserID, session: SessionID, handle: String, tokenHash: [UInt8], _ path: String) throws {
        try DatabaseQueue(path: path, configuration: Self.patient).write { db in
            try db.execute(
                sql: "INSERT INTO users (id, handle, name, search_key, created_at) VALUES (?, ?, ?, ?, 1)",
                arguments: [Int64(user.rawValue), handle, handle.uppercased(), handle]
            )
            try db.execute(
                sql: """
                    INSERT INTO sessions
                        (id, user, is_cookie, created_at, last_seen_at, access_expires_at, ends_at, own_rev)
                    VALUES (?, ?, 0, 1, 1, ?, ?, 0)
                    """,
                arguments: [Int64(session.rawValue), Int64(user.rawValue), Int64.max, Int64.max]
            )
            try db.execute(
                sql: "INSERT INTO tokens (hash, session, kind, expires_at) VALUES (?, ?, 0, ?)",
                arguments: [Data(tokenHash), Int64(session.rawValue), Int64.max]
            )
        }
    }

    static func end(_ session: SessionID, _ path: String) throws {
        try DatabaseQueue(path: path, configuration: Self.patient).write { db in
            try db.execute(sql: "UPDATE sessions SET ended_at = 2 WHERE id = ?", arguments: [Int64(session.rawValue)])
        }
    }
}
