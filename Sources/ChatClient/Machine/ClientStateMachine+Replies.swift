// Answers: matched with their commands, their rows taken into the copy, the rest to whoever asked.

import ChatProtocol

extension ClientStateMachine {
    mutating func take(_ frame: ServerFrame, on socket: SocketID) {
        guard socket == self.socket else { return }
        lastHeard = now
        isPinged = false
        switch (phase, frame) {
        case (.greeting(_, let hello, _), .reply(let reply)) where reply.re == hello:
            helloAnswered(reply.result, on: socket)
        case (.online, .reply(let reply)):
            answered(reply)
        case (.online, .event(let event)):
            take(event)
        default: break
        }
    }

    /// Writes a command. Everything but `hello` and `ping` is remembered until its answer.
    mutating func transmit(_ command: Command, origin: InFlight.Origin?) {
        guard let socket else { return }
        let id = nextCommand()
        if let origin {
            inFlight[id] = InFlight(origin: origin, command: command, serial: serial)
            sentOrder.append(SentCommand(id: id, at: now))
            for conversation in command.readConversations { replicas[conversation]?.beginRead() }
            if case .syncOwn = command { ownReads += 1 }
            if origin == .outbox, case .send(let send) = command {
                outbox.sent(send.conversation, nonce: send.nonce, as: id)
            }
        }
        actions.append(.send(socket, CommandFrame(id: id, command: command)))
    }

    private mutating func answered(_ reply: ReplyFrame) {
        guard let sent = inFlight.removeValue(forKey: reply.re) else { return }
        while let first = sentOrder.first, inFlight[first.id] == nil { sentOrder.removeFirst() }
        switch sent.origin {
        case .wish: break
        case .outbox: sendAnswered(reply, sent: sent)
        case .job(let job): jobAnswered(job, reply.result, sent: sent)
        case .app(let ticket): appAnswered(ticket, reply.result, sent: sent)
        }
        if case .syncOwn = sent.command { endOwnRead() }
        for conversation in sent.command.readConversations {
            guard let entry = tracked[conversation], entry.born <= sent.serial else { continue }
            replicas[conversation]?.endRead()
        }
    }

    private mutating func jobAnswered(_ job: Job, _ result: Result<JSON, ErrorBody>, sent: InFlight) {
        switch result {
        case .success(let json):
            do {
                try jobAnswered(job, json, sent: sent)
            } catch {
                // Without what the job brings the copy has a hole; another node may do better.
                reconnect(closing: .protocolError)
            }
        case .failure(let error): jobRefused(job, error, sent: sent)
        }
    }

    private mutating func appAnswered(_ ticket: Ticket, _ result: Result<JSON, ErrorBody>, sent: InFlight) {
        switch result {
        case .success(let json):
            do {
                try take(json, of: sent)
                actions.append(.result(ticket, .success(json)))
            } catch {
                actions.append(.result(ticket, .failure(.malformed)))
            }
        case .failure(let error):
            actions.append(.result(ticket, .failure(.refused(error))))
        }
    }

    /// Takes what a command of the app has brought into the copy.
    private mutating func take(_ json: JSON, of sent: InFlight) throws(WireError) {
        switch sent.command {
        case .history(let conversation, _, _):
            load(try HistoryPage(json: json), of: conversation, sentAt: sent.serial)
        case .edit(let conversation, _, _, _), .delete(let conversation, _), .react(let conversation, _, _),
            .unreact(let conversation, _, _), .pin(let conversation, _), .unpin(let conversation, _):
            let answer = try MessageAnswer(json: json)
            if isSame(conversation, since: sent) { apply([answer.message], to: conversation) }
        case .member(let conversation, _, _):
            let answer = try MemberAnswer(json: json)
            if isSame(conversation, since: sent) { apply([answer.member], to: conversation) }
        case .read(let conversation, _):
            let state = try ReadState(json: json)
            guard isSame(conversation, since: sent) else { return }
            let isNewest = ownHeard(conversation) <= sent.serial
            if replicas[conversation]?.apply(state, isNewest: isNewest) == true {
                changedConversations.append(conversation)
            }
        case .create, .join:
            installFromAnswer(try ConversationAnswer(json: json).conversation, sent: sent)
        case .conversations:
            for row in try ConversationsAnswer(json: json).conversations { installFromAnswer(row, sent: sent) }
        case .sync(let conversation, let since, _):
            try take(try ChangesPage(json: json), of: conversation, since: since, sent: sent)
        case .syncOwn(let since, _):
            try take(try OwnPage(json: json), since: since)
        case .hello, .index, .send, .open, .typing, .presence, .state, .leave, .remove, .ping: break
        }
    }

