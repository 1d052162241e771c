// Accounts. Every method is one transaction.
package import ChatProtocol

/// Stores and reads accounts.
package protocol AccountStore: Sendable {
    /// Creates an account with its first session; the first account of an instance is its operator.
    /// - Throws: `conflict` for a taken e-mail or handle.
    func create(_ account: NewAccount, session: NewSession) async throws(ChatError) -> Changed<User>

    /// The account of an e-mail (any case) or handle.
    func account(login: String) async throws(ChatError) -> AccountRecord?

    /// The account of a user.
    func account(of user: UserID) async throws(ChatError) -> AccountRecord?

    /// Those of `ids` that exist.
    func users(_ ids: [UserID]) async throws(ChatError) -> [User]

    /// People above a cursor, by id, whose name or handle contains the query (empty: all).
    func users(matching query: String, after: UserID?, limit: Int) async throws(ChatError) -> [User]

    /// One's own profile.
    func profile(of user: UserID) async throws(ChatError) -> Profile

    /// Changes the profile. - Throws: `conflict` for a taken handle.
    func update(_ user: UserID, _ patch: ProfilePatch) async throws(ChatError) -> Changed<Profile>

    /// Changes the password's hash; `endOthers` ends all sessions but one.
    func setPasswordHash(
        _ hash: String,
        of user: UserID,
        endOthersBut session: SessionID?
    ) async throws(ChatError) -> Changed<Void>

    /// Erases the account: sessions end, memberships end, messages become tombstones of "deleted user".
    func delete(_ user: UserID) async throws(ChatError) -> Changed<Void>

    /// How many accounts there are.
    func count() async throws(ChatError) -> Int
}
