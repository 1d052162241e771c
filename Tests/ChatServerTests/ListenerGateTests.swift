// The gate between NIO's parser and an application that answers when it is told to, in a channel without a socket: who
// is too slow, and what becomes of answers that are late or early, with the time moved by hand.
import ChatGateway
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import ChatServer

@Suite("Listener: gate")
struct ListenerGateTests {
    /// A connection whose application does nothing by itself.
    final class Bench {
        let loop = EmbeddedEventLoop()
        let channel: EmbeddedChannel
        let application = Application()

        /// Records requests and answers them at will.
        final class Application: ChannelInboundHandler {
            typealias InboundIn = HTTPServerRequestPart
            typealias OutboundOut = HTTPServerResponsePart

            var heads: [String] = []
            var ends = 0
            var errors = 0
            var context: ChannelHandlerContext?

            func handlerAdded(context: ChannelHandlerContext) { self.context = context }

            func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                switch Application.unwrapInboundIn(data) {
                case .head(let head): self.heads.append(head.uri)
                case .body: break
                case .end: self.ends += 1
                }
            }

            func errorCaught(context: ChannelHandlerContext, error: any Error) { self.errors += 1 }

            func answer(_ text: String) {
                let headers: HTTPHeaders = ["Content-Length": "\(text.utf8.count)"]
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
                self.context?.write(Application.wrapOutboundOut(.head(head)), promise: nil)
                self.context?.write(
                    Application.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))),
                    promise: nil
                )
                self.context?.writeAndFlush(Application.wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        init() throws {
            self.channel = EmbeddedChannel(loop: self.loop)
            let gate = RequestGate(
                configuration: ListenerBench.usual,
                application: WebSocketApplication(admit: { _, _ in .accept }, install: { _, _, _ in }),
                timers: LoopTimers(eventLoop: self.loop)
            )
            try self.channel.pipeline.syncOperations.addHandlers(
                HTTPResponseEncoder(),
                ByteWatch(gate: gate),
                ByteToMessageHandler(HTTPRequestDecoder()),
                gate,
                self.application
            )
            try self.channel.connect(to: SocketAddress(unixDomainSocketPath: "/bench")).wait()
            // As a socket does: it is read from at once, and again after each time.
            self.channel.read()
        }

        func receive(_ text: String) throws {
            try self.channel.writeInbound(ByteBuffer(string: text))
            self.channel.read()
        }

        /// What was sent since the last call.
        func sent() throws -> String {
            var text = ""
            while let bytes = try self.channel.readOutbound(as: ByteBuffer.self) {
                text += String(buffer: bytes)
            }
            return text
        }

        /// The statuses that were sent since the last call.
        func statuses() throws -> [String] {
            try self.sent().split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
        }

        var isOpen: Bool { self.channel.isActive }

        /// Lets time pass as it does: in small steps.
        func pass(_ time: TimeAmount) {
            for _ in 0..<(time.nanoseconds / 100_000_000) {
                self.loop.advanceTime(by: .milliseconds(100))
            }
        }
    }

    static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    static let post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"

    @Test("who says nothing is hung up on after ten seconds, without a word")
    func silent() throws {
        let bench = try Bench()
        bench.pass(.milliseconds(9_900))
        #expect(bench.isOpen)
        bench.pass(.milliseconds(400))
        #expect(!bench.isOpen)
        #expect(try bench.sent() == "")
    }

    @Test("a header has ten seconds, however it trickles", arguments: [true, false])
    func slowHeader(isFirst: Bool) throws {
        let bench = try Bench()
        if !isFirst {
            try bench.receive(Self.get)
            bench.application.answer("first")
            _ = try bench.sent()
            bench.pass(.seconds(50))
        }
        try bench.receive("GET /b HTTP/1.1\r\n")
        for _ in 0..<9 {
            bench.pass(.seconds(1))
            try bench.receive("X: a\r\n")
        }
        #expect(bench.isOpen)
        bench.pass(.milliseconds(1_400))
        #expect(try bench.statuses() == ["408"])
        #expect(!bench.isOpen)
        #expect(bench.application.heads == (isFirst ? [] : ["/a"]))
    }

    @Test("a kept connection has a minute until its next request")
    func idle() throws {
        let bench = try Bench()
        for _ in 0..<3 {
            try bench.receive(Self.get)
            bench.application.answer("here")
            #expect(try bench.statuses() == ["200"])
            bench.pass(.seconds(59))
            #expect(bench.isOpen)
        }
        bench.pass(.milliseconds(1_400))
        #expect(!bench.isOpen)
        #expect(try bench.sent() == "")
    }

    @Test("an answer may take as long as it takes")
    func slowAnswer() throws {
        let bench = try Bench()
        try bench.receive(Self.get)
        bench.pass(.seconds(600))
        #expect(bench.isOpen)
        bench.application.answer("at last")
        #expect(try bench.sent().hasSuffix("at last"))
        #expect(bench.isOpen)
    }

    @Test("a body must come at 1 KiB/s in each ten seconds")
    func slowBody() throws {
        let bench = try Bench()
        try bench.receive(Self.post)
        for _ in 0..<3 {
            bench.pass(.seconds(9))
            try bench.receive(String(repeating: "a", count: 10_300))
            bench.pass(.seconds(1))
        }
        #expect(bench.isOpen)
        try bench.receive(String(repeating: "a", count: 5_000))
        bench.pass(.milliseconds(10_400))
        #expect(try bench.statuses() == ["408"])
        // Whoever reads the body hears that it is not whole.
        #expect(bench.application.errors == 1)
        #expect(bench.application.ends == 0)
        // An answer that comes after all is nobody's.
        bench.application.answer("late")
        #expect(try bench.sent() == "")
    }

    @Test("a slow body behind its answer: no second answer")
    func slowBodyAnswered() throws {
        let bench = try Bench()
        try bench.receive(Self.post + "abc")
        bench.application.answer("no need")
        #expect(try bench.statuses() == ["200"])
        bench.pass(.milliseconds(10_400))
        #expect(!bench.isOpen)
        #expect(try bench.sent() == "")
    }

    @Test("a slow body behind an answer that is under way: no other answer in between")
    func slowBodyHalfAnswered() throws {
        let bench = try Bench()
        try bench.receive(Self.get + Self.post + "abc")
        bench.pass(.milliseconds(10_400))
        #expect(!bench.isOpen)
        #expect(try bench.sent() == "")
    }

    @Test("a shutdown: idle ones are closed, busy ones answered and closed")
    func quiescing() throws {
        let idle = try Bench()
        idle.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(!idle.isOpen)

        let busy = try Bench()
        try busy.receive(Self.get)
        busy.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(busy.isOpen)
        busy.application.answer("last")
        let answer = try busy.sent()
        #expect(answer.contains("onnection: close"))
        #expect(answer.hasSuffix("last"))
        #expect(!busy.isOpen)
    }

    @Test("what hangs up within a body is an error to who reads it")
    func hangsUp() throws {
        let bench = try Bench()
        try bench.receive(Self.post + "abc")
        bench.channel.pipeline.fireChannelInactive()
        #expect(bench.application.errors > 0)
        #expect(bench.application.ends == 0)
    }
}
