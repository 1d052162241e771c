// Sessions, the devices they were opened on, and failed sign-ins. Every method is one transaction.
package import ChatProtocol

/// Stores and reads sessions. Tokens are known by their SHA-256 alone.
package protocol SessionStore: Sendable {
    /// Stores a session, if the password's hash is still the one that was checked. Beyond ``SessionLifetime/perUser``
    /// the user's longest unseen ones end.
    /// - Throws: `conflict` for an identifier that is in use; `unauthenticated` if the password was changed meanwhile, or
    ///   the account erased.
    func create(_ session: NewSession, afterChecking hash: String) async throws(ChatError) -> Changed<Void>

    /// The session that a token opens now: its access token, its former one for 60 s, or its cookie.
    func session(tokenHash: [UInt8], isCookie: Bool) async throws(ChatError) -> SessionRecord?

    /// Uses a refresh token.
    func rotate(refreshHash: [UInt8], _ rotation: Rotation) async throws(ChatError) -> Changed<RotationOutcome>

    /// The user's live sessions, by id.
    func sessions(of user: UserID) async throws(ChatError) -> [SessionRecord]

    /// Ends one. - Throws: `not_found` where the user has no such session, or not any more.
    func end(_ session: SessionID, of user: UserID) async throws(ChatError) -> Changed<Void>

    /// Those of `sessions` that are still alive; also notes that they were seen now, which keeps them from falling idle.
    func alive(_ sessions: [SessionID]) async throws(ChatError) -> Set<SessionID>

    /// Ends up to `limit` sessions that fell idle or reached their end, and forgets what is long over.
    func sweep(limit: Int) async throws(ChatError) -> Changed<Void>

    /// The first of these hashes that a device of the user once had: of a token or cookie of one of the user's sessions
    /// (over or not), or of a device's mark.
    func knownDevice(of user: UserID, among hashes: [[UInt8]]) async throws(ChatError) -> [UInt8]?

    /// Remembers a device by its mark; the longest unseen ones beyond ``SessionLifetime/devicesPerUser`` are forgotten.
    func noteDevice(_ hash: [UInt8], of user: UserID) async throws(ChatError)

    /// For how many milliseconds no try to sign in is allowed for a key; `nil`: try.
    func signInDelay(of key: [UInt8], limit: Int64) async throws(ChatError) -> Int64?

    /// Counts a try to sign in that was a success or a failure, as ``SignInFailures`` says. A try that came too early
    /// for what others have counted meanwhile is answered with the delay and counts for nothing, right or wrong.
    func settleSignIn(of key: [UInt8], succeeded: Bool, limit: Int64) async throws(ChatError) -> Int64?
}
