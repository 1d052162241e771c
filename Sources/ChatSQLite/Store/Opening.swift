// Opening the file: who may use it, how its connections behave, and bringing its schema up to date.
package import ChatCore
package import ChatProtocol
import Foundation
import GRDB

extension SQLiteStore {
    /// Opens the database at a path, or creates it. `onCommit` is told of each commit on the writer's thread, for metrics.
    ///
    /// Throws an error whose message says what is wrong with the file. The data folder's lock is the caller's.
    package static func open(
        path: String,
        environment: Environment,
        sealer: any Sealer = PlainSealer(),
        limits: Limits = Limits(),
        onCommit: @escaping @Sendable (CommitReport) -> Void = { _ in }
    ) throws(ChatError) -> SQLiteStore {
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                // GRDB turns to NORMAL in WAL mode, which a power cut does not survive.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
                try db.execute(sql: "PRAGMA cache_size = -16384")
                guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2 else {
                    throw ChatError(.internal, "SQLite does not accept synchronous = FULL.")
                }
                try Schema.checkVersion(db)
            }
            try Schema.migrator(environment).migrate(pool)
            let identity = try pool.read(Schema.identity)
            let checkpointer = Checkpointer(queue: try DatabaseQueue(path: path, configuration: configuration))
            let store = SQLiteStore(
                pool: pool,
                checkpointer: checkpointer,
                identity: identity,
                environment: environment,
                sealer: sealer,
                limits: limits,
                onCommit: onCommit
            )
            // Ends by itself when nothing is left over, or when the store is closed.
            Task { await store.sweep() }
            return store
        } catch let error as ChatError {
            throw error
        } catch let error as DatabaseError {
            throw ChatError(opening: error, path: path)
        } catch {
            throw ChatError(.internal, "The database at \(path) cannot be opened.", underlying: error)
        }
    }

    /// For all connections. No memory mapping: an I/O error must be an error, not a signal.
    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "store"
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            // Savepoints keep what they may have to undo in memory.
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            // What was deleted is overwritten.
            try db.execute(sql: "PRAGMA secure_delete = ON")
            try db.execute(sql: "PRAGMA cache_size = -4096")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        }
        return configuration
    }
}

extension Schema {
    /// What a database says of itself.
    struct Identity: Sendable {
        var epoch: String
        var secret: [UInt8]
        var bucketSize: Int64
    }

    static func identity(_ db: Database) throws -> Identity {
        guard
            let epoch = try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'epoch'"),
            let secret = try Data.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'secret'"),
            let bucketSize = try Int64.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'bucket_size'"),
            bucketSize > 0
        else {
            throw ChatError(.internal, "The database lacks its own description (table meta); restore it from a backup.")
        }
        return Identity(epoch: epoch, secret: Array(secret), bucketSize: bucketSize)
    }

    /// Refuses a database whose makers say that this server is too old for it, and files of other programs.
    static func checkVersion(_ db: Database) throws {
        guard try db.tableExists("meta") else {
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema WHERE type = 'table'") ?? 0
            guard tables == 0 else {
                throw ChatError(.conflict, "The database belongs to another program; choose another data folder.")
            }
            return
        }
        let oldest = try Int64.fetchOne(db, sql: "SELECT value FROM meta WHERE key = 'oldest_version'") ?? 0
        guard oldest <= version else {
            throw ChatError(
                .conflict,
                "The database is too new: it needs a server of schema version \(oldest), this one has \(version)."
            )
        }
    }
}

extension ChatError {
    /// Why a database file cannot be used.
    fileprivate init(opening error: DatabaseError, path: String) {
        let reason =
            switch error.resultCode {
            case .SQLITE_NOTADB: "is no SQLite database"
            case .SQLITE_CORRUPT: "is damaged; restore it from a backup"
            case .SQLITE_CANTOPEN: "cannot be opened; check that the folder exists and may be written"
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: "may not be written"
            case .SQLITE_BUSY, .SQLITE_LOCKED: "is in use by another process"
            case .SQLITE_FULL: "cannot be opened: the disk is full"
            default: "cannot be opened"
            }
        self.init(.unavailable, "The database at \(path) \(reason).", underlying: error)
    }
}
