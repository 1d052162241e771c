// How accounts are read and checked inside transactions.
import ChatCore
import ChatProtocol
import GRDB

enum AccountRows {
    static let byEmailQuery = """
        SELECT \(UserRow.columns), u.email, u.password_hash FROM users u
        WHERE u.email_key = ? AND u.deleted_at IS NULL AND u.disabled_at IS NULL
        """

    static let byHandleQuery = """
        SELECT \(UserRow.columns), u.email, u.password_hash FROM users u
        WHERE u.handle = ? AND u.deleted_at IS NULL AND u.disabled_at IS NULL
        """

    static let byIDQuery = """
        SELECT \(UserRow.columns), u.email, u.password_hash FROM users u
        WHERE u.id = ? AND u.deleted_at IS NULL AND u.disabled_at IS NULL
        """

    static let searchQuery = """
        SELECT \(UserRow.columns) FROM users u INDEXED BY users_search
        WHERE u.deleted_at IS NULL AND u.id > ? AND (? = '' OR instr(u.search_key, ?) > 0) ORDER BY u.id LIMIT ?
        """

    /// Reads the columns of the queries for one account.
    static func record(_ row: Row) throws -> AccountRecord? {
        guard let hash = row[UserRow.columnCount + 1] as String? else { return nil }
        return AccountRecord(
            user: try UserRow.user(row),
            email: row[UserRow.columnCount] ?? "",
            passwordHash: hash
        )
    }

    static func profile(of user: UserID, _ db: Database) throws -> Profile {
        let profile = try db.first(
            """
            SELECT \(UserRow.columns), u.email, u.created_at, u.is_operator, u.settings FROM users u
            WHERE u.id = ? AND u.deleted_at IS NULL
            """,
            [user.sql]
        ) { row in
            Profile(
                user: try UserRow.user(row),
                email: row[UserRow.columnCount] ?? "",
                createdAt: row[UserRow.columnCount + 1],
                isOperator: row[UserRow.columnCount + 2],
                settings: try JSONParser.parse((row[UserRow.columnCount + 3] as String).utf8)
            )
        }
        guard let profile else { throw ChatError.notFound }
        return profile
    }

    static func checkHandle(_ handle: String, _ db: Database) throws {
        guard try !db.exists("SELECT 1 FROM users WHERE handle = ?", [handle]) else {
            throw ChatError(.conflict, "handle: somebody has this one; choose another.")
        }
    }

    static func checkEmail(_ key: String, _ db: Database) throws {
        guard try !db.exists("SELECT 1 FROM users WHERE email_key = ?", [key]) else {
            throw ChatError(.conflict, "email: there is an account with this address; sign in, or use another.")
        }
    }
}
