// The transactions of MembershipStore: what is the user's own.
package import ChatCore
package import ChatProtocol

extension MemoryLog {
    package func open(_ requests: [OpenRequest]) -> [Result<Opening, ChatError>] {
        requests.map { request in
            guard
                let session = sessions.first(where: {
                    $0.tokenHash == request.tokenHash && $0.isCookie == request.isCookie
                }), let person = people[session.user]
            else { return .failure(.unauthenticated) }
            guard !session.isEnded else { return .failure(ChatError(.gone, "The session has ended; sign in again.")) }
            let entries = seats(session.user).compactMap { place -> Opening.Entry? in
                guard let row = logs[place].member(session.user) else { return nil }
                return Opening.Entry(index: logs[place].indexEntry(row), memberCount: logs[place].memberCount)
            }
            return .success(
                Opening(
                    user: person.user,
                    session: session.id,
                    epoch: epoch,
                    own: own[session.user]?.head ?? 0,
                    entries: entries
                )
            )
        }
    }

    package func index(of user: UserID, after: ConversationID?, limit: Int) -> [IndexEntry] {
        let entries = seats(user).compactMap { place in logs[place].member(user).map { logs[place].indexEntry($0) } }
        return Array(entries.filter { entry in after.map { entry.conversation > $0 } ?? true }.prefix(limit))
    }

    package mutating func mark(
        _ mark: ReadMark,
        conversation: ConversationID,
        user: UserID
    ) throws(ChatError) -> Changed<ReadState> {
        let place = try place(conversation, user, may: .markRead)
        guard let index = logs[place].memberIndex(user) else { throw .notFound }
        let former = logs[place].members[index]
        switch mark {
        case .upTo(let seq):
            guard seq >= 0, seq <= logs[place].lastSeq else { throw .invalid("seq: there is no such message yet.") }
            logs[place].members[index].readSeq = max(former.readSeq, seq)
            logs[place].members[index].unreadFrom = nil
        case .unreadFrom(let seq):
            if let seq {
                guard seq >= 1, seq <= logs[place].lastSeq else {
                    throw .invalid("unreadFrom: there is no such message.")
                }
            }
            logs[place].members[index].unreadFrom = seq
        }
        let row = logs[place].members[index]
        var unit = Unit()
        if (row.readSeq, row.unreadFrom ?? 0) != (former.readSeq, former.unreadFrom ?? 0) {
            touchOwn(user, in: place, &unit)
        }
        if row.readSeq > former.readSeq, logs[place].memberCount <= Int64(FixedLimits.markerMembers) {
            unit.commit.markers.append(Marker(conversation: conversation, user: user, readSeq: row.readSeq))
        }
        let state = ReadState(readSeq: row.readSeq, unreadFrom: row.unreadFrom, unread: logs[place].unread(row))
        return Changed(state, finish(unit))
    }

    package mutating func configure(
        _ patch: SettingsPatch,
        conversation: ConversationID,
        user: UserID
    ) throws(ChatError) -> Changed<OwnState> {
        try changeOwn(conversation, user) { row in
            row.level = patch.level ?? row.level
            row.isMuted = patch.isMuted ?? row.isMuted
            row.isFavourite = patch.isFavourite ?? row.isFavourite
            row.isArchived = patch.isArchived ?? row.isArchived
        }
    }

    package mutating func setDraft(
        _ draft: DraftRequest,
        conversation: ConversationID,
        user: UserID,
        now: Milliseconds
    ) throws(ChatError) -> Changed<OwnState> {
        if let replyTo = draft.replyTo, !draft.body.isEmpty {
            let place = try place(conversation, user, may: .read)
            guard replyTo >= 1, replyTo <= logs[place].lastSeq else { throw .notFound }
        }
        return try changeOwn(conversation, user) { row in
            if draft.body.isEmpty {
                row.draft = nil
            } else if row.draft?.body != draft.body || row.draft?.replyTo != draft.replyTo {
                row.draft = OwnState.Draft(body: draft.body, replyTo: draft.replyTo, at: now)
            }
        }
    }

