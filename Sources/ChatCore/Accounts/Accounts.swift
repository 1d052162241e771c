// The use cases of accounts and sessions, for every face of the server. Form and rates are checked here; what must hold
// together is decided in the stores' transactions; what was committed is published here.
package import ChatProtocol
import Metrics

/// Who may make an account.
package enum SignUpPolicy: String, Sendable, CaseIterable {
    /// Everybody.
    case open
    /// Who was invited. The first account of an instance needs no invitation.
    case invite
    /// Nobody. The first account of an instance can be made all the same.
    case closed
}

/// What people can do with accounts and sessions.
package struct Accounts: Sendable {
    let stores: Stores
    let limits: Limits
    let environment: Environment
    let hasher: PasswordHasher
    let rates: RateLimiter
    let metrics: NodeMetrics
    let tokens: Tokens
    /// Words that guessers of this site's passwords try: its name and host.
    let siteWords: [String]
    private let publish: @Sendable (Commit) -> Void

    /// Who may make an account.
    package let signUpPolicy: SignUpPolicy

    /// `mac` is a keyed fingerprint (HMAC-SHA-256) under a secret of the instance that stays the same; `publish` tells
    /// those who deliver of own events and ended sessions.
    package init(
        stores: Stores,
        limits: Limits,
        environment: Environment,
        hasher: PasswordHasher,
        mac: @escaping @Sendable ([UInt8]) -> [UInt8],
        rates: RateLimiter,
        signUpPolicy: SignUpPolicy,
        siteWords: [String] = [],
        metrics: NodeMetrics = NodeMetrics(),
        publish: @escaping @Sendable (Commit) -> Void
    ) {
        self.stores = stores
        self.limits = limits
        self.environment = environment
        self.hasher = hasher
        self.rates = rates
        self.metrics = metrics
        self.tokens = Tokens(environment: environment, mac: mac)
        self.siteWords = siteWords
        self.signUpPolicy = signUpPolicy
        self.publish = publish
    }

    /// Publishes what a transaction changed and hands on its value.
    func published<Value>(_ changed: Changed<Value>) -> Value {
        if !changed.commit.isEmpty { publish(changed.commit) }
        return changed.value
    }

    /// - Throws: `rate_limited` if there is a delay.
    func refuse(for retryAfterMs: Int64?) throws(ChatError) {
        guard let retryAfterMs else { return }
        metrics.signInsLimited.increment()
        throw ChatError(.rateLimited, "Too many tries; wait before trying again.", retryAfterMs: retryAfterMs)
    }

    /// Takes one of an address's sign-ins. - Throws: `rate_limited`.
    func takeSignIn(of address: String) throws(ChatError) {
        try refuse(
            for: rates.take(
                .signIns(AddressGroup.of(address)),
                rate: .perMinute(limits.signInsPerMinutePerAddress),
                burst: limits.signInBurst,
                now: environment.monotonic()
            )
        )
    }

    /// Hashes or checks a password, and notes how long that took, waiting included.
    func timed<Value>(_ work: () async throws(ChatError) -> Value) async throws(ChatError) -> Value {
        let start = environment.monotonic()
        defer { metrics.passwordHash.recordMilliseconds(environment.monotonic() - start) }
        return try await work()
    }
}

/// What a device holds after signing up or in, and what its browser is to keep.
package struct Admission: Sendable {
    /// The answer's body.
    package var signedIn: SignedIn
    /// Present where a cookie carries the session.
    package var cookies: Cookies?

    /// What a browser is to keep.
    package struct Cookies: Sendable {
        /// The session's cookie (`__Host-session`, `session`).
        package var session: String
        package var sessionSeconds: Int64
        /// The device's mark (`__Host-device`, `device`): it opens nothing, but whoever has it is not slowed down by
        /// others' guessing. Kept when signing out; absent where the device has one already.
        package var device: String?
        package var deviceSeconds: Int64
    }
}

/// How a device shows that its user signed in on it before: all that it still has, valid or not.
package struct DeviceProof: Sendable {
    /// A bearer token or session cookie of the request.
    package var token: String?
    /// The device's mark of the request.
    package var mark: String?

    package init(token: String? = nil, mark: String? = nil) {
        self.token = token
        self.mark = mark
    }
}
