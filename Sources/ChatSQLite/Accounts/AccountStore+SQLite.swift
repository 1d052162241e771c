// Accounts: making, finding and changing them.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore: AccountStore {
    package func create(
        _ account: NewAccount,
        session: NewSession,
        onlyFirst: Bool
    ) async throws(ChatError) -> Changed<User> {
        try await write { transaction in
            try transaction.create(account, session: session, onlyFirst: onlyFirst)
        }
    }

    package func account(login: String) async throws(ChatError) -> AccountRecord? {
        let isEmail = login.utf8.contains(UInt8(ascii: "@"))
        let (query, key) =
            isEmail
            ? (AccountRows.byEmailQuery, EmailAddress.folded(login))
            : (AccountRows.byHandleQuery, login.lowercased())
        return try await read { db in try db.first(query, [key], AccountRows.record) ?? nil }
    }

    package func account(of user: UserID) async throws(ChatError) -> AccountRecord? {
        try await read { db in try db.first(AccountRows.byIDQuery, [user.sql], AccountRows.record) ?? nil }
    }

    package func users(_ ids: [UserID]) async throws(ChatError) -> [User] {
        try await read { db in
            try ids.compactMap { id in
                try db.first("SELECT \(UserRow.columns) FROM users u WHERE u.id = ?", [id.sql]) { try UserRow.user($0) }
            }
        }
    }

    package func users(matching query: String, after: UserID?, limit: Int) async throws(ChatError) -> [User] {
        let key = SearchKey.fold(query)
        return try await read { db in
            try db.all(AccountRows.searchQuery, [after?.sql ?? -1, key, key, limit]) { try UserRow.user($0) }
        }
    }

    package func profile(of user: UserID) async throws(ChatError) -> Profile {
        try await read { db in try AccountRows.profile(of: user, db) }
    }

    package func update(_ user: UserID, _ patch: ProfilePatch) async throws(ChatError) -> Changed<Profile> {
        try await write { transaction in
            try transaction.update(user, patch)
        }
    }

    package func setPasswordHash(
        _ hash: String,
        of user: UserID,
        replacing former: String,
        ending: SessionsToEnd
    ) async throws(ChatError) -> Changed<Bool> {
        try await write { transaction in
            try transaction.db.run(
                "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ? AND deleted_at IS NULL",
                [hash, user.sql, former]
            )
            guard transaction.db.changesCount > 0 else { return false }
            try transaction.endSessions(of: user, ending)
            return true
        }
    }

    package func isEmpty() async throws(ChatError) -> Bool {
        try await read { db in try AccountRows.isEmpty(db) }
    }
}

extension AccountRows {
    static func isEmpty(_ db: Database) throws -> Bool {
        try !db.exists("SELECT 1 FROM users WHERE deleted_at IS NULL LIMIT 1")
    }
}

extension Transaction {
    mutating func create(_ account: NewAccount, session: NewSession, onlyFirst: Bool) throws -> User {
        let isFirst = try AccountRows.isEmpty(db)
        guard isFirst || !onlyFirst else {
            throw ChatError(.forbidden, "This server has its first account already: ask its operator.")
        }
        let emailKey = EmailAddress.folded(account.email)
        try AccountRows.checkEmail(emailKey, db)
        try AccountRows.checkHandle(account.handle, db)
        guard try !db.exists("SELECT 1 FROM users WHERE id = ?", [account.id.sql]) else {
            throw ChatError.identifierInUse
        }
        try db.run(
            """
            INSERT INTO users (id, handle, name, search_key, email, email_key, password_hash, is_operator, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                account.id.sql, account.handle, account.name, SearchKey.of(account.handle, account.name),
                account.email, emailKey, account.passwordHash, isFirst, now,
            ]
        )
        touch(account.id, .settings)
        try create(session)
        return User(id: account.id, handle: account.handle, name: account.name)
    }

    mutating func update(_ user: UserID, _ patch: ProfilePatch) throws -> Profile {
        let former = try AccountRows.profile(of: user, db)
        var profile = former
        if let name = patch.name { profile.user.name = name }
        if let handle = patch.handle, handle != former.user.handle {
            try AccountRows.checkHandle(handle, db)
            profile.user.handle = handle
        }
        profile.user.status = patch.status.applied(to: former.user.status)
        profile.user.avatar = patch.avatar.applied(to: former.user.avatar)
        if let settings = patch.settings { profile.settings = settings }
        guard profile != former else { return profile }
        try db.run(
            """
            UPDATE users SET handle = ?, name = ?, search_key = ?, status = ?, avatar = ?, settings = ? WHERE id = ?
            """,
            [
                profile.user.handle, profile.user.name, SearchKey.of(profile.user.handle, profile.user.name),
                profile.user.status, profile.user.avatar, String(decoding: profile.settings.encoded(), as: UTF8.self),
                user.sql,
            ]
        )
        touch(user, .settings)
        return profile
    }
}

extension Change {
    /// What becomes of a value.
    fileprivate func applied(to former: Value?) -> Value? {
        switch self {
        case .keep: former
        case .clear: nil
        case .set(let value): value
        }
    }
}
