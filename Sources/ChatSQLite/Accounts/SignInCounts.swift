// Failed sign-ins, and the devices that they do not concern.
package import ChatCore
package import ChatProtocol
import Foundation
import GRDB

extension SQLiteStore {
    package func knownDevice(of user: UserID, among hashes: [[UInt8]]) async throws(ChatError) -> [UInt8]? {
        let since = context.environment.now() - SessionLifetime.deviceMs
        return try await read { db in
            try hashes.first { hash in
                try db.exists(
                    "SELECT 1 FROM devices WHERE user = ? AND mark_hash = ? AND at > ?",
                    [user.sql, hash.asData, since]
                )
                    || db.exists(
                        "SELECT 1 FROM tokens t JOIN sessions s ON s.id = t.session WHERE t.hash = ? AND s.user = ?",
                        [hash.asData, user.sql]
                    )
            }
        }
    }

    package func noteDevice(_ hash: [UInt8], of user: UserID) async throws(ChatError) {
        _ = try await write { transaction in
            try transaction.noteDevice(hash, of: user)
        }
    }

    package func signInDelay(of key: [UInt8], limit: Int64) async throws(ChatError) -> Int64? {
        let now = context.environment.now()
        return try await read { db in try SignInCounts.find(key, db)?.delay(limit: limit, now: now) }
    }

    package func settleSignIn(of key: [UInt8], succeeded: Bool, limit: Int64) async throws(ChatError) -> Int64? {
        if succeeded {
            // Who never failed needs no transaction.
            let hasFailed = try await read { db in try SignInCounts.find(key, db) != nil }
            guard hasFailed else { return nil }
        }
        return try await write { transaction in
            try transaction.settleSignIn(key, succeeded: succeeded, limit: limit)
        }.value
    }
}

enum SignInCounts {
    static func find(_ key: [UInt8], _ db: Database) throws -> SignInFailures? {
        try db.first("SELECT count, first_at, last_at FROM sign_in_failures WHERE key = ?", [key.asData]) { row in
            SignInFailures(count: row[0], firstAt: row[1], lastAt: row[2])
        }
    }
}

extension Transaction {
    func settleSignIn(_ key: [UInt8], succeeded: Bool, limit: Int64) throws -> Int64? {
        let former = try SignInCounts.find(key, db)
        if let delay = former?.delay(limit: limit, now: now) { return delay }
        if succeeded {
            try db.run("DELETE FROM sign_in_failures WHERE key = ?", [key.asData])
        } else {
            let first = SignInFailures(count: 1, firstAt: now, lastAt: now)
            let failures = former?.failing(limit: limit, now: now) ?? first
            try db.run(
                "INSERT OR REPLACE INTO sign_in_failures (key, count, first_at, last_at) VALUES (?, ?, ?, ?)",
                [key.asData, failures.count, failures.firstAt, failures.lastAt]
            )
        }
        return nil
    }

    func noteDevice(_ hash: [UInt8], of user: UserID) throws {
        try db.run(
            "INSERT OR REPLACE INTO devices (user, mark_hash, at) VALUES (?, ?, ?)",
            [user.sql, hash.asData, now]
        )
        try db.run(
            """
            DELETE FROM devices WHERE user = ?1 AND mark_hash IN (
                SELECT mark_hash FROM devices WHERE user = ?1 ORDER BY at DESC LIMIT -1 OFFSET ?2
            )
            """,
            [user.sql, SessionLifetime.devicesPerUser]
        )
    }
}
