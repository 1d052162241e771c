// The server's end of a connection: performs what Session decides, as SessionHandler does with real sockets.
import ChatCore
import ChatGateway
import ChatProtocol

final class SimConnection {
    /// Also of a process that is gone: what was under way may still look for it.
    let loop: SimLoop
    let number: UInt64
    let link: SimLink
    var session: Session
    /// Set while the hub delivers here.
    var slot: Int32?
    var user: UserID?
    private var isCongested = false
    private var isReading = true
    private var unread: [[UInt8]] = []
    private(set) var isGone = false

    init(_ loop: SimLoop, number: UInt64, link: SimLink) {
        self.loop = loop
        self.number = number
        self.link = link
        session = Session(limits: loop.world.settings.limits)
    }

    var node: SimNode { loop.node }
    var world: SimWorld { loop.world }

    /// The socket is open.
    func begin() {
        node.post(after: world.settings.limits.helloSeconds * 1_000) { [self] in perform(session.helloTimedOut()) }
    }

    // MARK: - The socket

    func received(_ text: [UInt8]) {
        guard !isGone else { return }
        guard isReading else { return unread.append(text) }
        perform(session.received(text, now: node.now))
    }

    func deliver(_ frame: SimFrame) {
        write(frame)
        guard !isCongested, link.unsent > Int(world.settings.limits.outboundBytes), let slot else { return }
        isCongested = true
        world.history.faults.congestions += 1
        loop.setCongested(slot, true)
    }

    /// The socket has taken most of what was queued.
    func relieve() {
        guard !isGone else { return }
        perform(session.setChoked(false))
        guard isCongested, let slot else { return }
        isCongested = false
        loop.setCongested(slot, false)
    }

    func ended() {
        guard !isGone else { return }
        isGone = true
        session.closed()
        loop.remove(self)
        slot = nil
    }

    /// The process is gone; nothing that was under way finds anybody here.
    func die() {
        isGone = true
        session.closed()
        slot = nil
        link.serverDied()
    }

    func close(_ code: CloseCode, _ reason: String) { perform(session.close(code, reason)) }

    func write(_ frame: SimFrame) { link.serverWrote(frame) }

    // MARK: - Actions

    func perform(_ actions: [Session.Action]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: Session.Action) {
        guard !isGone else { return }
        switch action {
        case .hello(let id, let hello): open(id, hello)
        case .append(let id, let send): append(id, send)
        case .perform(let id, let command, let lane): run(id, command, lane)
        case .reply(let text): write(SimFrame(text))
        case .refused: break
        case .close(let code, let reason):
            // What was written before is on its way; nothing comes after it.
            link.serverClosed(code, reason)
            ended()
        case .pause:
            isReading = false
        case .resume:
            isReading = true
            let late = unread
            unread = []
            for text in late { received(text) }
        }
    }

    /// A command ended; its reply goes out, and what waited for it begins.
    func finish(_ frame: [UInt8], _ lane: Session.Lane) {
        guard !isGone else { return }
        perform(session.finished(frame, lane, now: node.now))
        if lane == .bulk, link.unsent > FixedLimits.bulkBytes { perform(session.setChoked(true)) }
    }

    // MARK: - Commands

    private func append(_ id: Int64, _ send: Send) {
        guard let user else { return }
        let request: AppendRequest
        switch node.prepare(send, by: user) {
        case .success(let prepared): request = prepared
        case .failure(let error): return finish(ReplyFrame.encoded(re: id, error: ErrorBody(error)), .send)
        }
        node.append(request) { [self] result in
            switch result {
            case .success(let appended):
                let message = appended.message
                let reply = SendReply(seq: message.seq, rev: message.rev, sentAt: message.sentAt)
                finish(ReplyFrame.encoded(re: id, ok: reply), .send)
            case .failure(let error):
                finish(ReplyFrame.encoded(re: id, error: ErrorBody(error)), .send)
            }
        }
    }

    private func run(_ id: Int64, _ command: Command, _ lane: Session.Lane) {
        guard let user, let slot else { return }
        if lane == .local { return finish(answerLocally(id, command, slot), .local) }
        guard case .sync(let conversation, let since, let limit) = command else {
            return node.run(command, by: user, re: id) { [self] result in
                switch result {
                case .success(let frame): finish(frame, lane)
                case .failure(let error): finish(ReplyFrame.encoded(re: id, error: ErrorBody(error)), lane)
                }
            }
        }
        // What happens while it reads is retained: the connection may be behind here.
        let watch = loop.hub.beginReading()
        node.changes(conversation, since: since, limit: limit, reader: user) { [self] result in
            guard !isGone else { return loop.hub.endReading(watch) }
            switch result {
            case .success(let page):
                finish(ReplyFrame.encoded(re: id, ok: page), lane)
                guard let slot = self.slot, !page.more else { return loop.hub.endReading(watch) }
                let upTo = world.mutant == .behindForgotten ? page.head + 1 : page.upTo
                loop.caughtUp(slot, conversation, upTo: upTo, watch: watch)
            case .failure(let error):
                finish(ReplyFrame.encoded(re: id, error: ErrorBody(error)), lane)
                loop.hub.endReading(watch)
            }
        }
    }

    private func answerLocally(_ id: Int64, _ command: Command, _ slot: Int32) -> [UInt8] {
        switch command {
        case .open(let conversation):
            if let conversation, loop.hub.memberCount(slot, conversation) == nil {
                return ReplyFrame.encoded(re: id, error: ErrorBody(.notFound))
            }
            loop.hub.setOpened(slot, conversation)
        case .typing(let conversation):
            guard loop.hub.memberCount(slot, conversation) != nil, let user else {
                return ReplyFrame.encoded(re: id, error: ErrorBody(.notFound))
            }
            for other in node.loops {
                node.post(after: 0) { other.perform(other.hub.typing(user, in: conversation)) }
            }
        case .state(let active):
            loop.hub.setActive(slot, active)
        case .ping:
            return ReplyFrame.encoded(re: id, ok: PingAnswer(now: node.store.now))
        default:
            break
        }
        return ReplyFrame.encoded(re: id, ok: EmptyAnswer())
    }
}
