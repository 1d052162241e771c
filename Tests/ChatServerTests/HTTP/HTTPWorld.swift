// The HTTP interface on a real port and a real SQLite store, with a clock that tests can move: for tests of calls alone. What
// needs WebSockets too starts a whole node.
import ChatCore
import ChatHTTP
import ChatProtocol
import ChatSQLite
import ChatSecurity
import Foundation
import Hummingbird
import Logging
import Synchronization
import Testing

/// A server of calls, and people who call.
struct HTTPWorld: Sendable {
    let probe: HTTPProbe
    let admin: HTTPProbe
    let store: SQLiteStore
    let routes: [RouteName]
    let adminRoutes: [RouteName]
    let clock: MovableClock
    /// The origin of the server's own pages.
    let origin: String
    let isReady: Flag
    private let isStoreOpen: Flag
    private let handles = Counting()

    /// Runs a test against a server of its own.
    static func with(
        limits changes: [String: Int64] = [:],
        origins: OriginPolicy = OriginPolicy(),
        proxies: [String] = [],
        signUp: SignUpPolicy = .open,
        _ body: (HTTPWorld) async throws -> Void
    ) async throws {
        var limits = Limits()
        // Tests make accounts and messages faster than people do.
        for name in ["accountsPerHourPerAddress", "signInsPerMinutePerAddress", "messagesPerSecond"] {
            try limits.set(name, to: 0)
        }
        for (name, value) in changes { try limits.set(name, to: value) }
        let folder = "/tmp/vibetalk-http-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // A temporary folder.
        let clock = MovableClock()
        let environment = clock.environment
        let store = try SQLiteStore.open(path: folder + "/chat.sqlite", environment: environment, limits: limits)
        let (isReady, isStoreOpen) = (Flag(), Flag())
        let parts = parts(store, limits, environment, origins, proxies, signUp, isReady)
        let main = HTTPInterface(parts)
        let admin = HTTPInterface(admin: parts, metricsText: { "vibetalk_up 1\n" })
        try await serving(main) { port in
            try await serving(admin) { adminPort in
                let world = HTTPWorld(
                    probe: HTTPProbe(port: port),
                    admin: HTTPProbe(port: adminPort),
                    store: store,
                    routes: main.routeNames,
                    adminRoutes: admin.routeNames,
                    clock: clock,
                    origin: "http://127.0.0.1:\(port)",
                    isReady: isReady,
                    isStoreOpen: isStoreOpen
                )
                try await body(world)
            }
        }
        if isStoreOpen.value { try await store.close() }
    }

    /// Takes the store away, as an operator's mistake or a full disk would.
    func closeStore() async throws {
        isStoreOpen.value = false
        try await store.close()
    }

    private static func parts(
        _ store: SQLiteStore,
        _ limits: Limits,
        _ environment: ChatCore.Environment,
        _ origins: OriginPolicy,
        _ proxies: [String],
        _ signUp: SignUpPolicy,
        _ isReady: Flag
    ) -> HTTPParts {
        let stores = Stores(
            messages: store,
            conversations: store,
            memberships: store,
            accounts: store,
            sessions: store,
            epoch: store.epoch
        )
        let rates = RateLimiter()
        let chat = Chat(
            stores: stores,
            limits: limits,
            environment: environment,
            writers: Writers(
                node: "test",
                store: store,
                monotonic: environment.monotonic,
                publish: { _ in },
                inspect: { _ in }
            ),
            rates: rates,
            publish: { _ in }
        )
        let accounts = Accounts(
            stores: stores,
            limits: limits,
            environment: environment,
            hasher: .argon2(Argon2.Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)),
            mac: { Authenticator.code(key: store.secret, message: $0) },
            rates: rates,
            signUpPolicy: signUp,
            publish: { _ in }
        )
        return HTTPParts(
            chat: chat,
            accounts: accounts,
            origins: origins,
            proxies: TrustedProxies(proxies),
            description: {
                ServerInfo(name: "Test", version: "0", epoch: store.epoch, signUp: .open, limits: limits.asDictionary)
            },
            isReady: { isReady.value },
            logger: quiet
        )
    }

    private static var quiet: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }

    /// Serves on a free port while the body runs.
    private static func serving(_ interface: HTTPInterface, _ body: (Int) async throws -> Void) async throws {
        let started = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            responder: interface,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                started.continuation.yield(channel.localAddress?.port ?? 0)
                started.continuation.finish()
            },
            logger: quiet
        )
        // Ended by the cancellation below.
        let task = Task { try await application.run() }
        defer { task.cancel() }
        var port: Int?
        for await number in started.stream { port = number }
        try await body(try #require(port))
    }
}

