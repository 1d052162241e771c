// A store with a clock that only tests move, seeded randomness, and short ways to say what people do.
import ChatCore
import ChatProtocol
import Synchronization
import Testing

/// A small world in one store.
package final class StoreWorld: Sendable {
    private struct State {
        var now: Milliseconds = 1_800_000_000_000
        var random = SplitMix64(seed: 42)
        var nextID: UInt64 = 1
        var nextNonce = 0
        var nextBatch: Int64 = 0
        var events: [LogEvent] = []
        var own: [OwnEvent] = []
        var markers: [Marker] = []
    }

    private final class Clock: Sendable {
        let state = Mutex(State())
    }

    let factory: StoreFactory
    let environment: Environment
    let limits: Limits
    private let clock: Clock
    private let current: Mutex<StoreUnderTest>

    init(_ factory: StoreFactory, limits: Limits = Limits()) async throws {
        let clock = Clock()
        let environment = Environment(
            now: { clock.state.withLock { $0.now } },
            monotonic: { clock.state.withLock { $0.now } },
            random: { count in
                clock.state.withLock { state in (0..<count).map { _ in UInt8.random(in: 0...255, using: &state.random) }
                }
            },
            digest: TestDigest.digest
        )
        self.factory = factory
        self.environment = environment
        self.limits = limits
        self.clock = clock
        // Two stores never share an epoch: each world has randomness of its own.
        clock.state.withLock { $0.random = SplitMix64(seed: UInt64.random(in: 0...UInt64.max)) }
        current = Mutex(try await factory.make(environment, limits))
        clock.state.withLock { $0.random = SplitMix64(seed: 42) }
    }

    package var store: StoreUnderTest { current.withLock { $0 } }

    var now: Milliseconds {
        get { clock.state.withLock { $0.now } }
        set { clock.state.withLock { $0.now = newValue } }
    }

    func reopen() async throws {
        let reopened = try await store.reopen()
        current.withLock { $0 = reopened }
    }

    // MARK: Names

    func id<ID: EntityID>(_ type: ID.Type = ID.self) throws -> ID {
        let raw = clock.state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try #require(ID(rawValue: raw))
    }

    func nonce() -> String {
        clock.state.withLock { state in
            state.nextNonce += 1
            return "nonce-\(state.nextNonce)"
        }
    }

    func batchID() -> BatchID {
        clock.state.withLock { state in
            state.nextBatch += 1
            return BatchID(node: "test", writer: 0, n: state.nextBatch)
        }
    }

    // MARK: What was told

    /// All steps of a conversation's log so far, in order.
    func events(of conversation: ConversationID) -> [LogEvent] {
        clock.state.withLock { $0.events.filter { $0.conversation == conversation } }.sorted { $0.after < $1.after }
    }

    /// All steps of a user's own log so far, in order.
    func ownEvents(of user: UserID) -> [OwnEvent] {
        clock.state.withLock { $0.own.filter { $0.user == user } }.sorted { $0.after < $1.after }
    }

    var markers: [Marker] { clock.state.withLock { $0.markers } }

    /// Notes what a commit told, and hands on the value.
    @discardableResult
    func told<Value>(_ changed: Changed<Value>) -> Value {
        tell(changed.commit)
        return changed.value
    }

    func tell(_ commit: Commit) {
        clock.state.withLock { state in
            state.events += commit.events
            state.own += commit.own
            state.markers += commit.markers
        }
    }

    // MARK: What people do

    func user() async throws -> UserID {
        let user: UserID = try id()
        tell(try await store.addUser(user, try id(), "user\(user.rawValue)", TestDigest.digest(Array("\(user)".utf8))))
        return user
    }

    func users(_ count: Int) async throws -> [UserID] {
        var users: [UserID] = []
        for _ in 0..<count { users.append(try await user()) }
        return users
    }

    func create(
        _ kind: ConversationKind,
        by user: UserID,
        with members: [UserID] = [],
        isPublic: Bool = false,
        nonce: String? = nil
    ) async throws -> Conversation {
        let name = kind == .direct ? nil : "A \(kind.rawValue)"
        let new = NewConversation(kind: kind, name: name, isPublic: isPublic, members: members, nonce: nonce)
        return told(try await store.conversations.create(new, id: try id(), by: user)).conversation
    }

    func request(
        _ conversation: ConversationID,
        by user: UserID,
        _ body: String = "hello",
        nonce: String? = nil,
        replyTo: Int64? = nil,
        thread: Int64? = nil,
        mentions: [UserID] = [],
        mentionsAll: Bool = false
    ) -> AppendRequest {
        let nonce = nonce ?? self.nonce()
        let content = "\(body)|\(replyTo ?? 0)|\(thread ?? 0)"
        return AppendRequest(
            send: Send(conversation: conversation, nonce: nonce, body: body, replyTo: replyTo, thread: thread),
            sender: user,
            nonceHash: Hash16(TestDigest.digest(Array("\(user)|\(nonce)".utf8))),
            sendHash: Hash16(TestDigest.digest(Array(content.utf8))),
            mentions: mentions,
            mentionsAll: mentionsAll
        )
    }

    /// Appends a batch as one call.
    func append(_ requests: [AppendRequest]) async throws -> [Result<Appended, ChatError>] {
        let outcome = try await store.messages.append(requests, as: batchID())
        tell(outcome.commit)
        return outcome.results
    }

    /// Appends one message that must be accepted.
    @discardableResult
    func send(_ request: AppendRequest) async throws -> Message {
        try #require(try await append([request]).first).get().message
    }

    @discardableResult
    func send(_ conversation: ConversationID, by user: UserID, _ body: String = "hello") async throws -> Message {
        try await send(request(conversation, by: user, body))
    }

    @discardableResult
    func change(
        _ change: MessageChange,
        _ conversation: ConversationID,
        _ seq: Int64,
        by user: UserID
    ) async throws -> Message {
        told(try await store.messages.change(change, conversation: conversation, seq: seq, by: user))
    }

    @discardableResult
    func set(_ member: UserID, _ role: Role? = nil, in id: ConversationID, by user: UserID) async throws -> Member {
        told(try await store.conversations.setMember(member, role: role, in: id, by: user))
    }

    func remove(_ member: UserID, from id: ConversationID, by user: UserID) async throws {
        told(try await store.conversations.removeMember(member, from: id, by: user))
    }

    @discardableResult
    func mark(_ mark: ReadMark, _ conversation: ConversationID, by user: UserID) async throws -> ReadState {
        told(try await store.memberships.mark(mark, conversation: conversation, user: user))
    }

    /// The conversation as a member sees it.
    func view(_ conversation: ConversationID, of user: UserID) async throws -> Conversation? {
        try await store.conversations.conversations([conversation], reader: user).first
    }

    func history(_ conversation: ConversationID, of user: UserID) async throws -> [Message] {
        try await store.messages.history(conversation: conversation, bound: .after(0), limit: 100_000, reader: user)
            .messages
    }
}

/// Expects a refusal of one code.
func expectRefusal(
    _ code: ErrorCode,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("expected \(code), but it was done", sourceLocation: sourceLocation)
    } catch let error as ChatError {
        #expect(error.code == code, sourceLocation: sourceLocation)
    } catch {
        Issue.record("expected \(code), got \(error)", sourceLocation: sourceLocation)
    }
}

/// A small generator that gives the same numbers everywhere (Vigna's SplitMix64).
struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// 32 bytes that differ where their input differs. No cryptography: stores only compare them.
package enum TestDigest {
    @Sendable package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for lane in 0..<4 as Range<UInt64> {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325 &+ lane &* 0x9E37_79B9_7F4A_7C15
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            var mixed = SplitMix64(seed: hash)
            let word = mixed.next()
            result += (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
        return result
    }
}
