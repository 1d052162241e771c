// What the server says unasked: intervals against positions, rows into replicas, the rest to the app.

import ChatProtocol

extension ClientStateMachine {
    mutating func take(_ event: Event) {
        switch event {
        case .message(let conversation, let after, let rev, let message):
            guard hear(conversation, after: after, rev: rev) else { return }
            apply([message], to: conversation)
            moved(conversation)
        case .member(let conversation, let after, let rev, let member):
            guard hear(conversation, after: after, rev: rev) else { return }
            apply([member], to: conversation)
            moved(conversation)
        case .conversation(let conversation, let after, let rev, let row):
            guard hear(conversation, after: after, rev: rev) else { return }
            apply(row, to: conversation)
            moved(conversation)
        case .changes(let conversation, let after, let rev, let messages, let members, let row):
            guard hear(conversation, after: after, rev: rev) else { return }
            apply(messages, to: conversation)
            apply(members, to: conversation)
            if let row { apply(row, to: conversation) }
            moved(conversation)
        case .skip(let conversation, let after, let rev):
            if hear(conversation, after: after, rev: rev) { moved(conversation) }
        case .unknown(_, let conversation, let after, let rev):
            guard let conversation, let after, let rev else { return }
            if hear(conversation, after: after, rev: rev) { moved(conversation) }
        case .joined(let conversation, let row): joined(conversation, row)
        case .left(let conversation, _, let reason): leave(conversation, reason: reason)
        case .behind(let conversation, let head): behind(conversation, head: head)
        case .own(let after, let rev, let rows): hearOwn(after: after, rev: rev, rows: rows)
        case .read, .typing, .presence, .moving: takePassing(event)
        }
    }

    private mutating func takePassing(_ event: Event) {
        switch event {
        case .read(let conversation, let user, let readSeq):
            if replicas[conversation]?.apply(readSeq: readSeq, of: user) == false { return }
            actions.append(.deliver(.read(conversation, user: user, readSeq: readSeq)))
        case .typing(let conversation, let user):
            actions.append(.deliver(.typing(conversation, user: user)))
        case .presence(let users):
            actions.append(.deliver(.presence(users)))
        case .moving(let afterMs):
            moving(afterMs: afterMs)
        default: break
        }
    }

    /// Compares an interval with the position. Answers whether its rows are to be applied.
    private mutating func hear(_ conversation: ConversationID, after: Int64, rev: Int64) -> Bool {
        guard let index = tracked.index(forKey: conversation) else {
            discover(conversation, at: after)
            guard !configuration.keepsRows else {
                tracked[conversation]?.heardRev = rev
                return false
            }
            return hear(conversation, after: after, rev: rev)
        }
        tracked.values[index].touched = serial
        guard tracked.values[index].isKnown else {
            tracked.values[index].heardRev = max(tracked.values[index].heardRev, rev)
            return false
        }
        switch tracked.values[index].cursor.hear(after: after, rev: rev) {
        case .ignore: return false
        case .apply, .applyAsRows: return true
        case .gap:
            queueSync(conversation)
            return true
        }
    }

    /// The position may have moved: the copy's position goes with the rows.
    mutating func moved(_ conversation: ConversationID) {
        guard let position = tracked[conversation]?.cursor.position else { return }
        replicas[conversation]?.position = position
        if outbox.awaitsRows(in: conversation) {
            for matched in outbox.passed(position, in: conversation) { actions.append(.deliver(.outbox(matched))) }
        }
    }

    /// No events come until a sync has been answered: there must be one, whatever is fetched meanwhile.
    private mutating func behind(_ conversation: ConversationID, head: Int64) {
        if tracked[conversation] == nil { discover(conversation, at: head) }
        if tracked[conversation]?.isKnown == true {
            fallBehind(conversation)
        } else {
            tracked[conversation]?.heardRev = .max
        }
    }

    // MARK: Membership

    private mutating func joined(_ conversation: ConversationID, _ row: Conversation) {
        membershipHeard[conversation] = serial
        if let known = tracked[conversation], known.isProvisional {
            // It is here already, by the answer to `create` or `join`.
            tracked[conversation]?.isProvisional = false
            if row.head > known.cursor.position { fallBehind(conversation) }
            if let own = row.own, ownHeard(conversation) <= known.born { replaceOwn(own, in: conversation) }
        } else {
            if tracked[conversation] != nil { startOver(conversation) }
            install(row, readAt: nil)
        }
        actions.append(.deliver(.joined(conversation)))
    }

    mutating func leave(_ conversation: ConversationID, reason: LeaveReason?) {
        membershipHeard[conversation] = serial
        guard tracked[conversation] != nil else { return }
        forget(conversation)
        actions.append(.deliver(.left(conversation, reason)))
    }

    // MARK: Rows

