// Sessions and failed sign-ins. Every method is one transaction.
package import ChatProtocol

/// Stores and reads sessions. Tokens are known by their SHA-256 alone.
package protocol SessionStore: Sendable {
    /// Stores a session.
    func create(_ session: NewSession) async throws(ChatError) -> Changed<Void>

    /// The session that a token opens now: its access token, its former one for 60 s, or its cookie.
    func session(tokenHash: [UInt8], isCookie: Bool) async throws(ChatError) -> SessionRecord?

    /// Uses a refresh token.
    func rotate(refreshHash: [UInt8], _ rotation: Rotation) async throws(ChatError) -> Changed<RotationOutcome>

    /// The user's live sessions, by id.
    func sessions(of user: UserID) async throws(ChatError) -> [SessionRecord]

    /// Ends one. - Throws: `not_found` where the user has no such session.
    func end(_ session: SessionID, of user: UserID) async throws(ChatError) -> Changed<Void>

    /// Those of `sessions` that are still alive; also notes that they were seen now.
    func alive(_ sessions: [SessionID]) async throws(ChatError) -> Set<SessionID>

    /// Failed sign-ins of an account within the window, and when the last one was.
    func failures(of login: String, since: Milliseconds) async throws(ChatError) -> (count: Int, lastAt: Milliseconds?)

    /// Counts a failed sign-in, or (with `succeeded`) forgets them all.
    func noteSignIn(_ login: String, succeeded: Bool) async throws(ChatError)
}
