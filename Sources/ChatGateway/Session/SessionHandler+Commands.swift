// Commands of an open connection: decode happened in Session, rules are in Chat; here is who calls whom on which thread.
import ChatCore
import ChatProtocol
import Logging
import Metrics
import NIOCore

extension SessionHandler {
    private var user: UserID? { opening?.user.id }

    /// Hands a message to its writer. No task: the writer answers from its thread, the mailbox brings it back.
    func append(_ id: Int64, _ send: Send) {
        guard let user else { return }
        loop.node.metrics.commands("send").increment()
        let request: AppendRequest
        do {
            request = try chat.prepare(send, by: user)
        } catch {
            return finish(failure(id, error), .send)
        }
        let mailbox = loop.mailbox
        let number = key.number
        chat.writers.append(request) { result in
            mailbox.post { loop in
                guard let handler = loop.connections[number] else { return }
                switch result {
                case .success(let appended):
                    loop.node.metrics.sends.increment()
                    let reply = SendReply(
                        seq: appended.message.seq,
                        rev: appended.message.rev,
                        sentAt: appended.message.sentAt
                    )
                    handler.finish(ReplyFrame.encoded(re: id, ok: reply), .send)
                case .failure(let error):
                    handler.finish(handler.failure(id, error), .send)
                }
            }
        }
    }

    func run(_ id: Int64, _ command: Command, _ lane: Session.Lane) {
        guard let user, let slot else { return }
        loop.node.metrics.commands(command.name).increment()
        if lane == .local {
            return finish(answerLocally(id, command, user, slot), .local)
        }
        let catchUp = CatchUp(command, loop: loop)
        let work = CommandWork(chat: chat, presence: loop.node.presence, user: user, key: key)
        let number = key.number
        loop.run {
            await work.run(id, command)
        } then: { loop, outcome in
            guard let handler = loop.connections[number] else {
                catchUp?.abandon(loop)
                return
            }
            if case .failure(let error) = outcome.result { loop.node.metrics.errors(error.code).increment() }
            handler.finish(handler.frame(id, outcome.result), lane)
            catchUp?.finish(loop, slot: handler.slot, page: outcome.changes)
        }
    }

    private func answerLocally(_ id: Int64, _ command: Command, _ user: UserID, _ slot: Int32) -> [UInt8] {
        switch command {
        case .open(let conversation):
            if let conversation, loop.hub.memberCount(slot, conversation) == nil { return failure(id, .notFound) }
            loop.hub.setOpened(slot, conversation)
        case .typing(let conversation):
            guard let count = loop.hub.memberCount(slot, conversation) else { return failure(id, .notFound) }
            if count <= FixedLimits.typingMembers {
                for mailbox in loop.node.mailboxes { mailbox.post { $0.typing(user, in: conversation) } }
            }
        case .state(let active):
            loop.hub.setActive(slot, active)
        case .ping:
            return ReplyFrame.encoded(re: id, ok: PingAnswer(now: loop.node.environment.now()))
        default:
            break
        }
        return ReplyFrame.encoded(re: id, ok: EmptyAnswer())
    }

    /// A refusal's frame, counted.
    func failure(_ id: Int64, _ error: ChatError) -> [UInt8] {
        loop.node.metrics.errors(error.code).increment()
        return frame(id, .failure(error))
    }

    private func frame(_ id: Int64, _ result: Result<[UInt8], ChatError>) -> [UInt8] {
        switch result {
        case .success(let frame):
            return frame
        case .failure(let error):
            if error.code == .internal { logIncident(error) }
            return ReplyFrame.encoded(re: id, error: ErrorBody(error))
        }
    }

    private func logIncident(_ error: ChatError) {
        loop.node.logger.error(
            "A command failed.",
            metadata: .keys([.connectionID: "\(name)", .errorType: "\(error)"])
        )
    }
}

/// A `sync` of a conversation this connection may be behind in: what happens while it reads is retained.
private struct CatchUp: Sendable {
    let conversation: ConversationID
    let watch: Watch

    init?(_ command: Command, loop: LoopHub) {
        guard case .sync(let conversation, _, _) = command else { return nil }
        self.conversation = conversation
        watch = loop.hub.beginReading()
    }

    func abandon(_ loop: LoopHub) { loop.hub.endReading(watch) }

    /// The last page was answered: events go on from there.
    func finish(_ loop: LoopHub, slot: Int32?, page: ChangesPage?) {
        guard let slot, let page, !page.more else { return abandon(loop) }
        loop.caughtUp(slot, conversation, upTo: page.upTo, watch: watch)
    }
}
