// Drives a state machine on one event loop: performs its actions, feeds it what happens, serves those who wait.

import ChatProtocol
import DequeModule
import NIOCore

/// A state machine with a socket and a timer. Everything here happens on one event loop.
final class ClientDriver {
    /// Somebody who waits for a state.
    private struct Waiter {
        var isReached: (ClientStateMachine) -> Bool
        var resume: (Result<Void, any Error>) -> Void
    }

    private let loop: any EventLoop
    private let endpoint: WebSocketEndpoint
    private let refresh: (@Sendable () async -> String?)?
    private let observer: (@Sendable (ClientEvent) -> Void)?

    private(set) var machine: ClientStateMachine
    private var random = SystemRandomNumberGenerator()
    private var inputs: Deque<ClientInput> = []
    private var isHandling = false
    private var isClosed = false

    private var socket: SocketID = 0
    private var channel: (any Channel)?
    private var isUpgraded = false
    private var handler: WebSocketClientHandler?
    private var hasWritten = false
    private var wakeUp: Scheduled<Void>?

    private var results: [Ticket: (Result<JSON, any Error>) -> Void] = [:]
    private var waiters: [Ticket: Waiter] = [:]
    private var subscribers: [Ticket: AsyncStream<ClientEvent>.Continuation] = [:]

    init(
        loop: any EventLoop,
        endpoint: WebSocketEndpoint,
        machine: ClientStateMachine,
        refresh: (@Sendable () async -> String?)?,
        observer: (@Sendable (ClientEvent) -> Void)?
    ) {
        self.loop = loop
        self.endpoint = endpoint
        self.machine = machine
        self.refresh = refresh
        self.observer = observer
    }

    // MARK: What the client asks for

