// The handler in a channel without a socket: pausing, the closing handshake in both directions, deadlines, and what the
// socket is asked to write.
import NIOCore
import NIOEmbedded
import Testing

@testable import ChatGateway

@Suite("WebSocket handler: pausing")
struct WebSocketPauseTests {
    @Test("what is decoded after the pause is held, in order, across reads")
    func holdsExactly() throws {
        let bench = try HandlerBench()
        bench.application.onHeard = { [handler = bench.handler, application = bench.application] _ in
            if application.heard.count == 2 { handler.pauseReading() }
        }
        try bench.receive(
            (1...4).flatMap { clientFrame(1, Array("a\($0)".utf8)) } + clientFrame(1, Array("a5".utf8)).prefix(3)
        )
        #expect(bench.texts == ["a1", "a2"])
        try bench.receive(
            Array(clientFrame(1, Array("a5".utf8)).dropFirst(3)) + clientFrame(9, [7])
                + clientFrame(1, Array("a6".utf8))
        )
        #expect(bench.texts == ["a1", "a2"])
        // Not even a ping is answered: it was sent after what is held.
        #expect(try bench.sent().isEmpty)

        bench.application.onHeard = { _ in }
        bench.handler.resumeReading()
        #expect(bench.texts == ["a1", "a2", "a3", "a4", "a5", "a6"])
        #expect(try bench.sent() == [.pong([7])])
    }

    @Test("one at a time: pausing at each message")
    func oneAtATime() throws {
        let bench = try HandlerBench()
        bench.application.onHeard = { [handler = bench.handler] _ in handler.pauseReading() }
        try bench.receive((1...5).flatMap { clientFrame(1, Array("\($0)".utf8)) })
        for count in 1...5 {
            #expect(bench.texts.count == count)
            bench.handler.resumeReading()
        }
        #expect(bench.texts == ["1", "2", "3", "4", "5"])
    }

    @Test("resuming from within a delivery goes on after it, in order")
    func resumeWithin() throws {
        let bench = try HandlerBench()
        bench.application.onHeard = { [handler = bench.handler] _ in
            handler.pauseReading()
            handler.resumeReading()
        }
        try bench.receive((1...50).flatMap { clientFrame(1, Array("\($0)".utf8)) })
        #expect(bench.texts == (1...50).map(String.init))
    }

    @Test("the socket is not read while paused, and read again after")
    func readsAreHeld() throws {
        let bench = try HandlerBench()
        bench.channel.read()
        #expect(bench.socket.reads == 1)
        bench.channel.triggerUserOutboundEvent(WebSocketReadControl.pause, promise: nil)
        bench.channel.read()
        bench.channel.read()
        #expect(bench.socket.reads == 1)
        bench.channel.triggerUserOutboundEvent(WebSocketReadControl.resume, promise: nil)
        #expect(bench.socket.reads == 2)
        bench.channel.read()
        #expect(bench.socket.reads == 3)
    }

    @Test("a resume that ends paused again does not read the socket")
    func resumeThatPauses() throws {
        let bench = try HandlerBench()
        bench.application.onHeard = { [handler = bench.handler] _ in handler.pauseReading() }
        try bench.receive((1...3).flatMap { clientFrame(1, Array("\($0)".utf8)) })
        bench.channel.read()
        let reads = bench.socket.reads
        bench.handler.resumeReading()
        #expect(bench.socket.reads == reads)
        bench.handler.resumeReading()
        bench.handler.resumeReading()
        #expect(bench.socket.reads == reads + 1)
        #expect(bench.texts == ["1", "2", "3"])
    }

    @Test("a close that is held comes after the messages before it")
    func heldClose() throws {
        let bench = try HandlerBench()
        bench.handler.pauseReading()
        try bench.receive(clientFrame(1, [65]) + clientFrame(8, closeBody(1001)))
        #expect(bench.application.heard.isEmpty)
        bench.handler.resumeReading()
        #expect(bench.application.heard == [.text(ByteBuffer(bytes: [65])), .closed(code: 1001)])
        #expect(try bench.sent() == [.close(1001)])
    }

    @Test("a peer that hangs up while paused ends the connection; what was held is not delivered")
    func hangUpWhilePaused() throws {
        let bench = try HandlerBench()
        bench.handler.pauseReading()
        try bench.receive(clientFrame(1, [65]))
        bench.channel.pipeline.fireChannelInactive()
        #expect(bench.application.heard == [.closed(code: nil)])
        bench.handler.resumeReading()
        #expect(bench.application.heard == [.closed(code: nil)])
    }