// MARK: - People

/// Somebody with a session.
struct Person: Sendable {
    var id: UserID
    var handle: String
    var session: SessionID
    var token: String
    var refreshToken: String
    var email: String { "\(handle)@example.org" }
    static let password = "correct horse battery"
}

extension HTTPWorld {
    /// Somebody new.
    func person(_ name: String = "Somebody") async throws -> Person {
        let handle = "person\(handles.next())"
        let answer = try await call(
            "POST",
            "/v1/accounts",
            json:
                #"{"email":"\#(handle)@example.org","handle":"\#(handle)","name":"\#(name)","password":"\#(Person.password)"}"#
        )
        try #require(answer.status == 201, "\(answer.text)")
        return try person(answer.decoded(), handle: handle)
    }

    /// A further session of somebody.
    func signIn(_ person: Person) async throws -> Person {
        let answer = try await call(
            "POST",
            "/v1/sessions",
            json: #"{"email":"\#(person.handle)","password":"\#(Person.password)"}"#
        )
        try #require(answer.status == 201, "\(answer.text)")
        return try self.person(answer.decoded(), handle: person.handle)
    }

    private func person(_ signedIn: SignedIn, handle: String) throws -> Person {
        Person(
            id: signedIn.user.id,
            handle: handle,
            session: signedIn.session.id,
            token: try #require(signedIn.session.accessToken),
            refreshToken: try #require(signedIn.session.refreshToken)
        )
    }

    /// A conversation of a kind with members.
    func conversation(
        _ kind: String,
        by owner: Person,
        with members: [Person] = [],
        name: String? = "Name",
        isPublic: Bool? = nil
    ) async throws -> ConversationID {
        var fields = ["\"kind\":\"\(kind)\"", "\"members\":[\(members.map { "\"\($0.id)\"" }.joined(separator: ","))]"]
        if let name, kind != "direct" { fields.append("\"name\":\"\(name)\"") }
        if let isPublic { fields.append("\"public\":\(isPublic)") }
        let answer = try await call("POST", "/v1/conversations", by: owner, json: "{\(fields.joined(separator: ","))}")
        try #require(answer.status == 201, "\(answer.text)")
        return try answer.decoded(Conversation.self).id
    }

    /// Posts a message. - Returns: its number.
    @discardableResult
    func post(_ body: String, in conversation: ConversationID, by person: Person) async throws -> Int64 {
        let answer = try await call(
            "POST",
            "/v1/conversations/\(conversation)/messages",
            by: person,
            json: #"{"nonce":"n\#(handles.next())","body":"\#(body)"}"#
        )
        try #require(answer.status == 201, "\(answer.text)")
        return try answer.decoded(Message.self).seq
    }

    /// A call with a token and a JSON body, as a program makes it.
    func call(
        _ method: String,
        _ path: String,
        by person: Person? = nil,
        headers: [(String, String)] = [],
        json: String? = nil
    ) async throws -> HTTPProbe.Answer {
        var headers = headers
        if let person { headers.append(("Authorization", "Bearer \(person.token)")) }
        if json != nil { headers.append(("Content-Type", "application/json")) }
        return try await probe.call(method, path, headers: headers, body: json.map { Array($0.utf8) })
    }

    /// The description, as it is served.
    func document() async throws -> OpenAPIDocument {
        OpenAPIDocument(try await probe.call("GET", "/openapi.yaml").text)
    }
}

// MARK: - Parts

/// A time that stands still but for tests that move it, so that how fast the machine is decides nothing. The wall clock goes
/// on by a millisecond at each look, so that identifiers differ.
final class MovableClock: Sendable {
    private let system = ChatCore.Environment.system()
    private let start = ChatCore.Environment.system().now()
    private let looks = Counting()
    private let offset = Mutex<Int64>(0)

    func advance(seconds: Int64) { offset.withLock { $0 += seconds * 1_000 } }

    var environment: ChatCore.Environment {
        ChatCore.Environment(
            now: { [self] in
                let looks = Int64(looks.next())
                return start + looks + offset.withLock { $0 }
            },
            monotonic: { [self] in 1_000_000 + offset.withLock { $0 } },
            random: system.random,
            digest: system.digest
        )
    }
}

final class Counting: Sendable {
    private let number = Mutex(0)
    func next() -> Int {
        number.withLock { number in
            number += 1
            return number
        }
    }
}

final class Flag: Sendable {
    private let state = Mutex(true)
    var value: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
