// What keeps the copy complete: following conversations, fetching unknown ones, paging `sync`, reading the newest history.

import ChatProtocol
import DequeModule

extension ClientStateMachine {
    /// When jobs that wait may go on, if it is time that holds them up.
    var jobsDue: Int64? {
        guard jobs.inFlight < configuration.jobsInFlight else { return nil }
        return jobs.due(now: now)
    }

    /// Sends what can be sent: messages, commands of the app and jobs take turns.
    mutating func pump() {
        guard case .online = phase else { return }
        var isProgressing = true
        while isProgressing {
            isProgressing = false
            if inFlight.count < configuration.commandsInFlight, pumpSend() { isProgressing = true }
            if inFlight.count < configuration.commandsInFlight, let next = commands.popFirst() {
                ask(next)
                isProgressing = true
            }
            if inFlight.count < configuration.commandsInFlight, pumpJob() { isProgressing = true }
        }
    }

    private mutating func pumpJob() -> Bool {
        guard jobs.inFlight < configuration.jobsInFlight, let job = jobs.next(now: now) else { return false }
        guard let command = command(for: job) else { return true }
        jobs.began()
        transmit(command, origin: .job(job))
        return true
    }

    /// The command of a job; `nil` if there is no need for it any more.
    private mutating func command(for job: Job) -> Command? {
        switch job {
        case .index(let after):
            return .index(after: after)
        case .own:
            guard own?.isCatchingUp == true, let position = own?.position else { return nil }
            own?.beginSync()
            return .syncOwn(since: position, limit: configuration.syncLimit)
        case .fetch(let conversations):
            return .conversations(ids: conversations)
        case .sync(let conversation, let born):
            guard let entry = tracked[conversation], entry.born == born, entry.cursor.isCatchingUp else { return nil }
            tracked[conversation]?.cursor.beginSync()
            return .sync(
                conversation: conversation,
                since: entry.cursor.position,
                limit: configuration.syncLimit
            )
        case .history(let conversation, let born):
            guard tracked[conversation]?.born == born, case .newest(let count) = configuration.bootstrap else {
                return nil
            }
            return .history(conversation: conversation, bound: .newest, limit: count)
        }
    }

    // MARK: Following

    /// A conversation that is not known: its row is fetched, or, without rows, it is followed from a position.
    mutating func discover(_ conversation: ConversationID, at position: Int64) {
        guard configuration.keepsRows else {
            follow(conversation, from: position)
            return
        }
        var entry = Tracked(
            cursor: LogCursor(position: 0),
            born: serial,
            touched: serial,
            confirmedBy: lastSocket,
            isKnown: false
        )
        entry.hasJob = true
        tracked[conversation] = entry
        jobs.fetch(conversation, first: conversation == standing.open)
    }

    /// Begins a conversation with its row. What was missed since the row was read is fetched.
    /// - Parameter readAt: The input at which the row was asked for: what the own log said since then may be newer. `nil`:
    ///   not known; if what the own log said is older, it will say more.
    mutating func install(_ row: Conversation, readAt: UInt64?, isProvisional: Bool = false) {
        let heardRev = tracked[row.id]?.heardRev ?? 0
        let everything = configuration.keepsRows && configuration.bootstrap == .everything
        follow(row.id, from: everything ? 0 : row.head)
        tracked[row.id]?.isProvisional = isProvisional
        guard configuration.keepsRows else { return }
        replicas[row.id] = ConversationReplica(row, everything: everything)
        if let membership = memberships[row.id], membership.heard > readAt ?? 0 {
            _ = replicas[row.id]?.apply(membership.row)
        }
        changedConversations.append(row.id)
        if everything ? row.head > 0 : heardRev > row.head { fallBehind(row.id) }
        if case .newest(let count) = configuration.bootstrap, count > 0, row.lastSeq > 0 {
            jobs.append(.history(row.id, born: serial), first: row.id == standing.open)
        }
    }

    /// Something of a conversation is missing: it is synced, once at a time.
    mutating func fallBehind(_ conversation: ConversationID) {
        tracked[conversation]?.cursor.fallBehind()
        queueSync(conversation)
    }

    mutating func queueSync(_ conversation: ConversationID, first: Bool = false) {
        guard let entry = tracked[conversation], entry.isKnown, !entry.hasJob else { return }
        tracked[conversation]?.hasJob = true
        jobs.append(.sync(conversation, born: entry.born), first: first || conversation == standing.open)
    }

    /// The conversation is not the user's any more.
    mutating func forget(_ conversation: ConversationID) {
        tracked[conversation] = nil
        replicas[conversation] = nil
        outbox.forgetAcknowledged(in: conversation)
    }

    /// The conversation is further behind than is worth catching up with: it begins anew, at its head.
    mutating func startAnew(_ conversation: ConversationID, at head: Int64) {
        startOver(conversation)
        discover(conversation, at: head)
    }

    /// What is held of a conversation is dropped.
    mutating func startOver(_ conversation: ConversationID) {
        if let lastSeq = replicas[conversation]?.lastSeq, lastSeq > 0 {
            actions.append(.deliver(.dropped(conversation, 1...lastSeq)))
        }
        forget(conversation)
    }