    @Test("more than can be held ends the connection")
    func heldIsBounded() throws {
        let bench = try HandlerBench()
        bench.handler.pauseReading()
        let piece = clientFrame(2, .ramp(60_000))
        for _ in 0..<8 {
            try bench.receive(piece)
        }
        #expect(bench.channel.isActive)
        try bench.receive(piece)
        #expect(!bench.channel.isActive)
        #expect(bench.application.heard == [.closed(code: nil)])
    }

    @Test("the time of a pause does not count against an unfinished frame")
    func pauseStopsTheClock() throws {
        let bench = try HandlerBench()
        let frame = clientFrame(1, .ascii(20))
        try bench.receive(Array(frame.prefix(10)))
        bench.handler.pauseReading()
        bench.loop.advanceTime(by: .seconds(60))
        #expect(bench.channel.isActive)
        #expect(bench.application.heard.isEmpty)
        bench.handler.resumeReading()
        bench.loop.advanceTime(by: .seconds(9))
        try bench.receive(Array(frame.dropFirst(10)))
        #expect(bench.texts.count == 1)
    }
}

@Suite("WebSocket handler: closing")
struct WebSocketClosingTests {
    @Test("our close: sent, flushed, answered, gone")
    func ourClose() throws {
        let bench = try HandlerBench()
        bench.handler.send(.text(ByteBuffer(string: "last words")))
        bench.handler.send(.close(code: 4100, reason: "sign in"))
        #expect(
            try bench.sent() == [
                .text("last words"), ServerFrame(opcode: 8, payload: closeBody(4100, Array("sign in".utf8))),
            ]
        )
        #expect(bench.channel.isActive)
        #expect(bench.application.heard.isEmpty)
        // What the peer still says is not delivered, and pings are not answered.
        try bench.receive(clientFrame(1, [65]) + clientFrame(9, [1]))
        #expect(bench.application.heard.isEmpty)
        try bench.receive(clientFrame(8, closeBody(4100)))
        #expect(bench.application.heard == [.closed(code: 4100)])
        #expect(!bench.channel.isActive)
        #expect(try bench.sent().isEmpty)
        #expect(bench.timers.count == 0)
    }

    @Test("our close is not waited for longer than two seconds")
    func ourCloseUnanswered() throws {
        let bench = try HandlerBench()
        bench.handler.send(.close(code: 4203, reason: ""))
        bench.loop.advanceTime(by: .milliseconds(1_900))
        #expect(bench.channel.isActive)
        bench.loop.advanceTime(by: .milliseconds(400))
        #expect(!bench.channel.isActive)
        #expect(bench.application.heard == [.closed(code: 4203)])
        #expect(bench.application.isInactive)
        #expect(bench.timers.count == 0)
    }

    @Test("nothing is written after a close frame")
    func nothingAfterClose() throws {
        let bench = try HandlerBench()
        bench.handler.send(.close(code: 4000, reason: ""))
        bench.handler.send(.text(ByteBuffer(string: "too late")))
        bench.handler.send(.close(code: 4001, reason: ""))
        let promise = bench.loop.makePromise(of: Void.self)
        bench.channel.pipeline.syncOperations.writeAndFlush(
            NIOAny(WebSocketOutbound.text(ByteBuffer(string: "too late"))),
            promise: promise
        )
        #expect(throws: ChannelError.outputClosed) { try promise.futureResult.wait() }
        #expect(try bench.sent() == [.close(4000)])
    }

    @Test("a pause does not keep our close from being answered")
    func closeWhilePaused() throws {
        let bench = try HandlerBench()
        bench.handler.pauseReading()
        bench.channel.read()
        try bench.receive(clientFrame(1, [65]))
        bench.handler.send(.close(code: 4202, reason: ""))
        #expect(bench.socket.reads == 1)
        try bench.receive(clientFrame(8, closeBody(4202)))
        #expect(bench.application.heard == [.closed(code: 4202)])
        #expect(!bench.channel.isActive)
    }

    @Test("closing from within a delivery: the rest of the read is not delivered")
    func closeWithinDelivery() throws {
        let bench = try HandlerBench()
        bench.application.onHeard = { [handler = bench.handler] heard in
            if case .text = heard { handler.send(.close(code: 4000, reason: "")) }
        }
        try bench.receive(clientFrame(1, [65]) + clientFrame(1, [66]) + clientFrame(8, closeBody(1000)))
        #expect(bench.application.heard == [.text(ByteBuffer(bytes: [65])), .closed(code: 4000)])
        #expect(try bench.sent() == [.close(4000)])
    }

    @Test("the peer's close is answered with its code, and the connection ends")
    func peerCloses() throws {
        let bench = try HandlerBench()
        bench.handler.send(.text(ByteBuffer(string: "before")))
        try bench.receive(clientFrame(8, closeBody(1001, Array("bye".utf8))))
        #expect(bench.application.heard == [.closed(code: 1001)])
        #expect(try bench.sent() == [.text("before"), .close(1001)])
        #expect(!bench.channel.isActive)
        #expect(bench.timers.count == 0)
    }

    @Test("a violation while we close drops the connection")
    func violationWhileClosing() throws {
        let bench = try HandlerBench()
        bench.handler.send(.close(code: 4000, reason: ""))
        try bench.receive(clientFrame(3))
        #expect(!bench.channel.isActive)
        #expect(bench.application.heard == [.closed(code: 4000)])
        #expect(try bench.sent() == [.close(4000)])
    }

    @Test("a connection that breaks is told once, without a code")
    func breaks() throws {
        let bench = try HandlerBench()
        bench.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "reset by the peer"))
        bench.loop.run()
        #expect(bench.application.heard == [.closed(code: nil)])
        #expect(bench.application.isInactive)
        #expect(bench.timers.count == 0)
    }

    @Test("half a connection is none")
    func halfClosed() throws {
        let bench = try HandlerBench()
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!bench.channel.isActive)
        #expect(bench.application.heard == [.closed(code: nil)])
    }

    @Test(
        "a frame that is not finished within ten seconds: 4200",
        arguments: [
            [0x81], Array(clientFrame(1, .ascii(20)).prefix(10)), clientFrame(1, [65], fin: false),
            clientFrame(2, fin: false) + clientFrame(9), Array(clientFrame(9, [1, 2]).prefix(7)),
        ]
    )
    func unfinished(bytes: [UInt8]) throws {
        let bench = try HandlerBench()
        try bench.receive(bytes)
        bench.loop.advanceTime(by: .milliseconds(9_900))
        // Control frames do not give a message more time.
        if bytes.count > 1, bytes[0] & 0x80 == 0 { try bench.receive(clientFrame(10)) }
        #expect(try bench.sent().filter { $0.opcode == 8 }.isEmpty)
        bench.loop.advanceTime(by: .milliseconds(400))
        #expect(try bench.sent().compactMap(\.closeCode) == [4200])
        #expect(bench.application.heard.last == .closed(code: 4200))
    }

    @Test("the clock is the message's own: many slow messages are all right")
    func slowMessages() throws {
        let bench = try HandlerBench()
        for _ in 0..<5 {
            try bench.receive(clientFrame(1, [65], fin: false))
            bench.loop.advanceTime(by: .seconds(8))
            try bench.receive(clientFrame(0, [66]) + clientFrame(1, [67], fin: false))
            bench.loop.advanceTime(by: .seconds(8))
            try bench.receive(clientFrame(0, [68]))
        }
        #expect(bench.texts.count == 10)
        bench.loop.advanceTime(by: .seconds(60))
        #expect(bench.channel.isActive)
        #expect(bench.timers.count == 0)
    }

    @Test("a shutdown is told, and not waited for for ever")
    func quiescing() throws {
        let bench = try HandlerBench()
        bench.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(bench.application.events == [.quiescing])
        bench.handler.send(.text(ByteBuffer(string: "moving")))
        bench.loop.advanceTime(by: .milliseconds(9_900))
        #expect(try bench.sent() == [.text("moving")])
        bench.loop.advanceTime(by: .milliseconds(400))
        #expect(try bench.sent() == [.close(4203)])
        try bench.receive(clientFrame(8, closeBody(4203)))
        #expect(!bench.channel.isActive)
        #expect(bench.timers.count == 0)
    }

    @Test("a long reason is cut at a character")
    func longReason() throws {
        let bench = try HandlerBench()
        bench.handler.send(.close(code: 4000, reason: String(repeating: "é", count: 100)))
        let frame = try #require(try bench.sent().first)
        #expect(frame.payload.count == 2 + 122)
        #expect(String(validating: frame.payload.dropFirst(2), as: UTF8.self) != nil)
    }
}

