// The writing half of the socket layer: frames are collected, and flushed once for each tick.
package import NIOCore

extension WebSocketHandler {
    /// Writes a frame and sees to it that it is flushed at the end of this tick. On the event loop only. Dropped
    /// silently if the connection is closing.
    package func send(_ frame: WebSocketOutbound) {
        guard let context = self.context else { return }
        self.add(frame, context, promise: nil)
        self.flushAtEndOfTick()
    }

    /// Bytes that were written here and that the socket has not taken yet: what a slow reader costs. While the channel
    /// is writable (it holds less than its watermark, 64 KiB) its part counts as nothing, which makes this cheap enough
    /// to ask at every event.
    package var unsentBytes: Int {
        guard let channel = self.context?.channel, !channel.isWritable else { return self.writer.bytes }
        // A channel that cannot tell (in tests) counts as having sent everything.
        let inChannel = try? channel.syncOptions?.getOption(.bufferedWritableBytes)
        return self.writer.bytes + (inChannel ?? 0)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.add(WebSocketHandler.unwrapOutboundIn(data), context, promise: promise)
    }

    package func flush(context: ChannelHandlerContext) {
        self.pump(context, all: true)
        context.flush()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, self.phase == .open, let payload = self.owedPong {
            self.owedPong = nil
            self.writer.add(.pong, payload: payload)
            self.flushAtEndOfTick()
        }
        context.fireChannelWritabilityChanged()
    }

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard let control = event as? WebSocketReadControl else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        switch control {
        case .pause: self.pauseReading()
        case .resume: self.resumeReading()
        }
        promise?.succeed()
    }

    private func add(_ frame: WebSocketOutbound, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        guard self.phase == .open else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch frame {
        case .text(let payload):
            self.writer.add(.text, payload: payload)
        case .binary(let payload):
            self.writer.add(.binary, payload: payload)
        case .encoded(let bytes):
            self.writer.add(encoded: bytes)
        case .ping:
            self.writer.add(.ping, payload: ByteBuffer())
        case .close(let code, let reason):
            self.close(code: code, reason: reason, context)
        }
        self.pump(context, all: promise != nil)
        if let promise {
            // Who wants to know when it is out gets a write of its own behind it.
            context.write(WebSocketHandler.wrapOutboundOut(ByteBuffer()), promise: promise)
        }
    }

    /// A ping is answered at once, behind what was written before. While the socket takes nothing only the last one is
    /// remembered (RFC 6455, 5.5.3), so that a flood of pings does not fill the memory.
    func answerPing(_ payload: ByteBuffer, _ context: ChannelHandlerContext) {
        guard context.channel.isWritable else {
            self.owedPong = payload
            return
        }
        self.writer.add(.pong, payload: payload)
        self.flushAtEndOfTick()
    }

    func flushAtEndOfTick() {
        guard !self.flushRequested else { return }
        self.flushRequested = true
        self.timers.atEndOfTick(self, tag: Timer.flush.rawValue)
    }

    /// Gives what is ready to the channel, in order. A write may change the channel's writability, that may make the
    /// application write, and so this may be entered again from within `context.write`: by then the channel has the
    /// bytes of the outer write, and the inner one goes on with the next.
    func pump(_ context: ChannelHandlerContext, all: Bool) {
        while let bytes = self.writer.next(all: all) {
            context.write(WebSocketHandler.wrapOutboundOut(bytes), promise: nil)
        }
    }
}
