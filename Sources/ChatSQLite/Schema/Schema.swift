// The first migration and what a database says of itself. docs/schema.md explains every table; keep the two equal.
// A migration that was released is never edited: what changes comes as a further one, which only adds.
import ChatCore
import GRDB

enum Schema {
    /// What this server writes into the database it migrates.
    static let version: Int64 = 1
    /// The oldest server (by its `version` above) that may use a database migrated by this one.
    static let oldestVersion: Int64 = 1
    /// Messages per bucket in new databases. A database keeps the size it was made with.
    static let bucketSize: Int64 = 128

    /// All migrations in order.
    static func migrator(_ environment: Environment) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: Self.meta)
            try db.execute(sql: Self.accounts)
            try db.execute(sql: Self.conversations)
            try db.execute(sql: Self.messages)
            try db.execute(sql: Self.own)
            try db.execute(sql: Self.commits)
            try fillMeta(db, environment)
        }
        return migrator
    }

    private static func fillMeta(_ db: Database, _ environment: Environment) throws {
        let epoch = environment.random(10).map { byte in
            let hexadecimal = String(byte, radix: 16)
            return hexadecimal.count == 1 ? "0" + hexadecimal : hexadecimal
        }
        let values: [(String, any DatabaseValueConvertible)] = [
            ("epoch", epoch.joined()),
            ("secret", environment.random(32).asData),
            ("bucket_size", bucketSize),
            ("version", version),
            ("oldest_version", oldestVersion),
        ]
        for (key, value) in values {
            try db.execute(sql: "INSERT INTO meta (key, value) VALUES (?, ?)", arguments: [key, value])
        }
    }

    private static let meta = """
        CREATE TABLE meta (
            key TEXT PRIMARY KEY NOT NULL,
            value ANY NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
