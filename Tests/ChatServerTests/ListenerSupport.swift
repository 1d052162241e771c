// A listener on a free port, with a small router and an echo behind it, and raw TCP clients for it.
import ChatGateway
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

@testable import ChatServer

/// A running listener.
struct ListenerBench: Sendable {
    let port: Int
    let connections: ConnectionCount
    let handshakes: Recorder<Handshake>
    let events: Recorder<String>
    /// Begins the graceful shutdown.
    let shutDown: @Sendable () async -> Void
    /// Lets a request for `/wait` be answered.
    let release: AsyncStream<Void>.Continuation

    static let securityHeaders = [
        ("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'"),
    ]

    /// The usual bounds.
    static var usual: ListenerConfiguration {
        var configuration = ListenerConfiguration(maxConnections: 1_000)
        configuration.securityHeaders = self.securityHeaders
        return configuration
    }

    /// The same for a busy machine: a request may come in many packets, and take minutes.
    static var configuration: ListenerConfiguration {
        var configuration = self.usual
        configuration.headerTimeout = .minutes(5)
        configuration.bodyWindow = .minutes(5)
        configuration.idleTimeout = .minutes(5)
        return configuration
    }

    /// Runs a listener around a test.
    static func with(
        _ configuration: ListenerConfiguration = Self.configuration,
        admission: WebSocketAdmission = .accept,
        saysGoodbye: Bool = true,
        _ body: @escaping @Sendable (ListenerBench) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let connections = ConnectionCount()
        let handshakes = Recorder<Handshake>()
        let events = Recorder<String>()
        let (waiting, release) = AsyncStream<Void>.makeStream()
        let (ports, portFound) = AsyncStream<Int>.makeStream()
        let application = WebSocketApplication(
            admit: { _, _ in admission },
            install: { channel, socket, handshake in
                handshakes.append(handshake)
                try channel.pipeline.syncOperations.addHandler(
                    ListenerEcho(socket: socket, events: events, saysGoodbye: saysGoodbye)
                )
            }
        )
        var logger = Logger(label: "listener")
        logger.logLevel = .critical
        let app = Application(
            router: Self.router(waiting, events),
            server: ListenerChannel.server(
                configuration: configuration,
                application: application,
                timers: LoopTimersByLoop(group: group, resolution: .milliseconds(10)),
                connections: connections
            ),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in portFound.yield(channel.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(group),
            logger: logger
        )
        let services = ServiceGroup(configuration: .init(services: [app], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await services.run() }
            var found = ports.makeAsyncIterator()
            let port = await found.next() ?? 0
            let bench = ListenerBench(
                port: port,
                connections: connections,
                handshakes: handshakes,
                events: events,
                shutDown: { await services.triggerGracefulShutdown() },
                release: release
            )
            do {
                try await body(bench)
            } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
            await services.triggerGracefulShutdown()
            try await tasks.waitForAll()
            await connections.drained()
        }
    }

    private static func router(
        _ waiting: AsyncStream<Void>,
        _ events: Recorder<String>
    ) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("hello") { _, _ in "hello" }
        router.post("count") { request, _ in
            var count = 0
            for try await piece in request.body { count += piece.readableBytes }
            return "\(count)"
        }
        // Tells whether it got its whole body.
        router.post("record") { request, _ in
            do {
                for try await _ in request.body { events.append("began") }
                events.append("whole")
            } catch {
                events.append("failed")
                throw error
            }
            return "recorded"
        }
        // Answers without reading its body.
        router.post("deaf") { _, _ in "deaf" }
        router.get("wait") { _, _ in
            for await _ in waiting { break }
            return "waited"
        }
        return router
    }
}

/// A list that grows from anywhere.
final class Recorder<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func append(_ element: Element) { self.elements.withLock { $0.append(element) } }

    var all: [Element] { self.elements.withLock { $0 } }
}

/// The application behind the listener's WebSockets in tests.
final class ListenerEcho: ChannelInboundHandler {
    typealias InboundIn = WebSocketInbound

    private let socket: WebSocketHandler
    private let events: Recorder<String>
    private let saysGoodbye: Bool

