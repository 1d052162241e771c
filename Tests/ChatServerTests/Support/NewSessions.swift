// Sessions put into the store with tokens that a test knows: signing in hundreds of times takes long.
import ChatCore
import ChatProtocol

enum NewSessions {
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