    /// Something has happened. What happens while actions are performed waits for its turn.
    func take(_ input: ClientInput) {
        inputs.append(input)
        guard !isHandling else { return }
        isHandling = true
        while let next = inputs.popFirst() {
            let now = Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000)
            for action in machine.handle(next, now: now, random: &random) { perform(action) }
        }
        isHandling = false
        if hasWritten {
            hasWritten = false
            channel?.flush()
        }
        checkWaiters()
    }

    func command(_ command: Command, ticket: Ticket, resume: @escaping (Result<JSON, any Error>) -> Void) {
        guard !isClosed else {
            resume(.failure(ChatClientError.closed))
            return
        }
        results[ticket] = resume
        take(.command(ticket, command))
    }

    /// Nobody wants the result any more.
    func abandon(_ ticket: Ticket) {
        results.removeValue(forKey: ticket)?(.failure(CancellationError()))
        waiters.removeValue(forKey: ticket)?.resume(.failure(CancellationError()))
    }

    func wait(
        ticket: Ticket,
        timeout: TimeAmount,
        until isReached: @escaping (ClientStateMachine) -> Bool,
        resume: @escaping (Result<Void, any Error>) -> Void
    ) {
        if isReached(machine) {
            resume(.success(()))
            return
        }
        guard !isClosed else {
            resume(.failure(ChatClientError.closed))
            return
        }
        waiters[ticket] = Waiter(isReached: isReached, resume: resume)
        loop.assumeIsolated().scheduleTask(in: timeout) {
            self.waiters.removeValue(forKey: ticket)?.resume(.failure(ChatClientError.timedOut))
        }
    }

    func subscribe(_ ticket: Ticket, _ continuation: AsyncStream<ClientEvent>.Continuation) {
        if isClosed { continuation.finish() } else { subscribers[ticket] = continuation }
    }

    func unsubscribe(_ ticket: Ticket) { subscribers[ticket] = nil }

    /// Cuts the connection without a word.
    func drop() { channel?.close(promise: nil) }

    /// The end: says good-bye to the server, fails whoever waits. Answers when the socket is closed.
    func close() -> EventLoopFuture<Void> {
        let channel = self.channel
        take(.disconnect)
        isClosed = true
        wakeUp?.cancel()
        for (_, resume) in results { resume(.failure(ChatClientError.closed)) }
        for (_, waiter) in waiters { waiter.resume(.failure(ChatClientError.closed)) }
        for (_, subscriber) in subscribers { subscriber.finish() }
        results = [:]
        waiters = [:]
        subscribers = [:]
        guard let channel else { return loop.makeSucceededVoidFuture() }
        // However the channel ends, it has ended.
        return channel.closeFuture.recover { _ in }
    }

    // MARK: Actions

    private func perform(_ action: ClientAction) {
        switch action {
        case .open(let socket): open(socket)
        case .send(let socket, let frame): send(frame, on: socket)
        case .close(let socket, let code): close(socket, code)
        case .wake(let time): wake(at: time)
        case .needToken: refreshToken()
        case .result(let ticket, let result):
            results.removeValue(forKey: ticket)?(result.mapError { $0 as any Error })
        case .deliver(let event):
            observer?(event)
            for (_, subscriber) in subscribers { subscriber.yield(event) }
        }
    }

    private func open(_ socket: SocketID) {
        self.socket = socket
        channel = nil
        isUpgraded = false
        let timeout = TimeAmount.milliseconds(machine.configuration.connectTimeoutMs)
        endpoint.dial(on: loop, timeout: timeout).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel): self.upgrade(channel, for: socket)
            case .failure: self.take(.failed(socket))
            }
        }
    }

    private func upgrade(_ channel: any Channel, for socket: SocketID) {
        guard self.socket == socket, !isClosed else {
            channel.close(promise: nil)
            return
        }
        self.channel = channel
        let handler = WebSocketClientHandler { [weak self] report in self?.take(report, from: socket) }
        self.handler = handler
        do {
            let upgraded = try endpoint.upgrade(channel, handler: NIOLoopBound(handler, eventLoop: loop))
            upgraded.assumeIsolated().whenComplete { result in
                guard self.socket == socket else { return }
                switch result {
                case .success:
                    self.isUpgraded = true
                    self.take(.opened(socket))
                case .failure:
                    self.channel = nil
                    channel.close(promise: nil)
                    self.take(.failed(socket))
                }
            }
        } catch {
            channel.close(promise: nil)
            take(.failed(socket))
        }
    }

    private func take(_ report: SocketReport, from socket: SocketID) {
        guard socket == self.socket else { return }
        switch report {
        case .text(let buffer):
            do {
                let json = try buffer.withUnsafeReadableBytes { bytes in try JSONParser.parse(bytes) }
                take(.frame(socket, try ServerFrame(json: json)))
            } catch {
                take(.malformed(socket))
            }
        case .heard: take(.heard(socket))
        case .malformed: take(.malformed(socket))
        case .closed(let code, let reason):
            channel = nil
            take(.closed(socket, code: code, reason: reason))
        }
    }

    private func send(_ frame: CommandFrame, on socket: SocketID) {
        guard socket == self.socket, let channel, let handler else { return }
        let bytes = frame.encoded()
        if let limit = machine.welcome?.limits["frameBytes"], limit > 0, bytes.count > limit {
            // The server would close the connection, again and again.
            let error = ErrorBody(code: .tooLarge, message: "The frame would be larger than frameBytes.")
            inputs.append(.frame(socket, .reply(ReplyFrame(re: frame.id, result: .failure(error)))))
            return
        }
        handler.writeText(bytes, channel: channel)
        hasWritten = true
    }

    private func close(_ socket: SocketID, _ code: CloseCode) {
        guard socket == self.socket else { return }
        if let channel, let handler, isUpgraded {
            handler.close(code, channel: channel)
        } else {
            channel?.close(promise: nil)
        }
        channel = nil
        handler = nil
        self.socket = 0
    }

    private func wake(at time: Int64) {
        wakeUp?.cancel()
        guard !isClosed else { return }
        wakeUp = loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(UInt64(max(0, time)) * 1_000_000)) {
            self.take(.wake)
        }
    }

    private func refreshToken() {
        guard let refresh else {
            inputs.append(.token(nil))
            return
        }
        let box = NIOLoopBound(self, eventLoop: loop)
        let loop = loop
        // Ends by itself: with the token, or without one.
        Task {
            let token = await refresh()
            loop.execute { box.value.take(.token(token)) }
        }
    }

    private func checkWaiters() {
        guard !waiters.isEmpty else { return }
        for (ticket, waiter) in waiters where waiter.isReached(machine) {
            waiters.removeValue(forKey: ticket)?.resume(.success(()))
        }
    }
}
