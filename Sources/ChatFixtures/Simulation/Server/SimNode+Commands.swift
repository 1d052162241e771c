// What commands do in the store: the synchronous twin of CommandWork and Chat.
import ChatCore
import ChatProtocol

extension SimNode {
    typealias Answer = (Result<[UInt8], ChatError>) -> Void

    /// Checks a message to post and gives it its fingerprints.
    func prepare(_ send: Send, by user: UserID) -> Result<AppendRequest, ChatError> {
        let limits = world.settings.limits
        guard !send.body.isEmpty else { return .failure(.invalid("body: write something.")) }
        if limits.messagesPerSecond > 0,
            let retryAfterMs = rates.take(
                user,
                rate: .perSecond(limits.messagesPerSecond),
                burst: limits.messageBurst,
                now: now
            )
        {
            return .failure(ChatError(.rateLimited, "You are sending too fast.", retryAfterMs: retryAfterMs))
        }
        let mentions = Mentions.parse(send.body, limit: limits.mentionsPerMessage)
        return .success(
            AppendRequest(
                send: send,
                sender: user,
                nonceHash: SimHash.of("\(user) \(send.nonce)"),
                sendHash: SimHash.of("\(send.body) \(send.replyTo ?? 0) \(send.thread ?? 0)"),
                mentions: mentions.users,
                mentionsAll: mentions.all
            )
        )
    }

    func changes(
        _ conversation: ConversationID,
        since: Int64,
        limit: Int64?,
        reader: UserID,
        then finish: @escaping (Result<ChangesPage, ChatError>) -> Void
    ) {
        let limit = FixedLimits.pageSize(limit)
        store.read(from: self) { log in
            Result { () throws(ChatError) in
                try log.changes(conversation: conversation, since: since, limit: limit, reader: reader)
            }
        } then: { result in
            finish(result)
        }
    }

    /// Does a command that waits for the store.
    func run(_ command: Command, by user: UserID, re id: Int64, then finish: @escaping Answer) {
        switch command {
        case .index, .conversations, .syncOwn, .history:
            let mutant = world.mutant
            store.read(from: self) { log in
                Result { () throws(ChatError) in try log.answer(command, reader: user, re: id, mutant) }
            } then: {
                finish($0)
            }
        case .join(let conversation):
            // Two transactions, as in Chat: what happens between them is seen.
            let join: @Sendable (inout MemoryLog, Milliseconds) throws(ChatError) -> Changed<MemberAnswer> = {
                log,
                now throws(ChatError) in
                let changed = try log.setMember(user, role: nil, in: conversation, by: user, now: now)
                return Changed(MemberAnswer(member: changed.value), changed.commit)
            }
            write(MemberAnswer.self, id, join) { [self] result in
                guard case .success = result else { return finish(result) }
                store.read(from: self) { log -> Result<[UInt8], ChatError> in
                    guard let found = log.conversations([conversation], reader: user).first else {
                        return .failure(.notFound)
                    }
                    return .success(ReplyFrame.encoded(re: id, ok: ConversationAnswer(conversation: found)))
                } then: {
                    finish($0)
                }
            }
        default:
            change(command, by: user, re: id, then: finish)
        }
    }