    init(socket: WebSocketHandler, events: Recorder<String>, saysGoodbye: Bool) {
        self.socket = socket
        self.events = events
        self.saysGoodbye = saysGoodbye
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch ListenerEcho.unwrapInboundIn(data) {
        case .text(let payload): self.socket.send(.text(payload))
        case .closed(let code): self.events.append("closed \(code.map(String.init) ?? "-")")
        case .binary, .ping, .pong: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is WebSocketEvent else { return }
        self.events.append("quiescing")
        if self.saysGoodbye {
            self.socket.send(.text(ByteBuffer(string: "goodbye")))
            self.socket.send(.close(code: 4203, reason: "{}"))
        }
    }
}

/// A raw connection to the listener; used by one task.
final class ListenerClient {
    let channel: any Channel
    private var incoming: AsyncStream<ByteBuffer>.AsyncIterator
    private var received = ByteBuffer()

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let continuation: AsyncStream<ByteBuffer>.Continuation

        init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.continuation.yield(Collector.unwrapInboundIn(data))
        }

        func channelInactive(context: ChannelHandlerContext) { self.continuation.finish() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    init(port: Int) async throws {
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
        self.channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        self.incoming = stream.makeAsyncIterator()
    }

    /// An answer as it came.
    struct Answer: Sendable {
        var status: Int
        var fields: [(name: String, value: String)]
        var body: String

        func all(_ name: String) -> [String] {
            self.fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        }

        subscript(_ name: String) -> String? { self.all(name).first }
    }

    func send(_ text: String) async throws { try await self.send(Array(text.utf8)) }

    /// Sends each byte in a packet of its own.
    func sendBytewise(_ text: String) {
        for byte in text.utf8 {
            self.channel.writeAndFlush(ByteBuffer(integer: byte), promise: nil)
        }
    }

    func send(_ bytes: [UInt8]) async throws { try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes)) }

    /// The next answer; nil at the end of the connection.
    func answer(toHead: Bool = false) async -> Answer? {
        guard let line = await self.line() else { return nil }
        var answer = Answer(status: Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0, fields: [], body: "")
        while let field = await self.line(), !field.isEmpty {
            let parts = field.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            answer.fields.append((String(parts[0]), parts[1].drop { $0 == " " }.description))
        }
        guard !toHead, answer.status >= 200 else { return answer }
        let length = Int(answer["Content-Length"] ?? "0") ?? 0
        while self.received.readableBytes < length {
            guard await self.fill() else { break }
        }
        answer.body = self.received.readString(length: min(length, self.received.readableBytes)) ?? ""
        return answer
    }

    /// The next text frame or close code of the server.
    func frame() async -> String? {
        while self.received.readableBytes < 2 {
            guard await self.fill() else { return nil }
        }
        let first = self.received.readInteger(as: UInt8.self) ?? 0
        let length = Int(self.received.readInteger(as: UInt8.self) ?? 0)
        while self.received.readableBytes < length {
            guard await self.fill() else { return nil }
        }
        if first & 0x0F == 8 {
            let code = self.received.readInteger(as: UInt16.self) ?? 0
            _ = self.received.readSlice(length: length - 2)
            return "close \(code)"
        }
        return self.received.readString(length: length)
    }

    /// Waits for the end; what came until then.
    @discardableResult
    func rest() async -> String {
        while await self.fill() {}
        return self.received.readString(length: self.received.readableBytes) ?? ""
    }

    private func line() async -> String? {
        while true {
            if let end = self.received.readableBytesView.firstIndex(of: 10) {
                let text = self.received.readString(length: end - self.received.readerIndex + 1) ?? ""
                // CR and LF are one Character.
                return String(text.dropLast())
            }
            guard await self.fill() else { return nil }
        }
    }

    private func fill() async -> Bool {
        guard var bytes = await self.incoming.next(isolation: #isolation) else { return false }
        self.received.writeBuffer(&bytes)
        return true
    }
}

/// A masked client frame.
func listenerFrame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let key: [UInt8] = [1, 2, 3, 4]
    return [0x80 | opcode, 0x80 | UInt8(payload.count)] + key + payload.enumerated().map { $1 ^ key[$0 & 3] }
}

/// A good handshake, as a list of lines that a test may change.
func handshake(
    _ start: String = "GET /v1/ws HTTP/1.1",
    without: Set<String> = [],
    adding: [String] = []
) -> String {
    let fields = [
        "Host: chat.example:8080", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: vibetalk.v1",
    ]
    let kept = fields.filter { field in !without.contains { field.hasPrefix($0 + ":") } }
    return ([start] + kept + adding + ["", ""]).joined(separator: "\r\n")
}
