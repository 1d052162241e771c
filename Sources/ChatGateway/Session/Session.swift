// The protocol of one connection as a value type: frames and results in, actions out. No sockets, no stores, no clock of
// its own (protocol.md, section 2).
package import ChatCore
package import ChatProtocol
import DequeModule

/// One connection, from its first frame to its last.
package struct Session: Sendable {
    /// What the connection's handler must do, in order.
    package enum Action: Sendable, Equatable {
        /// Read who it is and where everything stands; report with ``opened(now:)`` or ``refused(_:_:)``.
        case hello(id: Int64, Hello)
        /// Append a message; report with ``finished(_:_:now:)``.
        case append(id: Int64, Send)
        /// Do something else; report with ``finished(_:_:now:)``.
        case perform(id: Int64, Command, Lane)
        /// A whole text frame.
        case reply([UInt8])
        /// A refusal that was answered, for the node's figures.
        case refused(ErrorCode)
        case close(CloseCode, reason: String)
        /// Leave further frames in the socket.
        case pause
        case resume
    }

    /// What runs beside what. Within a lane commands run one after another, in order.
    package enum Lane: Sendable, Equatable, CaseIterable {
        /// The writers keep the order of sends.
        case send
        /// Other changes: one at a time.
        case change
        /// Answers that bring many rows: one in work, the next when the last was taken by the socket.
        case bulk
        /// Answered at once by the handler.
        case local
    }

    private enum Phase: Sendable, Equatable {
        case silent
        case opening
        case open
        case closed
    }

    private let limits: Limits
    private var phase: Phase = .silent
    /// Commands that were begun or wait here, `hello` too.
    private var inWork = 0
    private var isPaused = false
    private var isChoked = false
    /// Commands that came while `hello` was being answered.
    private var early: Deque<CommandFrame> = []
    private var changes: Deque<CommandFrame> = []
    private var bulk: Deque<CommandFrame> = []
    private var isChanging = false
    private var isReadingBulk = false
    private var bucket: TokenBucket
    private var refusals: Deque<Int64> = []
    private var typed: [ConversationID: Int64] = [:]

    package init(limits: Limits) {
        self.limits = limits
        bucket = TokenBucket(rate: limits.commandsPerSecond, burst: limits.commandBurst)
    }

    package var isOpen: Bool { phase == .open }

    // MARK: - Frames

    /// A whole text frame came.
    package mutating func received(_ text: some Collection<UInt8>, now: Int64) -> [Action] {
        guard phase != .closed else { return [] }
        switch CommandDecoding(bytes: text) {
        case .malformed(let reason):
            return close(.malformed, reason)
        case .refused(let id, let name, let error):
            if phase == .silent { return refusedFirst(id, name, error) }
            var actions = limit(id, now: now)
            if actions.isEmpty {
                actions = [.refused(error.code), .reply(ReplyFrame.encoded(re: id, error: ErrorBody(error)))]
            }
            return actions
        case .command(let frame):
            return received(frame, now: now)
        }
    }

    /// A whole binary frame came.
    package mutating func receivedBinary() -> [Action] {
        phase == .closed ? [] : close(.unsupportedData, "This server speaks text frames only.")
    }

    private mutating func received(_ frame: CommandFrame, now: Int64) -> [Action] {
        if case .hello(let hello) = frame.command {
            guard phase == .silent else {
                return refuse(frame.id, .invalid("The connection is open; hello comes once."))
            }
            phase = .opening
            inWork += 1
            return [.hello(id: frame.id, hello)]
        }
        guard phase != .silent else { return close(.notHello, "The first command must be hello.") }
        let limited = limit(frame.id, now: now)
        guard limited.isEmpty else { return limited }
        inWork += 1
        var actions: [Action] = []
        // First, for a command that is answered at once ends while it is begun, and then resumes what must be paused.
        if inWork >= FixedLimits.commandsInWork, !isPaused {
            isPaused = true
            actions.append(.pause)
        }
        if phase == .opening { early.append(frame) } else { actions += start(frame, now: now) }
        return actions
    }

    /// A `hello` that cannot be read is answered, then closed; another command first is just closed.
    private mutating func refusedFirst(_ id: Int64, _ name: String, _ error: WireError) -> [Action] {
        guard name == "hello" else { return close(.notHello, "The first command must be hello.") }
        return [.refused(error.code), .reply(ReplyFrame.encoded(re: id, error: ErrorBody(error)))]
            + close(.malformed, error.message)
    }

    /// Refuses a command that comes too fast, and closes when that is no accident.
    private mutating func limit(_ id: Int64, now: Int64) -> [Action] {
        guard let retryAfterMs = bucket.take(now: now) else { return [] }
        let window = Int64(FixedLimits.refusedCommandsSeconds) * 1_000
        refusals.append(now)
        while let first = refusals.first, first <= now - window { refusals.removeFirst() }
        if refusals.count >= FixedLimits.refusedCommands {
            return close(.tooManyCommands, #"{"afterMs":\#(window)}"#)
        }
        return refuse(
            id,
            ChatError(.rateLimited, "Too many commands; wait a moment.", retryAfterMs: retryAfterMs)
        )
    }

    private func refuse(_ id: Int64, _ error: ChatError) -> [Action] {
        [.refused(error.code), .reply(ReplyFrame.encoded(re: id, error: ErrorBody(error)))]
    }

    // MARK: - Hello

    /// The answer to `hello` was written; commands that came meanwhile begin.
    package mutating func opened(now: Int64) -> [Action] {
        guard phase == .opening else { return [] }
        phase = .open
        inWork -= 1
        var actions: [Action] = []
        while let frame = early.popFirst() { actions += start(frame, now: now) }
        return actions + resumeIfPossible()
    }

    /// `hello` was refused: answered by its error, then closed.
    package mutating func refused(_ id: Int64, _ error: ChatError, closing code: CloseCode) -> [Action] {
        guard phase == .opening else { return [] }
        return refuse(id, error) + close(code, error.message)
    }

    /// No `hello` came in time.
    package mutating func helloTimedOut() -> [Action] {
        phase == .silent ? close(.helloTimeout, "Say hello within \(limits.helloSeconds) seconds.") : []
    }

    // MARK: - Commands

    private mutating func start(_ frame: CommandFrame, now: Int64) -> [Action] {
        switch Self.lane(of: frame.command) {
        case .send:
            guard case .send(let send) = frame.command else { return [] }
            return [.append(id: frame.id, send)]
        case .change:
            changes.append(frame)
            return startChange()
        case .bulk:
            bulk.append(frame)
            return startBulk()
        case .local:
            if case .typing(let conversation) = frame.command, isTypingTooOften(conversation, now: now) {
                inWork -= 1
                return [.reply(ReplyFrame.encoded(re: frame.id, ok: EmptyAnswer()))] + resumeIfPossible()
            }
            return [.perform(id: frame.id, frame.command, .local)]
        }
    }

    /// Which lane a command takes.
    package static func lane(of command: Command) -> Lane {
        switch command {
        case .send: .send
        case .index, .conversations, .sync, .syncOwn, .history: .bulk
        case .open, .typing, .state, .ping, .hello: .local
        case .edit, .delete, .react, .unreact, .pin, .unpin, .read, .presence, .create, .join, .leave, .member,
            .remove:
            .change
        }
    }

    private mutating func startChange() -> [Action] {
        guard !isChanging, let frame = changes.popFirst() else { return [] }
        isChanging = true
        return [.perform(id: frame.id, frame.command, .change)]
    }

    private mutating func startBulk() -> [Action] {
        guard !isReadingBulk, !isChoked, let frame = bulk.popFirst() else { return [] }
        isReadingBulk = true
        return [.perform(id: frame.id, frame.command, .bulk)]
    }

    /// A command ended; `frame` is its whole reply.
    package mutating func finished(_ frame: [UInt8], _ lane: Lane, now: Int64) -> [Action] {
        guard phase == .open else { return [] }
        inWork -= 1
        var actions: [Action] = [.reply(frame)]
        switch lane {
        case .send, .local:
            break
        case .change:
            isChanging = false
            actions += startChange()
        case .bulk:
            isReadingBulk = false
            actions += startBulk()
        }
        return actions + resumeIfPossible()
    }

    /// Whether the socket has enough to do with bulk replies already.
    package mutating func setChoked(_ isChoked: Bool) -> [Action] {
        guard self.isChoked != isChoked else { return [] }
        self.isChoked = isChoked
        return isChoked || phase != .open ? [] : startBulk()
    }

    private mutating func resumeIfPossible() -> [Action] {
        guard isPaused, inWork < FixedLimits.commandsInWork else { return [] }
        isPaused = false
        return [.resume]
    }

    private mutating func isTypingTooOften(_ conversation: ConversationID, now: Int64) -> Bool {
        let interval = Int64(FixedLimits.typingIntervalSeconds) * 1_000
        if let last = typed[conversation], now - last < interval { return true }
        if typed.count >= 32 { typed = typed.filter { now - $0.value < interval } }
        if typed.count < 32 { typed[conversation] = now }
        return false
    }

    // MARK: - The end

    /// Closes for a reason of the node's; nothing happens if the connection is closing already.
    package mutating func close(_ code: CloseCode, _ reason: String) -> [Action] {
        guard phase != .closed else { return [] }
        closed()
        return [.close(code, reason: reason)]
    }

    /// The socket is gone.
    package mutating func closed() {
        phase = .closed
        early = []
        changes = []
        bulk = []
    }
}