    /// Another epoch: everything is dropped but the outbox.
    mutating func dropEverything() {
        guard epoch != nil || !tracked.isEmpty else { return }
        tracked = [:]
        replicas = [:]
        memberships = [:]
        own = nil
        epoch = nil
        outbox.forgetAcknowledged()
        changedConversations = []
        actions.append(.deliver(.reset))
    }

    /// A position above the head: what the client holds is of another epoch. A fresh `hello` begins anew.
    mutating func startAfresh() {
        dropEverything()
        reconnect(closing: .goingAway)
    }

    // MARK: Answers to jobs

    mutating func jobAnswered(_ job: Job, _ json: JSON, sent: InFlight) throws(WireError) {
        switch job {
        case .index:
            let page = try IndexPage(json: json)
            jobs.ended()
            take(page, sentAt: sent.serial)
        case .own:
            let page = try OwnPage(json: json)
            jobs.ended()
            try take(page)
        case .fetch(let conversations):
            let answer = try ConversationsAnswer(json: json)
            jobs.ended()
            take(answer.conversations, askedFor: conversations, sentAt: sent.serial)
        case .sync(let conversation, let born):
            let page = try ChangesPage(json: json)
            jobs.ended()
            guard tracked[conversation]?.born == born else { return }
            tracked[conversation]?.hasJob = false
            try takeSync(page, of: conversation)
        case .history(let conversation, _):
            let page = try HistoryPage(json: json)
            jobs.ended()
            load(page, of: conversation, sentAt: sent.serial)
        }
    }

    mutating func jobRefused(_ job: Job, _ error: ErrorBody, sent: InFlight) {
        switch error.code {
        case .rateLimited:
            jobs.pacer.drain(now: now)
            jobs.failed(job, until: now + max(1, error.retryAfterMs ?? 1_000))
        case .unavailable, .unknown, .internal, .unauthenticated:
            let delay = Backoff.delay(
                attempts: jobs.failures,
                minimum: configuration.backoffMinimumMs,
                maximum: configuration.backoffMaximumMs,
                random: draw()
            )
            jobs.failed(job, until: now + max(1, error.retryAfterMs ?? delay))
        default:
            jobs.ended()
            abandon(job, sent: sent, isNotFound: error.code == .notFound)
        }
    }

    /// A job that makes no sense to the server. Not found: the user is out, the event may be on its way.
    private mutating func abandon(_ job: Job, sent: InFlight, isNotFound: Bool) {
        switch job {
        case .sync(let conversation, let born), .history(let conversation, let born):
            guard tracked[conversation]?.born == born else { return }
            if isNotFound {
                leave(conversation, reason: nil)
            } else if case .sync = job {
                tracked[conversation]?.hasJob = false
            }
        case .fetch(let conversations):
            take([], askedFor: conversations, sentAt: sent.serial)
        case .index, .own: break
        }
    }

    /// Rows of conversations that were asked for. What is absent is not the user's.
    private mutating func take(_ rows: [Conversation], askedFor: [ConversationID], sentAt: UInt64) {
        var byID: [ConversationID: Conversation] = [:]
        for row in rows { byID[row.id] = row }
        for conversation in askedFor {
            guard let entry = tracked[conversation], !entry.isKnown, entry.born <= sentAt else { continue }
            if let row = byID[conversation] {
                install(row, readAt: sentAt)
            } else {
                tracked[conversation] = nil
            }
        }
    }

    private mutating func takeSync(_ page: ChangesPage, of conversation: ConversationID) throws(WireError) {
        guard let before = tracked[conversation]?.cursor.position else { return }
        if page.reset {
            startAfresh()
            return
        }
        if page.more, page.upTo <= before { throw WireError(.invalid, "upTo must be above since.") }
        // The first page need not have any: those present may all have come late.
        if before == 0, let count = replicas[conversation]?.row.memberCount {
            replicas[conversation]?.hasAllMembers = count <= ConversationReplica.toldMembersLimit
        }
        applyRows(of: page, since: before)
        finish(page, of: conversation, before: before)
    }

    /// The rows of a page are applied: the position moves, and the next page is asked for if one is needed.
    mutating func finish(_ page: ChangesPage, of conversation: ConversationID, before: Int64) {
        guard var cursor = tracked[conversation]?.cursor else { return }
        let isBehind = cursor.finishPage(upTo: page.upTo, more: page.more)
        tracked[conversation]?.cursor = cursor
        moved(conversation)
        guard isBehind else { return }
        // Heard of more than the server answers: ask again, but not at once.
        if !page.more, cursor.position == before { jobs.pause(until: now + configuration.backoffMinimumMs) }
        queueSync(conversation, first: page.more)
    }

    private mutating func take(_ page: OwnPage) throws(WireError) {
        guard var cursor = own else { return }
        if page.reset {
            startAfresh()
            return
        }
        let before = cursor.position
        if page.more, page.upTo <= before { throw WireError(.invalid, "upTo must be above since.") }
        let isBehind = cursor.finishPage(upTo: page.upTo, more: page.more)
        own = cursor
        apply(page.rows)
        guard isBehind else { return }
        if !page.more, cursor.position == before { jobs.pause(until: now + configuration.backoffMinimumMs) }
        jobs.append(.own, first: page.more)
    }
}
