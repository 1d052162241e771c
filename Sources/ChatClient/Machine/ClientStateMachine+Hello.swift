// Greeting: what the client says that it holds, and what it learns of what it has missed.

import ChatProtocol

extension ClientStateMachine {
    /// How many positions a `hello` carries.
    static var resumeLimit: Int { 200 }

    func makeHello() -> Hello {
        Hello(
            token: token,
            device: configuration.device,
            features: configuration.features,
            epoch: epoch,
            own: epoch == nil ? nil : own?.position,
            resume: epoch == nil ? [] : resumePositions()
        )
    }

    /// Positions of at most 200 conversations: on the screen first, then those heard of last.
    private func resumePositions() -> [Hello.Position] {
        var first: [ConversationID] = []
        if let open = standing.open { first.append(open) }
        for conversation in standing.recent where !first.contains(conversation) { first.append(conversation) }
        first = first.filter { tracked[$0]?.isKnown == true }
        let rest = tracked.filter { $0.value.isKnown && !first.contains($0.key) }
            .map { (conversation: $0.key, touched: $0.value.touched) }
            .sorted { ($1.touched, $0.conversation) < ($0.touched, $1.conversation) }
            .map(\.conversation)
        return (first + rest).prefix(Self.resumeLimit).map {
            Hello.Position(conversation: $0, rev: tracked[$0]?.cursor.position ?? 0)
        }
    }

    mutating func helloAnswered(_ result: Result<JSON, ErrorBody>, on socket: SocketID) {
        switch result {
        case .success(let json):
            guard let reply = try? HelloReply(json: json) else {
                // Whatever is wrong with it, there is no conversation to be had with this server.
                reconnect(closing: .protocolError)
                return
            }
            greet(reply, on: socket)
        case .failure(let error):
            // A close that says what to do follows. If it does not, the time-out does.
            guard error.code.retry == .wait || error.code.retry == .sameNonce else { return }
            reconnect(closing: .goingAway)
        }
    }

    private mutating func greet(_ reply: HelloReply, on socket: SocketID) {
        let isOther =
            epoch != reply.epoch || own.map { $0.position > reply.own } == true
            || reply.index.contains { entry in position(of: entry.conversation).map { $0 > entry.head } == true }
            || reply.changes?.contains(where: \.reset) == true
        if isOther { dropEverything() }
        epoch = reply.epoch
        let welcomed = Welcome(
            user: reply.user,
            session: reply.session,
            connection: reply.connection,
            node: reply.node,
            heartbeatMs: reply.heartbeatMs,
            features: reply.features,
            limits: reply.limits,
            epoch: reply.epoch
        )
        jobs.pacer = Pacer(
            perSecond: reply.limits["commandsPerSecond"] ?? 0,
            burst: reply.limits["commandBurst"] ?? 0,
            now: now
        )
        welcome = welcomed
        becomeOnline(socket)
        actions.append(.deliver(.welcome(welcomed)))
        for conversation in reply.gone ?? [] where !isOther { leave(conversation, reason: nil) }
        for page in reply.changes ?? [] where !isOther { takeMissed(page) }
        for command in standing.commands { transmit(command, origin: .wish) }
        catchUpOwn(to: reply.own)
        take(IndexPage(index: reply.index, more: reply.more), sentAt: serial)
    }

    /// An answer to a position of `resume`.
    private mutating func takeMissed(_ page: ChangesPage) {
        guard let entry = tracked[page.conversation], entry.isKnown else { return }
        let before = entry.cursor.position
        applyRows(of: page, since: before)
        finish(page, of: page.conversation, before: before)
    }

    private mutating func catchUpOwn(to head: Int64) {
        guard var cursor = own else {
            // Nothing is held: the memberships come with the conversations.
            own = LogCursor(position: head)
            return
        }
        guard cursor.position < head else { return }
        cursor.fallBehind()
        own = cursor
        jobs.append(.own)
    }

    /// A page of the index, of `hello` or after it.
    mutating func take(_ page: IndexPage, sentAt: UInt64) {
        for entry in page.index { take(entry, sentAt: sentAt) }
        if page.more, let last = page.index.last?.conversation {
            jobs.append(.index(after: last), first: true)
            return
        }
        isIndexComplete = true
        // What no page has named is not the user's any more.
        let left = tracked.filter { $0.value.confirmedBy != lastSocket && $0.value.isKnown }.keys.sorted()
        for conversation in left { leave(conversation, reason: nil) }
    }

    private mutating func take(_ entry: IndexEntry, sentAt: UInt64) {
        let conversation = entry.conversation
        guard let known = tracked[conversation] else {
            // Left since the page was asked for: the page is older.
            if let heard = membershipHeard[conversation], heard > sentAt { return }
            discover(conversation, at: entry.head)
            return
        }
        tracked[conversation]?.confirmedBy = lastSocket
        guard known.isKnown else { return }
        if ownHeard(conversation) <= sentAt, replicas[conversation]?.apply(entry) == true {
            changedConversations.append(conversation)
        }
        guard entry.head > known.cursor.position, !known.cursor.isCatchingUp else { return }
        if entry.head - known.cursor.position > configuration.maximumLag, configuration.bootstrap != .everything {
            startAnew(conversation, at: entry.head)
        } else {
            fallBehind(conversation)
        }
    }
}
