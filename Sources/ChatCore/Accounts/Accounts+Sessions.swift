// Sessions: who a token belongs to, new tokens for old, and what is signed in where.
package import ChatProtocol
import Metrics

extension Accounts {
    /// The session that a token or cookie opens. - Throws: `unauthenticated`.
    package func authenticate(token: String, isCookie: Bool) async throws(ChatError) -> SessionRecord {
        guard let hash = tokens.hash(token) else { throw .unauthenticated }
        guard let session = try await stores.sessions.session(tokenHash: hash, isCookie: isCookie) else {
            throw .unauthenticated
        }
        if environment.now() - session.lastSeenAt >= SessionLifetime.seenEveryMs {
            do throws(ChatError) {
                _ = try await stores.sessions.alive([session.id])
            } catch {
                // Reading goes on where writing fails; the next call notes it.
                metrics.errors(error.code).increment()
            }
        }
        return session
    }

    /// The SHA-256 by which the stores know a token or cookie; `nil` for what cannot be one.
    package func tokenHash(_ token: String) -> [UInt8]? { tokens.hash(token) }

    /// New tokens for a refresh token. Used again within 30 s it answers the same; later the session ends.
    package func refresh(_ form: RefreshRequest, from address: String) async throws(ChatError) -> SessionGrant {
        guard let token = form.refreshToken else {
            throw .invalid("refreshToken: is missing. A session by cookie needs no refresh.")
        }
        guard let hash = tokens.hash(token) else { throw .unauthenticated }
        let next = tokens.successors(of: token)
        let now = environment.now()
        let rotation = Rotation(
            accessHash: environment.digest(Array(next.access.utf8)),
            accessExpiresAt: now + SessionLifetime.accessMs,
            refreshHash: environment.digest(Array(next.refresh.utf8)),
            formerAccessUntil: now + Int64(FixedLimits.formerTokenSeconds) * 1_000,
            repeatUntil: now + Int64(FixedLimits.refreshAgainSeconds) * 1_000
        )
        switch published(try await stores.sessions.rotate(refreshHash: hash, rotation)) {
        case .rotated(let session), .repeated(let session):
            return SessionGrant(
                id: session.id,
                accessToken: next.access,
                expiresInSeconds: max(0, session.accessExpiresAt - now) / 1_000,
                refreshToken: next.refresh
            )
        case .ended, .unknown:
            throw .unauthenticated
        }
    }

    /// What is signed in, by id.
    package func sessions(of user: UserID, current: SessionID) async throws(ChatError) -> [SessionInfo] {
        try await stores.sessions.sessions(of: user).map { SessionInfo($0, current: current) }
    }

    /// Ends one: its tokens open nothing any more, and its connections close. - Throws: `not_found`.
    package func end(_ session: SessionID, of user: UserID) async throws(ChatError) {
        published(try await stores.sessions.end(session, of: user))
    }

    /// What has to be done now and then (every hour): ends sessions whose time is over, and goes on with erasures that
    /// a restart interrupted.
    package func keepHouse() async throws(ChatError) {
        while true {
            let changed = try await stores.sessions.sweep(limit: 200)
            published(changed)
            if changed.commit.endedSessions.isEmpty { break }
        }
        for user in try await stores.accounts.unfinishedErasures() { try await eraseMessages(of: user) }
    }
}

extension SessionInfo {
    init(_ session: SessionRecord, current: SessionID?) {
        self.init(
            id: session.id,
            device: session.device,
            createdAt: session.createdAt,
            lastSeenAt: session.lastSeenAt,
            isCurrent: session.id == current
        )
    }
}
