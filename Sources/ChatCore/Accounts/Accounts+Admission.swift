// New sessions: their tokens or cookie, and what the device is told.
import ChatProtocol
import Metrics

extension Accounts {
    /// A session to store, and the tokens of which it has the hashes.
    struct SessionOpening: Sendable {
        var session: NewSession
        /// The access token or the cookie.
        var access: String
        var refresh: String?
        var expiresInMs: Int64
    }

    func newSession(of user: UserID, device: String?, isCookie: Bool) -> SessionOpening {
        let now = environment.now()
        let access = tokens.fresh()
        let refresh = isCookie ? nil : tokens.fresh()
        let livesMs = isCookie ? SessionLifetime.idleMs : SessionLifetime.accessMs
        let session = NewSession(
            id: environment.makeID(),
            user: user,
            device: TextRules.device(device),
            accessHash: environment.digest(Array(access.utf8)),
            accessExpiresAt: now + livesMs,
            refreshHash: refresh.map { environment.digest(Array($0.utf8)) },
            endsAt: now + SessionLifetime.absoluteMs,
            isCookie: isCookie
        )
        let expiresInMs = isCookie ? SessionLifetime.absoluteMs : SessionLifetime.accessMs
        return SessionOpening(session: session, access: access, refresh: refresh, expiresInMs: expiresInMs)
    }

    /// The answer, and the cookies. A browser that has no mark yet gets one.
    func admission(_ user: User, _ opening: SessionOpening, mark: String?) async -> Admission {
        let isCookie = opening.session.isCookie
        let grant = SessionGrant(
            id: opening.session.id,
            accessToken: isCookie ? nil : opening.access,
            expiresInSeconds: opening.expiresInMs / 1_000,
            refreshToken: opening.refresh
        )
        var admission = Admission(signedIn: SignedIn(user: user, session: grant))
        if isCookie {
            admission.cookies = Admission.Cookies(
                session: opening.access,
                sessionSeconds: opening.expiresInMs / 1_000,
                device: mark == nil ? await newMark(of: user.id) : nil,
                deviceSeconds: SessionLifetime.deviceMs / 1_000
            )
        }
        return admission
    }

    /// A mark of the device; without one if the store fails, which is no reason not to let the person in.
    private func newMark(of user: UserID) async -> String? {
        let mark = tokens.fresh()
        do throws(ChatError) {
            try await stores.sessions.noteDevice(environment.digest(Array(mark.utf8)), of: user)
            return mark
        } catch {
            metrics.errors(error.code).increment()
            return nil
        }
    }

    /// Tries again with other identifiers if one is in use.
    func retryingIdentifiers<Value>(
        _ work: () async throws(ChatError) -> Value
    ) async throws(ChatError) -> Value {
        for _ in 0..<3 {
            do throws(ChatError) {
                return try await work()
            } catch {
                guard error.isIdentifierInUse else { throw error }
            }
        }
        return try await work()
    }
}

extension ChatError {
    /// A fresh identifier that is not: to be drawn again.
    package static let identifierInUse = ChatError(.conflict, "The identifier is in use.")

    fileprivate var isIdentifierInUse: Bool { code == .conflict && message == Self.identifierInUse.message }
}
