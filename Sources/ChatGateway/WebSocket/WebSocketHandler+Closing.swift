// The end of a conversation: our close, the peer's, a violation, a shutdown, a connection that breaks. However it ends,
// nothing is written after a close frame, the application hears `closed` once, and no timer is left behind.
import ChatProtocol
package import NIOCore

extension WebSocketHandler: LoopTimerTarget {
    /// The application closes: send the close frame, wait for the peer's, not for long.
    func close(code: UInt16, reason: String, _ context: ChannelHandlerContext) {
        self.phase = .closing(code: code)
        self.cancel(&self.unfinishedTimer)
        self.writer.addClose(code: code, reason: reason)
        self.flush(context: context)
        self.armClosingTimer()
        self.readOnlyForClose(context)
    }

    /// The peer closes, or answers our close.
    func peerClosed(code: UInt16?, _ context: ChannelHandlerContext) {
        self.cancel(&self.unfinishedTimer)
        if case .closing(let ours) = self.phase {
            self.phase = .over
            self.tellClosed(ours, context)
            context.close(promise: nil)
            return
        }
        self.phase = .answered
        self.writer.addClose(code: code, reason: "")
        self.pump(context, all: true)
        // A promise on the last write tells when the answer is out; a peer that does not read is not waited for.
        let out = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(WebSocketHandler.wrapOutboundOut(ByteBuffer()), promise: out)
        self.armClosingTimer()
        // 1005: the close frame had no code (RFC 6455, 7.1.5).
        self.tellClosed(code ?? 1005, context)
        out.futureResult.assumeIsolated().whenComplete { _ in
            self.context?.close(promise: nil)
        }
    }

    /// The peer broke a rule: say which, then only wait until it hangs up.
    func fail(code: UInt16, reason: String, _ context: ChannelHandlerContext) {
        guard self.phase == .open else {
            // Our own close frame is out; there is no second one.
            self.drop(context)
            return
        }
        self.phase = .failed
        self.cancel(&self.unfinishedTimer)
        self.writer.addClose(code: code, reason: reason)
        self.flush(context: context)
        self.armClosingTimer()
        self.tellClosed(code, context)
        // When all is written only our half is closed, and what still comes is dropped: unread bytes would make the
        // kernel reset the connection, and the peer lose the close frame.
        context.close(mode: .output, promise: nil)
    }

    /// Ends the connection without a word.
    func drop(_ context: ChannelHandlerContext) {
        self.end(context)
        context.close(promise: nil)
    }

    /// The listener shuts down.
    func quiesce(_ context: ChannelHandlerContext) {
        guard self.phase == .open, self.quiesceTimer == nil else { return }
        self.quiesceTimer = self.timers.schedule(
            after: self.configuration.quiesceTimeout,
            self,
            tag: Timer.quiescing.rawValue
        )
        context.fireUserInboundEventTriggered(WebSocketEvent.quiescing)
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // What was written before is not lost by a close without a close frame.
        self.flush(context: context)
        context.close(mode: mode, promise: promise)
    }

    /// The connection is gone: tell, and free everything.
    func end(_ context: ChannelHandlerContext) {
        let code: UInt16? = if case .closing(let ours) = self.phase { ours } else { nil }
        self.phase = .over
        self.tellClosed(code, context)
        self.letGo()
    }

    /// Frees what a connection holds, timers first.
    func letGo() {
        self.phase = .over
        self.cancel(&self.unfinishedTimer)
        self.cancel(&self.closingTimer)
        self.cancel(&self.quiesceTimer)
        self.owedPong = nil
        self.writer = FrameWriter()
        self.dropInput()
    }

    package func loopTimerFired(tag: UInt8) -> TimeAmount? {
        guard let context = self.context, let timer = Timer(rawValue: tag) else { return nil }
        switch timer {
        case .flush:
            self.flushRequested = false
            self.flush(context: context)
        case .unfinished:
            self.unfinishedTimer = nil
            self.fail(code: CloseCode.helloTimeout.rawValue, reason: "a frame was not finished in time", context)
        case .closing:
            self.closingTimer = nil
            self.drop(context)
        case .quiescing:
            self.quiesceTimer = nil
            if self.phase == .open {
                self.close(code: CloseCode.draining.rawValue, reason: "", context)
            }
        }
        return nil
    }

    private func armClosingTimer() {
        guard self.closingTimer == nil else { return }
        self.closingTimer = self.timers.schedule(
            after: self.configuration.closeTimeout,
            self,
            tag: Timer.closing.rawValue
        )
    }

    func cancel(_ timer: inout LoopTimers.Token?) {
        if let token = timer {
            self.timers.cancel(token)
            timer = nil
        }
    }

    private func tellClosed(_ code: UInt16?, _ context: ChannelHandlerContext) {
        guard !self.hasToldClosed else { return }
        self.hasToldClosed = true
        self.cancel(&self.quiesceTimer)
        context.fireChannelRead(WebSocketHandler.wrapInboundOut(.closed(code: code)))
    }
}