    mutating func apply(_ messages: [Message], to conversation: ConversationID) {
        guard !messages.isEmpty else { return }
        // Read once: the optimiser of Swift 6.3.1 fails on reading it in the loop.
        let reader = user
        if outbox.awaitsRows(in: conversation) {
            for message in messages where message.sender == reader { match(message) }
        }
        guard configuration.keepsRows else {
            actions.append(.deliver(.messages(conversation, messages)))
            return
        }
        guard let index = replicas.index(forKey: conversation) else { return }
        let changed = replicas.values[index].apply(messages, reader: reader)
        changedConversations.append(conversation)
        guard !changed.isEmpty else { return }
        actions.append(.deliver(.messages(conversation, changed)))
        trim(conversation, near: nil)
    }

    mutating func apply(_ members: [Member], to conversation: ConversationID) {
        guard !members.isEmpty else { return }
        guard configuration.keepsRows else {
            actions.append(.deliver(.members(conversation, members)))
            return
        }
        var changed: [Member] = []
        for member in members {
            if let row = replicas[conversation]?.apply(member) { changed.append(row) }
        }
        guard !changed.isEmpty else { return }
        changedConversations.append(conversation)
        actions.append(.deliver(.members(conversation, changed)))
    }

    mutating func apply(_ row: Conversation, to conversation: ConversationID) {
        if replicas[conversation]?.apply(row: row) == true { changedConversations.append(conversation) }
    }

    mutating func applyRows(of page: ChangesPage, since: Int64) {
        // From the start, a page names only those who are members still: others of that time have left.
        if since == 0 { replicas[page.conversation]?.forgetMembers(upTo: page.upTo, but: page.members) }
        apply(page.messages, to: page.conversation)
        apply(page.members, to: page.conversation)
        if let row = page.row { apply(row, to: page.conversation) }
    }

    /// Keeps the copy within its bound.
    mutating func trim(_ conversation: ConversationID, near anchor: ClosedRange<Int64>?) {
        guard case .newest = configuration.bootstrap,
            let count = replicas[conversation]?.rows.all.count,
            count > configuration.messagesPerConversation
        else { return }
        // Some room at once, so that not every message has to make it.
        let limit = configuration.messagesPerConversation - configuration.messagesPerConversation / 8
        for range in replicas[conversation]?.trim(to: limit, near: anchor) ?? [] {
            actions.append(.deliver(.dropped(conversation, range)))
        }
    }

    // MARK: The own log

    private mutating func hearOwn(after: Int64, rev: Int64, rows: [OwnRow]) {
        guard var cursor = own else { return }
        let verdict = cursor.hear(after: after, rev: rev)
        own = cursor
        if verdict == .gap { jobs.append(.own) }
        if verdict != .ignore { apply(rows) }
    }

    mutating func apply(_ rows: [OwnRow]) {
        let rows = ownReads == 0 ? rows : rows.filter { isNews($0) }
        guard !rows.isEmpty else { return }
        for row in rows {
            switch row {
            case .membership(let membership):
                remember(membership)
                if replicas[membership.conversation]?.apply(membership) == true {
                    changedConversations.append(membership.conversation)
                }
            case .reaction(let reaction):
                if let message = replicas[reaction.conversation]?.apply(reaction) {
                    actions.append(.deliver(.messages(reaction.conversation, [message])))
                }
            case .settings(let settings):
                welcome?.user = settings.user
            case .session: break
            }
        }
        actions.append(.deliver(.own(rows)))
    }

    /// Whether a row is newer than what came of its key while pages are under way.
    private mutating func isNews(_ row: OwnRow) -> Bool {
        guard row.rev > ownRevs[row.key] ?? 0 else { return false }
        ownRevs[row.key] = row.rev
        return true
    }

    mutating func endOwnRead() {
        ownReads = max(0, ownReads - 1)
        if ownReads == 0 { ownRevs = [:] }
    }

    /// Kept for a conversation whose own events are behind the own log.
    private mutating func remember(_ membership: OwnRow.Membership) {
        guard configuration.keepsRows else { return }
        if let known = memberships[membership.conversation], known.row.rev >= membership.rev { return }
        // The end of a membership need not be remembered once no older row can come.
        let isOver = membership.left && own?.isCatchingUp == false
        memberships[membership.conversation] = isOver ? nil : (row: membership, heard: serial)
    }

    /// The input at which the own log last said something of a conversation.
    func ownHeard(_ conversation: ConversationID) -> UInt64 { memberships[conversation]?.heard ?? 0 }

    mutating func replaceOwn(_ state: OwnState, in conversation: ConversationID) {
        if replicas[conversation]?.replaceOwn(state) == true { changedConversations.append(conversation) }
    }

    /// One snapshot per conversation and input, however much has changed.
    mutating func deliverChangedConversations() {
        guard !changedConversations.isEmpty else { return }
        var delivered: Set<ConversationID> = []
        for conversation in changedConversations where delivered.insert(conversation).inserted {
            if let replica = replicas[conversation] {
                actions.append(.deliver(.conversation(replica.conversation)))
            }
        }
        changedConversations = []
    }
}
