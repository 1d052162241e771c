// How the fake server answers commands.

import ChatProtocol

extension FakeServer {
    /// Takes the next command of a connection that has arrived.
    mutating func takeCommand(of id: UInt64) {
        guard let connection = connections[id], !connection.commands.isEmpty else { return }
        let frame = connections[id]?.commands.removeFirst()
        guard let frame else { return }
        let result: Result<JSON, ErrorBody>
        do throws(Refusal) {
            result = .success(try answer(frame.command, on: id))
        } catch {
            result = .failure(ErrorBody(code: error.code, message: "refused", retryAfterMs: error.retryAfterMs))
        }
        connections[id]?.replies.append(ReplyFrame(re: frame.id, result: result))
    }

    private mutating func answer(_ command: Command, on id: UInt64) throws(Refusal) -> JSON {
        guard let connection = connections[id] else { throw Refusal(code: .internal) }
        let user = connection.user
        switch command {
        case .hello(let hello): return json(greet(hello, on: id))
        case .index(let after):
            let rest = store.index(for: user).filter { $0.conversation > after }
            return json(IndexPage(index: Array(rest.prefix(2)), more: rest.count > 2))
        case .conversations(let ids):
            let mine = ids.filter { store.rooms[$0]?.isMember(user) == true }
            return json(ConversationsAnswer(conversations: mine.compactMap { store.conversation($0, for: user) }))
        case .sync(let conversation, let since, let limit):
            return json(try sync(conversation, since: since, limit: limit, on: id))
        case .syncOwn(let since, let limit):
            if generator.chance(faults.refusedSyncs) { throw Refusal(code: .unavailable) }
            return json(store.ownPage(user, since: since, limit: Int(limit ?? 7)))
        case .history(let conversation, let bound, let limit):
            return json(try history(conversation, bound, limit: Int(limit ?? 50), for: user))
        case .send(let send): return json(try take(send, by: user))
        case .ping: return json(PingAnswer(now: store.clock))
        default: return try change(command, by: user)
        }
    }

    private mutating func change(_ command: Command, by user: UserID) throws(Refusal) -> JSON {
        switch command {
        case .edit(let conversation, let seq, let body, _):
            let message = try change(seq, in: conversation, by: user) { message in
                message.body = body
                message.editedAt = message.sentAt + 1
                return true
            }
            return json(MessageAnswer(message: message))
        case .delete(let conversation, let seq):
            return json(MessageAnswer(message: try delete(seq, in: conversation, by: user)))
        case .react(let conversation, let seq, let emoji):
            return json(MessageAnswer(message: try react(emoji, true, seq: seq, in: conversation, by: user)))
        case .unreact(let conversation, let seq, let emoji):
            return json(MessageAnswer(message: try react(emoji, false, seq: seq, in: conversation, by: user)))
        case .read(let conversation, let mark):
            return json(try read(mark, in: conversation, by: user))
        case .join(let conversation):
            join(user, conversation)
            guard let row = store.conversation(conversation, for: user) else { throw Refusal(code: .notFound) }
            return json(ConversationAnswer(conversation: row))
        case .leave(let conversation):
            guard store.rooms[conversation]?.isMember(user) == true else { throw Refusal(code: .notFound) }
            leave(user, conversation, reason: .left)
            return json(EmptyAnswer())
        default: return json(EmptyAnswer())
        }
    }

    private mutating func greet(_ hello: Hello, on id: UInt64) -> HelloReply {
        let user = connections[id]?.user ?? alice
        let index = store.index(for: user)
        let isSame = hello.epoch == store.epoch
        var changes: [ChangesPage] = []
        var gone: [ConversationID] = []
        for entry in index { connections[id]?.positions[entry.conversation] = entry.head }
        for position in isSame ? hello.resume : [] {
            guard let room = store.rooms[position.conversation], room.isMember(user) else {
                gone.append(position.conversation)
                continue
            }
            // Some are left to the client, as if there were no room for them.
            guard position.rev != room.head, generator.chance(70) else { continue }
            changes.append(
                store.changes(position.conversation, since: position.rev, limit: 1 + generator.below(6), for: user)
            )
        }
        connections[id]?.isGreeted = true
        connections[id]?.ownPosition = store.owns[user]?.head ?? 0
        let isPaged = index.count > 2 && generator.chance(50)
        return HelloReply(
            user: User(id: user, handle: "user\(user.rawValue)", name: "User"),
            session: sessionID(1),
            connection: "c\(id)",
            node: "n1",
            heartbeatMs: 25_000,
            features: [],
            limits: [:],
            epoch: store.epoch,
            own: store.owns[user]?.head ?? 0,
            index: isPaged ? Array(index.prefix(2)) : index,
            more: isPaged,
            changes: isSame ? changes : nil,
            gone: isSame ? gone : nil
        )
    }

    private mutating func sync(
        _ conversation: ConversationID,
        since: Int64,
        limit: Int64?,
        on id: UInt64
    ) throws(Refusal) -> ChangesPage {
        guard let user = connections[id]?.user, store.rooms[conversation]?.isMember(user) == true else {
            throw Refusal(code: .notFound)
        }
        if generator.chance(faults.refusedSyncs) {
            throw Refusal(code: generator.chance(50) ? .rateLimited : .unavailable, retryAfterMs: 50)
        }
        let page = store.changes(conversation, since: since, limit: min(Int(limit ?? 200), syncLimit), for: user)
        if !page.more, !page.reset {
            let position = connections[id]?.positions[conversation] ?? 0
            connections[id]?.positions[conversation] = max(position, page.upTo)
            connections[id]?.suspended.remove(conversation)
        }
        return page
    }

    private func history(
        _ conversation: ConversationID,
        _ bound: HistoryBound,
        limit: Int,
        for user: UserID
    ) throws(Refusal) -> HistoryPage {
        guard let room = store.rooms[conversation], room.isMember(user) else { throw Refusal(code: .notFound) }
        let all = room.messages.map { store.message($0, for: user) }
        switch bound {
        case .newest: return HistoryPage(messages: all.suffix(limit), more: all.count > limit)
        case .before(let seq): return HistoryPage(messages: all.filter { $0.seq < seq }.suffix(limit), more: false)
        case .after(let seq):
            return HistoryPage(messages: Array(all.filter { $0.seq > seq }.prefix(limit)), more: false)
        case .around(let seq):
            let near = all.filter { abs($0.seq - seq) <= Int64(limit / 2) }
            return HistoryPage(messages: near, more: false)
        case .at(let time):
            return HistoryPage(messages: Array(all.filter { $0.sentAt >= time }.prefix(limit)), more: false)
        }
    }

    private mutating func take(_ new: Send, by user: UserID) throws(Refusal) -> SendReply {
        if generator.chance(faults.refusedSends) {
            throw Refusal(
                code: generator.chance(60) ? .rateLimited : .unavailable,
                retryAfterMs: 1 + Int64(generator.below(300))
            )
        }
        let isUnknown = generator.chance(faults.unknownSends)
        if isUnknown, generator.chance(50) { throw Refusal(code: .unknown) }
        let reply = try send(new, by: user)
        if isUnknown { throw Refusal(code: .unknown) }
        acknowledged["\(user) \(new.nonce)"] = reply.seq
        return reply
    }
}
