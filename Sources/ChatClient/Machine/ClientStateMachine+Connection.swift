// The life of the connection: opening, heartbeats, closes and what their codes say, waiting, stopping.

import ChatProtocol

extension ClientStateMachine {
    /// The socket in use, from opening on.
    var socket: SocketID? {
        switch phase {
        case .opening(let socket, _), .greeting(let socket, _, _), .online(let socket): socket
        case .idle, .waiting, .needsToken, .stopped: nil
        }
    }

    mutating func connect(token: String?) {
        if let token {
            self.token = token
            tokenRefusals = 0
        }
        switch phase {
        case .idle, .waiting, .stopped: open()
        case .needsToken where token != nil: open()
        case .needsToken, .opening, .greeting, .online: break
        }
    }

    mutating func take(token: String?) {
        if let token { self.token = token }
        guard phase == .needsToken else { return }
        if token == nil { stop(.tokenRefused) } else { open() }
    }

    mutating func disconnect() {
        if let socket { actions.append(.close(socket, .normal)) }
        connectionLost()
        failWaitingCommands()
        attempts = 0
        phase = .idle
        show(.offline)
    }

    mutating func opened(_ socket: SocketID) {
        guard case .opening(socket, _) = phase else { return }
        let id = nextCommand()
        phase = .greeting(socket, hello: id, deadline: now + configuration.connectTimeoutMs)
        lastHeard = now
        actions.append(.send(socket, CommandFrame(id: id, command: .hello(makeHello()))))
    }

    mutating func closed(_ socket: SocketID, code: CloseCode?, reason: String) {
        guard socket == self.socket else { return }
        let moving = movingAt
        connectionLost()
        switch (code ?? .lost).action {
        case .stop: stop(.closed(code ?? .lost, reason: reason))
        case .signIn where code == .sessionEnded: stop(.sessionEnded)
        case .signIn: tokenRefused()
        case .resume:
            if let afterMs = Self.afterMs(reason) {
                wait(until: now + afterMs)
            } else {
                waitOrMove(moving)
            }
        case .fix, .backoff: waitOrMove(moving)
        }
    }

    mutating func malformed(_ socket: SocketID) {
        guard socket == self.socket else { return }
        reconnect(closing: .protocolError)
    }

    mutating func heard(_ socket: SocketID) {
        guard socket == self.socket else { return }
        lastHeard = now
        isPinged = false
    }

    /// The node drains: stay until the time it gave, then go on elsewhere.
    mutating func moving(afterMs: Int64) {
        movingAt = now + min(max(0, afterMs), Self.longestWaitMs)
    }

    /// Whatever time has come.
    mutating func wake() {
        armed = nil
        switch phase {
        case .opening(_, let deadline), .greeting(_, _, let deadline):
            if deadline <= now { reconnect(closing: .goingAway) }
        case .waiting(let until):
            if until <= now { open() }
        case .online(let socket):
            watch(socket)
        case .idle, .needsToken, .stopped: break
        }
    }

    private mutating func watch(_ socket: SocketID) {
        if let movingAt, movingAt <= now {
            actions.append(.close(socket, .goingAway))
            connectionLost()
            open()
        } else if now - lastHeard >= 2 * heartbeatMs || replyDeadline.map({ $0 <= now }) == true {
            reconnect(closing: .goingAway)
        } else if now - lastHeard >= heartbeatMs, !isPinged {
            isPinged = true
            transmit(.ping, origin: nil)
        }
    }

    /// Asks for a wake-up at the next moment at which something is due, unless an earlier one is on its way.
    mutating func arm() {
        guard let due = nextDue else { return }
        if let armed, armed <= due { return }
        armed = due
        actions.append(.wake(at: due))
    }

    private var nextDue: Int64? {
        switch phase {
        case .idle, .needsToken, .stopped: return nil
        case .opening(_, let deadline), .greeting(_, _, let deadline): return deadline
        case .waiting(let until): return until
        case .online:
            var due = lastHeard + (isPinged ? 2 : 1) * heartbeatMs
            for other in [movingAt, replyDeadline, jobsDue, outbox.nextTry(now: now)] {
                if let other, other < due { due = other }
            }
            return due
        }
    }

    private var heartbeatMs: Int64 { max(1, welcome?.heartbeatMs ?? configuration.connectTimeoutMs) }

    /// When the oldest answer is overdue.
    private var replyDeadline: Int64? { sentOrder.first.map { $0.at + configuration.replyTimeoutMs } }

    // MARK: Transitions

    mutating func open() {
        lastSocket += 1
        phase = .opening(lastSocket, deadline: now + configuration.connectTimeoutMs)
        show(.connecting)
        actions.append(.open(lastSocket))
    }

    /// Gives the connection up and tries again after a while.
    mutating func reconnect(closing code: CloseCode) {
        if let socket { actions.append(.close(socket, code)) }
        connectionLost()
        waitOrMove(nil)
    }

    private mutating func waitOrMove(_ moving: Int64?) {
        if let moving {
            wait(until: max(now, moving))
            return
        }
        let delay = Backoff.delay(
            attempts: attempts,
            minimum: configuration.backoffMinimumMs,
            maximum: configuration.backoffMaximumMs,
            random: draw()
        )
        attempts += 1
        wait(until: now + delay)
    }

    private mutating func wait(until: Int64) {
        phase = .waiting(until: until)
        show(.waiting(until: until))
    }

    /// A token that was refused: a fresh one is asked for; if that is refused too, the user must sign in.
    private mutating func tokenRefused() {
        tokenRefusals += 1
        guard tokenRefusals < 2 else {
            stop(.tokenRefused)
            return
        }
        phase = .needsToken
        show(.needsToken)
        actions.append(.needToken)
    }

    private mutating func stop(_ reason: StopReason) {
        failWaitingCommands()
        phase = .stopped
        show(.stopped(reason))
    }

    /// What was in flight is lost or asked again; what is missing will be learnt from the next `hello`.
    private mutating func connectionLost() {
        if case .online = phase, now - onlineSince >= configuration.stableMs { attempts = 0 }
        movingAt = nil
        isPinged = false
        isIndexComplete = false
        jobs.clear()
        loseInFlight()
        own?.disconnect()
        ownReads = 0
        ownRevs = [:]
        for conversation in tracked.keys {
            tracked[conversation]?.cursor.disconnect()
            tracked[conversation]?.hasJob = false
        }
        for conversation in replicas.keys { replicas[conversation]?.forgetReads() }
        // What was being fetched is fetched when the next index names it.
        tracked = tracked.filter(\.value.isKnown)
    }

    private mutating func show(_ state: ConnectionState) {
        guard connection != state else { return }
        connection = state
        actions.append(.deliver(.connection(state)))
    }

    /// The longest wait that a server can ask for.
    private static var longestWaitMs: Int64 { 600_000 }

    private static func afterMs(_ reason: String) -> Int64? {
        // A reason that is no such object is text for people.
        guard let json = try? JSONParser.parse(reason.utf8), let told = try? CloseReason(json: json) else { return nil }
        return min(max(0, told.afterMs), longestWaitMs)
    }

    /// Random bits for one purpose. ``handle(_:now:random:)`` fills the store before each input.
    mutating func draw() -> UInt64 {
        entropy.popLast() ?? serial
    }

    mutating func nextCommand() -> Int64 {
        lastCommand += 1
        return lastCommand
    }

    /// The client has been greeted.
    mutating func becomeOnline(_ socket: SocketID) {
        phase = .online(socket)
        onlineSince = now
        tokenRefusals = 0
        show(.online)
    }
}
