// Accounts on a store, with a clock that only tests move, and short ways to say what people do.
import ChatCore
import ChatProtocol
import Synchronization
import Testing

/// A small world of people who sign up and in.
package final class AccountWorld: Sendable {
    private struct State {
        var now: Milliseconds = 1_800_000_000_000
        var random = SystemRandomNumberGenerator()
        var commits: [Commit] = []
        var nextBatch: Int64 = 0
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    let factory: AccountFactory
    let environment: Environment
    private let shared: Shared
    private let current: Mutex<AccountStoreUnderTest>

    init(_ factory: AccountFactory) async throws {
        let shared = Shared()
        let environment = Environment(
            now: { shared.state.withLock { $0.now } },
            monotonic: { shared.state.withLock { $0.now } },
            random: { count in
                shared.state.withLock { state in
                    (0..<count).map { _ in UInt8.random(in: 0...255, using: &state.random) }
                }
            },
            digest: factory.digest
        )
        self.factory = factory
        self.environment = environment
        self.shared = shared
        current = Mutex(try await factory.make(environment, Limits()))
    }

    package var store: AccountStoreUnderTest { current.withLock { $0 } }
    var stores: Stores { store.stores }

    var now: Milliseconds { shared.state.withLock { $0.now } }

    func pass(_ milliseconds: Int64) { shared.state.withLock { $0.now += milliseconds } }

    func reopen() async throws {
        let reopened = try await store.reopen()
        current.withLock { $0 = reopened }
    }

    /// Everything published so far, and forgets it.
    func takeCommits() -> [Commit] {
        shared.state.withLock { state in
            defer { state.commits = [] }
            return state.commits
        }
    }

    /// The use cases, with room for many tries unless a test says otherwise.
    func accounts(
        _ policy: SignUpPolicy = .open,
        rates: RateLimiter = RateLimiter(),
        hasher: PasswordHasher? = nil,
        _ change: (inout Limits) -> Void = { limits in
            limits.signInsPerMinutePerAddress = 0
            limits.accountsPerHourPerAddress = 0
        }
    ) -> Accounts {
        var limits = Limits()
        change(&limits)
        return Accounts(
            stores: stores,
            limits: limits,
            environment: environment,
            hasher: hasher ?? factory.hasher,
            mac: factory.mac,
            rates: rates,
            signUpPolicy: policy,
            siteWords: ["VibeTalk"],
            publish: { [shared] commit in shared.state.withLock { $0.commits.append(commit) } }
        )
    }

    // MARK: What people do

    static let password = "a quite long sentence"

    func form(_ handle: String, cookie: Bool = false) -> SignUpRequest {
        SignUpRequest(
            email: "\(handle)@example.org",
            handle: handle,
            name: handle.capitalised,
            password: Self.password,
            device: "\(handle)'s browser",
            cookie: cookie
        )
    }

    @discardableResult
    func signUp(_ handle: String, cookie: Bool = false) async throws -> Admission {
        try await accounts().signUp(form(handle, cookie: cookie), from: "192.0.2.1")
    }

    func signIn(
        _ login: String,
        _ password: String = AccountWorld.password,
        cookie: Bool = false,
        proof: DeviceProof = DeviceProof(),
        from address: String = "192.0.2.1"
    ) async throws -> Admission {
        try await accounts().signIn(
            SignInRequest(login: login, password: password, device: "a device", cookie: cookie),
            from: address,
            proof: proof
        )
    }

    /// What a try to sign in is answered; `nil` if it is let in.
    func refusal(
        _ login: String,
        _ password: String,
        proof: DeviceProof = DeviceProof()
    ) async -> ChatError? {
        do {
            _ = try await signIn(login, password, proof: proof)
            return nil
        } catch {
            return error as? ChatError
        }
    }

    func authenticate(_ token: String?, isCookie: Bool = false) async throws -> SessionRecord {
        try await accounts().authenticate(token: try #require(token), isCookie: isCookie)
    }

    func refresh(_ token: String?) async throws -> SessionGrant {
        try await accounts().refresh(RefreshRequest(refreshToken: token), from: "192.0.2.1")
    }

    /// Posts a message.
    @discardableResult
    func send(
        _ conversation: ConversationID,
        by user: UserID,
        _ body: String,
        thread: Int64? = nil
    ) async throws -> Message {
        let n = shared.state.withLock { state in
            state.nextBatch += 1
            return state.nextBatch
        }
        let request = AppendRequest(
            send: Send(conversation: conversation, nonce: "n\(n)", body: body, thread: thread),
            sender: user,
            nonceHash: Hash16(environment.digest(Array("\(user) \(n)".utf8))),
            sendHash: Hash16(environment.digest(Array(body.utf8)))
        )
        let outcome = try await stores.messages.append([request], as: BatchID(node: "test", writer: 0, n: n))
        return try #require(outcome.results.first).get().message
    }

    func create(_ new: NewConversation, by user: UserID) async throws -> ConversationID {
        try await stores.conversations.create(new, id: environment.makeID(), by: user).value.conversation.id
    }
}

extension String {
    fileprivate var capitalised: String { prefix(1).uppercased() + dropFirst() }
}

/// Expects `unauthenticated`.
func expectUnauthenticated(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    await expectRefusal(.unauthenticated, sourceLocation: sourceLocation, body)
}
