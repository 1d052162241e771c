// The outbox and the connection: a message is sent until the server has answered for good, always with the same nonce.

import ChatProtocol

extension ClientStateMachine {
    mutating func enqueue(_ send: Send, ticket: Ticket) {
        guard outbox.count < configuration.outboxCapacity else {
            actions.append(.result(ticket, .failure(.tooMany)))
            return
        }
        var send = send
        if send.nonce.isEmpty { send.nonce = makeNonce() }
        outbox.append(send, ticket: ticket)
        actions.append(.deliver(.outbox(.queued(send))))
    }

    mutating func withdraw(conversation: ConversationID, nonce: String) {
        guard let entry = outbox.withdraw(conversation, nonce: nonce) else { return }
        actions.append(.deliver(.outbox(.withdrawn(entry.send))))
        if let ticket = entry.ticket { actions.append(.result(ticket, .failure(.withdrawn))) }
    }

    mutating func pumpSend() -> Bool {
        guard let send = outbox.next(now: now, perConversation: configuration.sendsInFlight) else { return false }
        transmit(.send(send), origin: .outbox)
        return true
    }

    mutating func sendAnswered(_ reply: ReplyFrame, sent: InFlight) {
        guard case .send(let send) = sent.command else { return }
        switch reply.result {
        case .success(let json):
            guard let answer = try? SendReply(json: json) else {
                // Unreadable: the message may be stored; asking again tells.
                retry(send, command: reply.re, after: nil, mayBeStored: true)
                return
            }
            acknowledged(send, command: reply.re, answer: answer, json: json)
        case .failure(let error):
            refused(send, command: reply.re, error: error)
        }
    }

    private mutating func acknowledged(_ send: Send, command: Int64, answer: SendReply, json: JSON) {
        guard let entry = outbox.finish(send.conversation, command: command) else { return }
        actions.append(.deliver(.outbox(.acknowledged(entry.send, answer))))
        if entry.seen == nil, configuration.keepsRows, let position = position(of: send.conversation) {
            // The row is on its way, unless the position has passed it.
            if position >= answer.rev {
                actions.append(.deliver(.outbox(.matched(entry.send, seq: answer.seq))))
            } else {
                outbox.awaitRow(entry.send, answer)
            }
        }
        if let ticket = entry.ticket { actions.append(.result(ticket, .success(json))) }
    }

    private mutating func refused(_ send: Send, command: Int64, error: ErrorBody) {
        switch error.code.retry {
        case .wait:
            outbox.slowDown(until: now + max(1, error.retryAfterMs ?? 1_000))
            outbox.hold(send.conversation, command: command, until: now, mayBeStored: false)
        case .sameNonce, .signIn:
            retry(send, command: command, after: error.retryAfterMs, mayBeStored: error.code == .unknown)
        case .no:
            guard let entry = outbox.finish(send.conversation, command: command) else { return }
            refused(entry, error)
        }
    }

    private mutating func refused(_ entry: Outbox.Entry, _ error: ErrorBody) {
        guard entry.seen == nil else {
            wasStored(entry)
            return
        }
        // An internal error says nothing of what was stored, and a refusal nothing of earlier tries.
        let isOpen = entry.mayBeStored || error.code == .internal
        actions.append(.deliver(.outbox(isOpen ? .unresolved(entry.send, error) : .refused(entry.send, error))))
        guard let ticket = entry.ticket else { return }
        actions.append(.result(ticket, .failure(isOpen ? .unresolved(error) : .refused(error))))
    }

    /// Nothing of the conversation is sent for a while; then this message is, first.
    private mutating func retry(_ send: Send, command: Int64, after: Int64?, mayBeStored: Bool) {
        let delay = Backoff.delay(
            attempts: outbox.attempts(send.conversation, command: command) - 1,
            minimum: configuration.backoffMinimumMs,
            maximum: configuration.backoffMaximumMs,
            random: draw()
        )
        outbox.hold(
            send.conversation,
            command: command,
            until: now + max(1, after ?? delay),
            mayBeStored: mayBeStored
        )
    }

    /// A row of the user's own: the end of a pending message.
    mutating func match(_ message: Message) {
        let (change, stored) = outbox.match(message)
        if let stored { wasStored(stored) }
        if let change { actions.append(.deliver(.outbox(change))) }
    }

    /// A message is known to be stored by its row, though the answer was lost.
    mutating func wasStored(_ entry: Outbox.Entry) {
        guard let seen = entry.seen else { return }
        actions.append(.deliver(.outbox(.acknowledged(entry.send, seen))))
        guard let ticket = entry.ticket else { return }
        let json = JSON.object([
            JSON.Field("seq", .integer(seen.seq)),
            JSON.Field("rev", .integer(seen.rev)),
            JSON.Field("sentAt", .integer(seen.sentAt)),
        ])
        actions.append(.result(ticket, .success(json)))
    }
}