    private func change(_ command: Command, by user: UserID, re id: Int64, then finish: @escaping Answer) {
        switch command {
        case .edit(let conversation, let seq, let body, let ifRev):
            let mentions = Mentions.parse(body, limit: 50)
            let edit = MessageChange.edit(body: body, ifRev: ifRev, mentions: mentions.users, mentionsAll: mentions.all)
            change(edit, conversation, seq, user, id, finish)
        case .delete(let conversation, let seq): change(.delete, conversation, seq, user, id, finish)
        case .react(let conversation, let seq, let emoji):
            change(.react(emoji: emoji), conversation, seq, user, id, finish)
        case .unreact(let conversation, let seq, let emoji):
            change(.unreact(emoji: emoji), conversation, seq, user, id, finish)
        case .pin(let conversation, let seq): change(.pin, conversation, seq, user, id, finish)
        case .unpin(let conversation, let seq): change(.unpin, conversation, seq, user, id, finish)
        case .read(let conversation, let mark):
            write(
                ReadState.self,
                id,
                { log, _ throws(ChatError) in
                    try log.mark(mark, conversation: conversation, user: user)
                },
                finish
            )
        case .create(let new):
            let created: ConversationID = world.makeID()
            write(
                ConversationAnswer.self,
                id,
                { log, now throws(ChatError) in
                    let changed = try log.create(new, id: created, by: user, now: now)
                    return Changed(ConversationAnswer(conversation: changed.value.conversation), changed.commit)
                },
                finish
            )
        case .leave(let conversation): remove(user, conversation, user, id, finish)
        case .remove(let conversation, let member): remove(member, conversation, user, id, finish)
        case .member(let conversation, let member, let role):
            write(
                MemberAnswer.self,
                id,
                { log, now throws(ChatError) in
                    let changed = try log.setMember(member, role: role, in: conversation, by: user, now: now)
                    return Changed(MemberAnswer(member: changed.value), changed.commit)
                },
                finish
            )
        default:
            finish(.failure(.invalid("This command is not simulated.")))
        }
    }

    private func change(
        _ change: MessageChange,
        _ conversation: ConversationID,
        _ seq: Int64,
        _ user: UserID,
        _ id: Int64,
        _ finish: @escaping Answer
    ) {
        write(
            MessageAnswer.self,
            id,
            { log, now throws(ChatError) in
                let changed = try log.change(change, conversation: conversation, seq: seq, by: user, now: now)
                return Changed(MessageAnswer(message: changed.value), changed.commit)
            },
            finish
        )
    }

    private func remove(
        _ member: UserID,
        _ conversation: ConversationID,
        _ user: UserID,
        _ id: Int64,
        _ finish: @escaping Answer
    ) {
        write(
            EmptyAnswer.self,
            id,
            { log, now throws(ChatError) in
                let changed = try log.removeMember(member, from: conversation, by: user, now: now)
                return Changed(EmptyAnswer(), changed.commit)
            },
            finish
        )
    }

    /// A transaction that is published when it is known to be durable, and then answered.
    func write<Value: JSONEncodable & Sendable>(
        _ type: Value.Type,
        _ id: Int64,
        _ body: @escaping (inout MemoryLog, Milliseconds) throws(ChatError) -> Changed<Value>,
        _ finish: @escaping Answer
    ) {
        store.write(from: self) { log, now in
            Result { () throws(ChatError) in try body(&log, now) }
        } then: { [self] result in
            if case .success(let changed) = result { publish(changed.commit) }
            finish(result.map { ReplyFrame.encoded(re: id, ok: $0.value) })
        }
    }
}

extension MemoryLog {
    /// Reads what a command asks for, as a reply.
    func answer(_ command: Command, reader: UserID, re id: Int64, _ mutant: Mutant?) throws(ChatError) -> [UInt8] {
        switch command {
        case .index(let after):
            var entries = index(of: reader, after: after, limit: FixedLimits.indexEntries + 1)
            let more = entries.count > FixedLimits.indexEntries
            if more { entries.removeLast() }
            return ReplyFrame.encoded(re: id, ok: IndexPage(index: entries, more: more))
        case .conversations(let ids):
            let found = conversations(ids, reader: reader)
            return ReplyFrame.encoded(re: id, ok: ConversationsAnswer(conversations: found))
        case .syncOwn(let since, let limit):
            return ReplyFrame.encoded(re: id, ok: ownPage(reader, since: since, limit: FixedLimits.pageSize(limit)))
        case .history(let conversation, let bound, let limit):
            var page = try history(
                conversation: conversation,
                bound: bound,
                limit: FixedLimits.pageSize(limit),
                reader: reader
            )
            if mutant == .historyHole, page.messages.count > 2 { page.messages.remove(at: 1) }
            return ReplyFrame.encoded(re: id, ok: page)
        default:
            throw .invalid("This command is not simulated.")
        }
    }
}