    /// Whether the membership is the one of the time when a command was sent.
    private func isSame(_ conversation: ConversationID, since sent: InFlight) -> Bool {
        tracked[conversation].map { $0.isKnown && $0.born <= sent.serial } == true
    }

    /// A row that an answer brought: news of a conversation that is known, or the beginning of one that is not.
    private mutating func installFromAnswer(_ row: Conversation, sent: InFlight) {
        if let heard = membershipHeard[row.id], heard > sent.serial, tracked[row.id] == nil { return }
        guard let known = tracked[row.id], known.isKnown else {
            install(row, readAt: sent.serial, isProvisional: tracked[row.id] == nil)
            return
        }
        guard known.born <= sent.serial else { return }
        apply(row, to: row.id)
        // An older list could bring back who has left.
        if let members = row.members, row.head >= known.cursor.position { apply(members, to: row.id) }
        if let own = row.own, ownHeard(row.id) <= sent.serial { replaceOwn(own, in: row.id) }
        if let last = row.lastMessage { apply([last], to: row.id) }
    }

    /// A page that the app asked for covers an interval like an event.
    private mutating func take(
        _ page: ChangesPage,
        of conversation: ConversationID,
        since: Int64,
        sent: InFlight
    ) throws(WireError) {
        guard isSame(conversation, since: sent), var cursor = tracked[conversation]?.cursor else { return }
        if page.reset {
            if since <= cursor.position { startAfresh() }
            return
        }
        let verdict = cursor.hear(after: since, rev: page.upTo)
        tracked[conversation]?.cursor = cursor
        applyRows(of: page, since: since)
        if verdict == .gap { queueSync(conversation) }
        moved(conversation)
    }

    private mutating func take(_ page: OwnPage, since: Int64) throws(WireError) {
        guard var cursor = own else { return }
        if page.reset {
            if since <= cursor.position { startAfresh() }
            return
        }
        let verdict = cursor.hear(after: since, rev: page.upTo)
        own = cursor
        if verdict == .gap { jobs.append(.own) }
        apply(page.rows)
    }

    /// A page of history becomes a loaded range.
    mutating func load(_ page: HistoryPage, of conversation: ConversationID, sentAt: UInt64) {
        guard let entry = tracked[conversation], entry.isKnown, entry.born <= sentAt,
            let first = page.messages.first?.seq, let last = page.messages.last?.seq, first <= last
        else { return }
        let reader = user
        for message in page.messages where message.sender == reader { match(message) }
        let changed = replicas[conversation]?.load(page.messages, sentBy: reader) ?? []
        guard !changed.isEmpty else { return }
        changedConversations.append(conversation)
        actions.append(.deliver(.messages(conversation, changed)))
        trim(conversation, near: first...last)
    }
}

extension Command {
    /// The conversations of which the answer brings rows: what comes meanwhile may be newer than the answer.
    var readConversations: [ConversationID] {
        switch self {
        case .sync(let conversation, _, _), .history(let conversation, _, _), .edit(let conversation, _, _, _),
            .delete(let conversation, _), .react(let conversation, _, _), .unreact(let conversation, _, _),
            .pin(let conversation, _), .unpin(let conversation, _), .member(let conversation, _, _),
            .join(let conversation):
            [conversation]
        case .conversations(let ids): ids
        default: []
        }
    }
}
