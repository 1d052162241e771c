// The transactions of MessageStore.
package import ChatCore
package import ChatProtocol

extension MemoryLog {
    /// Appends a batch; one bad request fails alone.
    /// - Throws: `unavailable` for a batch that was given up before it came.
    package mutating func append(
        _ batch: [AppendRequest],
        as id: BatchID,
        now: Milliseconds
    ) throws(ChatError) -> AppendOutcome {
        guard batches[id] == nil else { throw .unavailable }
        var unit = Unit()
        var results: [Result<Appended, ChatError>] = []
        var before: [(place: Int, head: Int64)] = []
        var senders: [(user: UserID, place: Int)] = []
        for request in batch {
            do {
                let place = try place(request.send.conversation, request.sender, may: .read)
                let head = logs[place].head
                let former = logs[place].member(request.sender)?.readSeq ?? 0
                let (seq, isNew) = try post(request, in: place, now: now)
                results.append(.success(Appended(message: view(place, seq, request.sender), isNew: isNew)))
                guard isNew else { continue }
                noteMarker(of: request.sender, seq, in: place, former: former, &unit)
                if !mergesBatches {
                    tell(place, since: head, &unit)
                } else if !before.contains(where: { $0.place == place }) {
                    before.append((place, head))
                }
                if !senders.contains(where: { $0 == (request.sender, place) }) {
                    senders.append((request.sender, place))
                }
            } catch {
                results.append(.failure(error))
            }
        }
        for (place, head) in before { tell(place, since: head, &unit) }
        for (user, place) in senders { touchOwn(user, in: place, &unit) }
        batches[id] = true
        return AppendOutcome(results: results, commit: finish(unit))
    }

    /// Whether a batch was committed; if not, it never will be.
    package mutating func outcome(of id: BatchID) -> Bool {
        if let known = batches[id] { return known }
        batches[id] = false
        return false
    }

    /// Sending moves the marker. Others hear of it where it passed messages of theirs.
    private func noteMarker(of user: UserID, _ seq: Int64, in place: Int, former: Int64, _ unit: inout Unit) {
        guard former < seq - 1, logs[place].memberCount <= Int64(FixedLimits.markerMembers) else { return }
        unit.commit.markers.append(Marker(conversation: logs[place].id, user: user, readSeq: seq))
    }

    private mutating func post(
        _ request: AppendRequest,
        in place: Int,
        now: Milliseconds
    ) throws(ChatError) -> (seq: Int64, isNew: Bool) {
        let known = logs[place].nonces[request.nonceHash]
        if let known, logs[place].messages[Int(known) - 1].sendHash == request.sendHash { return (known, false) }
        let standing = logs[place].standing(request.sender)
        try Access.check(standing, .post)
        guard known == nil else { throw ChatError(.conflict, "nonce: it names a message with other content.") }
        for named in [request.send.replyTo, request.send.thread] {
            guard let named else { continue }
            guard named >= 1, named <= logs[place].lastSeq else { throw .notFound }
        }
        let mentionsAll = request.mentionsAll && Access.refusal(standing, .mentionAll) == nil
        return (logs[place].post(request, mentionsAll: mentionsAll, now: now), true)
    }

    package mutating func change(
        _ change: MessageChange,
        conversation: ConversationID,
        seq: Int64,
        by user: UserID,
        now: Milliseconds
    ) throws(ChatError) -> Changed<Message> {
        let place = try place(conversation, user, may: .read)
        guard seq >= 1, seq <= logs[place].lastSeq else { throw .notFound }
        let sender = logs[place].messages[Int(seq) - 1].sender
        let standing = logs[place].standing(user)
        var mentionsAll = false
        switch change {
        case .edit(_, _, _, let all):
            try Access.check(standing, .edit(sender: sender))
            mentionsAll = all && Access.refusal(standing, .mentionAll) == nil
        case .delete: try Access.check(standing, .delete(sender: sender))
        case .react, .unreact: try Access.check(standing, .react)
        case .pin, .unpin: try Access.check(standing, .pin)
        }
        let before = logs[place].head
        let isChanged = try logs[place].apply(change, seq: seq, by: user, mentionsAll: mentionsAll, now: now)
        guard isChanged else { return Changed(view(place, seq, user)) }
        var unit = Unit()
        tell(place, since: before, &unit)
        switch change {
        case .react, .unreact: touchReactions(user, conversation, seq, &unit)
        case .delete: forgetReactions(conversation, seq)
        default: break
        }
        return Changed(view(place, seq, user), finish(unit))
    }

    private mutating func touchReactions(
        _ user: UserID,
        _ conversation: ConversationID,
        _ seq: Int64,
        _ unit: inout Unit
    ) {
        let rev = advanceOwn(user, &unit)
        own[user]?.reactions.removeAll { $0.conversation == conversation && $0.seq == seq }
        own[user]?.reactions.append((conversation, seq, rev))
    }

    /// A tombstone has no reactions, and nobody needs to be told of their own.
    private mutating func forgetReactions(_ conversation: ConversationID, _ seq: Int64) {
        for user in userIDs {
            own[user]?.reactions.removeAll { $0.conversation == conversation && $0.seq == seq }
        }
    }

    private func view(_ place: Int, _ seq: Int64, _ reader: UserID) -> Message {
        logs[place].view(logs[place].messages[Int(seq) - 1], reader: reader)
    }

    // MARK: - Reading

    package func history(
        conversation: ConversationID,
        bound: HistoryBound,
        limit: Int,
        reader: UserID
    ) throws(ChatError) -> HistoryPage {
        let place = try place(conversation, reader, may: .read)
        return try logs[place].history(bound, limit: limit, reader: reader)
    }

    package func message(conversation: ConversationID, seq: Int64, reader: UserID) throws(ChatError) -> Message {
        let place = try place(conversation, reader, may: .read)
        guard seq >= 1, seq <= logs[place].lastSeq else { throw .notFound }
        return view(place, seq, reader)
    }

    package func changes(
        conversation: ConversationID,
        since: Int64,
        limit: Int,
        reader: UserID
    ) throws(ChatError) -> ChangesPage {
        let place = try place(conversation, reader, may: .read)
        return logs[place].changes(since: since, limit: limit, reader: reader)
    }

    package func event(conversation: ConversationID, since: Int64, limit: Int) -> LogEvent? {
        places[conversation].flatMap { logs[$0].event(since: since, limit: limit) }
    }
}
