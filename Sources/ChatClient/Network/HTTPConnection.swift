// The inside of ``ChatHTTPClient``: a queue of requests over one connection that is opened anew when it is gone.

import DequeModule
import NIOCore
import NIOHTTP1
import NIOPosix

/// A request of the client.
struct HTTPExchange: Sendable {
    var head: HTTPRequestHead
    var body: [UInt8]?
    var timeout: TimeAmount
}

/// One connection at a time. Everything here happens on one event loop.
final class HTTPConnection {
    private struct Pending {
        var id: UInt64
        var exchange: HTTPExchange
        var promise: EventLoopPromise<HTTPAnswer>
    }

    private let loop: any EventLoop
    private let host: String
    private let port: Int
    private var queue: Deque<Pending> = []
    private var current: Pending?
    private var channel: (any Channel)?
    private var isConnecting = false
    private var lastID: UInt64 = 0

    init(loop: any EventLoop, host: String, port: Int) {
        self.loop = loop
        self.host = host
        self.port = port
    }

    func request(_ exchange: HTTPExchange) -> EventLoopFuture<HTTPAnswer> {
        let promise = loop.makePromise(of: HTTPAnswer.self)
        lastID += 1
        let id = lastID
        queue.append(Pending(id: id, exchange: exchange, promise: promise))
        let timeout = loop.assumeIsolated().scheduleTask(in: exchange.timeout) { self.timedOut(id) }
        promise.futureResult.assumeIsolated().whenComplete { _ in timeout.cancel() }
        advance()
        return promise.futureResult
    }

    func close() {
        channel?.close(promise: nil)
        channel = nil
    }

    private func advance() {
        guard current == nil, !queue.isEmpty else { return }
        guard let channel, channel.isActive else {
            connect()
            return
        }
        guard let next = queue.popFirst() else { return }
        current = next
        channel.write(HTTPClientRequestPart.head(next.exchange.head), promise: nil)
        if let body = next.exchange.body {
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }

    private func connect() {
        guard !isConnecting else { return }
        isConnecting = true
        ClientBootstrap(group: loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connect(host: host, port: port)
            .assumeIsolated()
            .whenComplete { result in
                self.isConnecting = false
                do {
                    let channel = try result.get()
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(HTTPAnswerHandler(self, channel))
                    self.channel = channel
                    self.advance()
                } catch {
                    self.queue.popFirst()?.promise.fail(error)
                    self.advance()
                }
            }
    }

    /// An answer is whole.
    fileprivate func answered(_ answer: HTTPAnswer, keepAlive: Bool) {
        let done = current
        current = nil
        if !keepAlive { close() }
        done?.promise.succeed(answer)
        advance()
    }

    /// A connection is gone.
    fileprivate func lost(_ lost: any Channel) {
        guard channel === lost || channel == nil else { return }
        channel = nil
        // Whether the server has done what was asked is not known: that is the caller's to find out.
        let done = current
        current = nil
        done?.promise.fail(CommandFailure.lost)
        advance()
    }

    private func timedOut(_ id: UInt64) {
        if current?.id == id {
            // Its answer may still come, so the connection cannot be used any more.
            let done = current
            current = nil
            close()
            done?.promise.fail(ChatClientError.timedOut)
            advance()
        } else if let index = queue.firstIndex(where: { $0.id == id }) {
            queue.remove(at: index).promise.fail(ChatClientError.timedOut)
        }
    }
}

/// Puts answers together.
private final class HTTPAnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let connection: HTTPConnection
    private let channel: any Channel
    private var answer: HTTPAnswer?
    private var keepAlive = true

    init(_ connection: HTTPConnection, _ channel: any Channel) {
        self.connection = connection
        self.channel = channel
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            keepAlive = head.isKeepAlive
            answer = HTTPAnswer(
                status: Int(head.status.code),
                headers: head.headers.map { (name: $0.name, value: $0.value) },
                body: []
            )
        case .body(let buffer):
            answer?.body += Array(buffer: buffer)
        case .end:
            guard let answer, answer.status >= 200 else { return }
            self.answer = nil
            connection.answered(answer, keepAlive: keepAlive)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.lost(channel)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
