// The Swift client: one connection that keeps itself up, with an asynchronous API around the state machine.

public import ChatProtocol
public import NIOCore
public import NIOPosix
import Synchronization

/// A client of a VibeTalk server.
///
/// It reconnects and resumes by itself, keeps copies of the user's conversations up to date, and sends what is in its
/// outbox exactly once. All of that is decided by ``ClientStateMachine``; this type adds a socket, a timer and `async`.
/// Call ``close()`` when it is not needed any more.
public final class ChatClient: Sendable {
    let loop: any EventLoop
    let driver: NIOLoopBoundBox<ClientDriver>
    private let lastTicket = Atomic<Ticket>(0)

    /// Creates a client; it does nothing until ``connect(token:timeout:)``.
    /// - Parameters:
    ///   - host: The server's name or address.
    ///   - port: Its port.
    ///   - configuration: How the client behaves.
    ///   - headers: Fields of the upgrade request besides the necessary ones (`Cookie`, `Origin`).
    ///   - snapshot: What a former client held.
    ///   - group: Where the event loop comes from.
    ///   - refresh: Gets a fresh token after the server has refused the former one; without, the client stops.
    ///   - observer: Sees every event at once, on the event loop: it must not block.
    public init(
        host: String,
        port: Int,
        configuration: ClientConfiguration = ClientConfiguration(),
        headers: [(String, String)] = [],
        snapshot: ClientSnapshot? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        refresh: (@Sendable () async -> String?)? = nil,
        observer: (@Sendable (ClientEvent) -> Void)? = nil
    ) {
        loop = group.next()
        driver = .makeBoxSendingValue(
            ClientDriver(
                loop: loop,
                endpoint: WebSocketEndpoint(host: host, port: port, headers: headers),
                machine: ClientStateMachine(configuration: configuration, snapshot: snapshot),
                refresh: refresh,
                observer: observer
            ),
            eventLoop: loop
        )
    }

    // MARK: The connection

    /// Connects, and returns once the server has greeted. The client stays connected until ``disconnect()``.
    /// - Parameters:
    ///   - token: The access token; `nil` keeps the former one, or relies on the cookie.
    ///   - timeout: How long to wait for the greeting; the client goes on trying afterwards.
    /// - Throws: ``ChatClientError``.
    public func connect(token: String?, timeout: Duration = .seconds(20)) async throws {
        run { $0.take(.connect(token: token)) }
        try await waitUntil(timeout: timeout) { state in
            switch state.connection {
            case .online, .stopped: true
            default: false
            }
        }
        if case .stopped(let reason) = try await read({ $0.connection }) { throw ChatClientError.stopped(reason) }
    }

    /// Closes the connection and stays away. The outbox and the copies stay.
    public func disconnect() async throws {
        try await perform { $0.take(.disconnect) }
    }

    /// Cuts the connection without a word, as a failing network does. The client reconnects.
    public func drop() async throws {
        try await perform { $0.drop() }
    }

    /// The end: disconnects, fails whatever waits. Returns when the socket is closed.
    public func close() async {
        let driver = driver
        // However the socket ended, it has ended.
        try? await loop.flatSubmit { driver.value.close() }.get()
    }

    // MARK: What can be seen

    /// What happens from now on. A reader that is slower than 8,192 events loses the oldest and should look at
    /// ``replica(of:)``.
    public var events: AsyncStream<ClientEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ClientEvent.self,
            bufferingPolicy: .bufferingNewest(8_192)
        )
        let ticket = nextTicket()
        run { $0.subscribe(ticket, continuation) }
        continuation.onTermination = { [weak self] _ in self?.run { $0.unsubscribe(ticket) } }
        return stream
    }

    /// Reads something of the client's state.
    public func read<Value: Sendable>(_ body: @escaping @Sendable (ClientStateMachine) -> Value) async throws -> Value {
        let driver = driver
        return try await loop.submit { body(driver.value.machine) }.get()
    }

    /// The copy of a conversation, if rows are kept and it is known.
    public func replica(of conversation: ConversationID) async throws -> ConversationReplica? {
        try await read { $0.replica(of: conversation) }
    }

    /// Returns as soon as the client's state is as wanted; it is looked at after everything that happens.
    /// - Throws: ``ChatClientError/timedOut``.
    public func waitUntil(
        timeout: Duration = .seconds(20),
        _ isReached: @escaping @Sendable (ClientStateMachine) -> Bool
    ) async throws {
        let ticket = nextTicket()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                run { driver in
                    driver.wait(ticket: ticket, timeout: TimeAmount(timeout), until: isReached) {
                        continuation.resume(with: $0)
                    }
                }
            }
        } onCancel: {
            run { $0.abandon(ticket) }
        }
    }

    /// Asks the server for something and returns the content of `ok`.
    ///
    /// Without a connection the command waits for one; a `send` survives any number of connections, other commands that
    /// cannot be repeated fail with ``CommandFailure/lost`` if the connection goes before the answer. Cancelling the
    /// task does not take the command back.
    /// - Throws: ``CommandFailure``, ``ChatClientError/closed``.
    public func command(_ command: Command) async throws -> JSON {
        let ticket = nextTicket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<JSON, any Error>) in
                run { driver in
                    driver.command(command, ticket: ticket) { continuation.resume(with: $0) }
                }
            }
        } onCancel: {
            run { $0.abandon(ticket) }
        }
    }

    // MARK: The event loop

    private func nextTicket() -> Ticket {
        lastTicket.add(1, ordering: .relaxed).newValue
    }

    private func run(_ body: @escaping @Sendable (ClientDriver) -> Void) {
        let driver = driver
        loop.execute { body(driver.value) }
    }

    private func perform(_ body: @escaping @Sendable (ClientDriver) -> Void) async throws {
        let driver = driver
        try await loop.submit { body(driver.value) }.get()
    }
}

/// Why a client cannot go on.
public enum ChatClientError: Error, Sendable, Equatable {
    /// What was waited for did not come in time.
    case timedOut
    /// The client has given up.
    case stopped(StopReason)
    /// The client was closed.
    case closed
    /// The server did not upgrade to a WebSocket of this protocol.
    case notUpgraded
}