    private mutating func changeOwn(
        _ conversation: ConversationID,
        _ user: UserID,
        _ change: (inout ConversationLog.MemberRow) -> Void
    ) throws(ChatError) -> Changed<OwnState> {
        let place = try place(conversation, user, may: .read)
        guard let index = logs[place].memberIndex(user) else { throw .notFound }
        let former = logs[place].own(logs[place].members[index])
        change(&logs[place].members[index])
        var unit = Unit()
        let state = logs[place].own(logs[place].members[index])
        if state != former { touchOwn(user, in: place, &unit) }
        return Changed(state, finish(unit))
    }

    package func ownPage(_ user: UserID, since: Int64, limit: Int) -> OwnPage {
        let log = own[user] ?? OwnLog()
        guard since <= log.head else { return OwnPage(rows: [], upTo: log.head, head: log.head, reset: true) }
        var rows: [OwnRow] = []
        for id in log.conversations {
            guard let place = places[id], let index = logs[place].memberIndex(user) else { continue }
            let row = logs[place].members[index]
            // Who starts afresh need not hear of what is over.
            guard row.ownRev > since, since > 0 || row.isPresent else { continue }
            rows.append(
                .membership(
                    OwnRow.Membership(
                        rev: row.ownRev,
                        conversation: id,
                        state: logs[place].own(row),
                        left: !row.isPresent
                    )
                )
            )
        }
        for entry in log.reactions where entry.ownRev > since {
            guard let place = places[entry.conversation], logs[place].member(user) != nil else { continue }
            let mine = logs[place].mine(logs[place].messages[Int(entry.seq) - 1], user)
            let row = OwnRow.ReactionRow(
                rev: entry.ownRev,
                conversation: entry.conversation,
                seq: entry.seq,
                mine: mine
            )
            rows.append(.reaction(row))
        }
        for session in sessions where session.user == user && session.ownRev > since && (since > 0 || !session.isEnded)
        {
            rows.append(.session(Self.row(session)))
        }
        if let person = people[user], person.settingsOwnRev > since {
            let row = OwnRow.Settings(rev: person.settingsOwnRev, user: person.user, values: person.settings)
            rows.append(.settings(row))
        }
        rows.sort { $0.rev < $1.rev }
        guard rows.count > limit else { return OwnPage(rows: rows, upTo: log.head, head: log.head) }
        let shown = Array(rows.prefix(limit))
        return OwnPage(rows: shown, upTo: shown.last?.rev ?? since, head: log.head, more: true)
    }

    private static func row(_ session: SessionRow) -> OwnRow.SessionRow {
        OwnRow.SessionRow(
            rev: session.ownRev,
            id: session.id,
            device: session.device,
            createdAt: session.createdAt,
            ended: session.isEnded
        )
    }

    package func companions(of user: UserID, among people: [UserID]) -> Set<UserID> {
        let seats = seats(user)
        return Set(people.filter { other in seats.contains { logs[$0].member(other) != nil } })
    }

    package func joined(_ user: UserID, conversation: ConversationID) -> Conversation? {
        conversations([conversation], reader: user).first
    }

    // MARK: - People

    /// Adds a person.
    package mutating func addUser(_ user: User) {
        people[user.id] = Person(user: user)
        userIDs.insert(user.id, at: userIDs.firstIndex { $0 > user.id } ?? userIDs.endIndex)
    }

    /// Signs a device in.
    package mutating func addSession(
        _ id: SessionID,
        of user: UserID,
        device: String? = nil,
        tokenHash: [UInt8],
        isCookie: Bool = false,
        now: Milliseconds
    ) -> Commit {
        var unit = Unit()
        let rev = advanceOwn(user, &unit)
        sessions.append(
            SessionRow(
                id: id,
                user: user,
                device: device,
                createdAt: now,
                ownRev: rev,
                tokenHash: tokenHash,
                isCookie: isCookie
            )
        )
        return finish(unit)
    }

    /// Signs a device out.
    package mutating func endSession(_ id: SessionID) -> Commit {
        guard let index = sessions.firstIndex(where: { $0.id == id && !$0.isEnded }) else { return Commit() }
        var unit = Unit()
        sessions[index].ownRev = advanceOwn(sessions[index].user, &unit)
        sessions[index].isEnded = true
        unit.commit.endedSessions.append(id)
        return finish(unit)
    }

    package func alive(_ ids: [SessionID]) -> Set<SessionID> {
        Set(ids.filter { id in sessions.contains { $0.id == id && !$0.isEnded } })
    }
}
