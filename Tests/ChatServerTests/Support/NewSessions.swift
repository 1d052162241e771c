// Sessions put into the store with tokens that a test knows: signing in hundreds of times takes long.
import ChatCore
import ChatProtocol

enum NewSessions {
    /// Adds a session as if its owner had just signed in.
    static func add(
        to stores: Stores,
        of user: UserID,
        token: String,
        _ environment: Environment,
        accessExpiresInMs: Int64 = 3_600_000
    ) async throws -> SessionID {
        let new = session(of: user, token: token, environment, accessExpiresInMs: accessExpiresInMs)
        let hash = try await stores.accounts.account(of: user)?.passwordHash ?? ""
        _ = try await stores.sessions.create(new, afterChecking: hash)
        return new.id
    }

    static func session(
        of user: UserID,
        token: String,
        _ environment: Environment,
        accessExpiresInMs: Int64 = 3_600_000
    ) -> NewSession {
        NewSession(
            id: environment.makeID(),
            user: user,
            device: nil,
            accessHash: environment.digest(Array(token.utf8)),
            accessExpiresAt: environment.now() + accessExpiresInMs,
            refreshHash: nil,
            endsAt: environment.now() + 86_400_000,
            isCookie: false
        )
    }
}
