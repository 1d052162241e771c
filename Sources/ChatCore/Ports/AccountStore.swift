// Accounts. Every method is one transaction.
package import ChatProtocol

/// Stores and reads accounts.
package protocol AccountStore: Sendable {
    /// Creates an account with its first session; the first account of an instance is its operator. `onlyFirst` refuses
    /// (`forbidden`) unless it is the first.
    /// - Throws: `conflict` for a taken e-mail or handle, or an identifier that is in use.
    func create(_ account: NewAccount, session: NewSession, onlyFirst: Bool) async throws(ChatError) -> Changed<User>

    /// The account of an e-mail (any case) or handle. Erased ones have neither.
    func account(login: String) async throws(ChatError) -> AccountRecord?

    /// The account of a user; `nil` also for erased ones.
    func account(of user: UserID) async throws(ChatError) -> AccountRecord?

    /// Those of `ids` that exist; erased ones too, as "deleted user".
    func users(_ ids: [UserID]) async throws(ChatError) -> [User]

    /// People above a cursor, by id, whose name or handle contains the query (empty: all). No erased ones.
    func users(matching query: String, after: UserID?, limit: Int) async throws(ChatError) -> [User]

    /// One's own profile. - Throws: `not_found` for who is erased.
    func profile(of user: UserID) async throws(ChatError) -> Profile

    /// Changes the profile. - Throws: `conflict` for a taken handle.
    func update(_ user: UserID, _ patch: ProfilePatch) async throws(ChatError) -> Changed<Profile>

    /// Replaces the password's hash if it is still the one that was checked; else nothing happens (`false`).
    func setPasswordHash(
        _ hash: String,
        of user: UserID,
        replacing former: String,
        ending: SessionsToEnd
    ) async throws(ChatError) -> Changed<Bool>

    /// Erases the account at once: it cannot be signed in to, nobody finds it, sessions and memberships end, personal
    /// data is gone and the name is "deleted user". Messages follow in steps (``eraseMessages(of:limit:)``).
    func erase(_ user: UserID) async throws(ChatError) -> Changed<Void>

    /// Makes tombstones of up to `limit` messages of an erased account. - Returns: whether there are more.
    func eraseMessages(of user: UserID, limit: Int) async throws(ChatError) -> Changed<Bool>

    /// Erased accounts whose messages are not all gone yet.
    func unfinishedErasures() async throws(ChatError) -> [UserID]

    /// Whether there is any account.
    func isEmpty() async throws(ChatError) -> Bool
}

/// Which sessions of a user end with a change.
package enum SessionsToEnd: Sendable, Equatable {
    case none
    case allBut(SessionID)
    case all
}