@Suite("WebSocket handler: writing")
struct WebSocketWritingTests {
    @Test("header forms", arguments: [0, 1, 125, 126, 4_095, 4_096, 65_535, 65_536, 200_000])
    func sizes(count: Int) throws {
        let bench = try HandlerBench()
        let payload = [UInt8].ascii(count)
        bench.handler.send(.text(ByteBuffer(bytes: payload)))
        bench.handler.send(.binary(ByteBuffer(bytes: payload)))
        let encoded = WebSocketHandler.encodeTextFrame(ByteBuffer(bytes: payload).readableBytesView, allocator: .init())
        bench.handler.send(.encoded(encoded))
        bench.handler.send(.ping)
        #expect(
            try bench.sent() == [.text(payload), .binary(payload), .text(payload), ServerFrame(opcode: 9, payload: [])]
        )
    }

    @Test("the small frames of a tick are one write and one flush")
    func coalesces() throws {
        let bench = try HandlerBench()
        for index in 0..<100 {
            bench.handler.send(.text(ByteBuffer(string: "event \(index)")))
        }
        #expect(bench.socket.writes == 0)
        #expect(bench.handler.unsentBytes > 100)
        #expect(try bench.sent() == (0..<100).map { .text("event \($0)") })
        #expect(bench.socket.writes == 1)
        #expect(bench.socket.flushes == 1)
        #expect(bench.handler.unsentBytes == 0)
    }

    @Test("order is kept between small, large and shared frames")
    func order() throws {
        var generator = Seeded(seed: 11)
        let bench = try HandlerBench()
        var expected: [ServerFrame] = []
        for index in 0..<500 {
            let size = [3, 100, 4_090, 5_000, 20_000].randomElement(using: &generator) ?? 0
            let payload = Array("\(index) ".utf8) + [UInt8].ascii(size)
            expected.append(.text(payload))
            if Bool.random(using: &generator) {
                bench.handler.send(.text(ByteBuffer(bytes: payload)))
            } else {
                let view = ByteBuffer(bytes: payload).readableBytesView
                bench.handler.send(.encoded(WebSocketHandler.encodeTextFrame(view, allocator: .init())))
            }
        }
        #expect(try bench.sent() == expected)
    }

    @Test("a promise is kept when its frame is written")
    func promises() throws {
        let bench = try HandlerBench()
        let promise = bench.loop.makePromise(of: Void.self)
        bench.handler.send(.text(ByteBuffer(string: "first")))
        bench.channel.pipeline.syncOperations.write(
            NIOAny(WebSocketOutbound.text(ByteBuffer(string: "second"))),
            promise: promise
        )
        bench.channel.flush()
        try promise.futureResult.wait()
        #expect(try bench.sent() == [.text("first"), .text("second")])
    }

    @Test("a frame written because writability changed comes behind the one that changed it")
    func reentrantWrite() throws {
        final class Reacting: ChannelInboundHandler {
            typealias InboundIn = WebSocketInbound
            var handler: WebSocketHandler?
            func channelWritabilityChanged(context: ChannelHandlerContext) {
                self.handler?.send(.text(ByteBuffer(string: "reaction")))
                context.fireChannelWritabilityChanged()
            }
        }
        /// Says that the channel is full from within the first write, as a socket does.
        final class Full: ChannelOutboundHandler {
            typealias OutboundIn = ByteBuffer
            var isFirst = true
            func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
                context.write(data, promise: promise)
                guard self.isFirst else { return }
                self.isFirst = false
                context.fireChannelWritabilityChanged()
            }
        }
        let bench = try HandlerBench()
        let reacting = Reacting()
        reacting.handler = bench.handler
        try bench.channel.pipeline.syncOperations.addHandler(reacting)
        try bench.channel.pipeline.syncOperations.addHandler(Full(), position: .after(bench.socket))
        bench.handler.send(.text(ByteBuffer(bytes: [UInt8].ascii(10_000))))
        bench.handler.send(.text(ByteBuffer(bytes: [UInt8].ascii(10_001))))
        #expect(try bench.sent() == [.text(.ascii(10_000)), .text("reaction"), .text(.ascii(10_001))])
        #expect(try bench.sent().isEmpty)
    }

    @Test("while the socket takes nothing only the last ping is answered")
    func pingFlood() throws {
        let bench = try HandlerBench()
        bench.channel.isWritable = false
        for index in 0..<1000 {
            try bench.receive(clientFrame(9, [UInt8(index & 0xFF)]))
        }
        #expect(try bench.sent().isEmpty)
        bench.channel.isWritable = true
        bench.channel.pipeline.fireChannelWritabilityChanged()
        #expect(try bench.sent() == [.pong([UInt8(999 & 0xFF)])])
        #expect(bench.application.heard.count == 1000)
    }
}
