// What changes the fake server's state: each change takes its revs, then is told.

import ChatProtocol

extension FakeServer {
    /// A refusal.
    struct Refusal: Error {
        var code: ErrorCode
        var retryAfterMs: Int64?
    }

    mutating func create(_ id: ConversationID, by user: UserID, members: [UserID]) {
        store.clock += 1
        var row = Conversation(
            id: id,
            kind: .channel,
            name: "Room",
            isPublic: true,
            createdAt: store.clock,
            rev: 1,
            head: 0,
            lastSeq: 0,
            memberCount: 0
        )
        row.rev = 1
        store.rooms[id] = FakeStore.Room(row: row, head: 1)
        for member in [user] + members.filter({ $0 != user }) { join(member, id) }
    }

    mutating func join(_ user: UserID, _ id: ConversationID) {
        guard var room = store.rooms[id], !room.isMember(user) else { return }
        store.clock += 1
        room.head += 1
        let member = Member(conversation: id, user: user, role: .member, joinedAt: store.clock, rev: room.head)
        room.members[user] = member
        room.owns[user] = OwnState(role: .member, readSeq: room.lastSeq, unread: 0, mentions: 0)
        store.rooms[id] = room
        tell(id, after: room.head - 1, rev: room.head, members: [member])
        guard let row = store.conversation(id, for: user) else { return }
        tell(user, .joined(conversation: id, row: row), of: id, position: room.head)
        ownChanged(user, id, now: true)
    }

    mutating func leave(_ user: UserID, _ id: ConversationID, reason: LeaveReason) {
        guard var room = store.rooms[id], room.isMember(user) else { return }
        store.clock += 1
        room.head += 1
        room.members[user]?.leftAt = store.clock
        room.members[user]?.rev = room.head
        room.owns[user] = nil
        store.rooms[id] = room
        tell(user, .left(conversation: id, rev: room.head, reason: reason), of: id, position: nil)
        guard let member = room.members[user] else { return }
        tell(id, after: room.head - 1, rev: room.head, members: [member])
        ownChanged(user, id, now: true)
    }

    mutating func send(_ send: Send, by user: UserID) throws(Refusal) -> SendReply {
        let id = send.conversation
        guard var room = store.rooms[id], room.isMember(user) else { throw Refusal(code: .notFound) }
        let key = "\(user) \(send.nonce)"
        if let first = room.first[key] {
            guard first == send else { throw Refusal(code: .conflict) }
            guard let stored = room.messages.first(where: { $0.sender == user && $0.nonce == send.nonce }) else {
                throw Refusal(code: .internal)
            }
            return SendReply(seq: stored.seq, rev: stored.rev, sentAt: stored.sentAt)
        }
        store.clock += 1
        room.head += 1
        let message = Message(
            conversation: id,
            seq: room.lastSeq + 1,
            rev: room.head,
            sender: user,
            nonce: send.nonce,
            body: send.body,
            sentAt: store.clock
        )
        room.messages.append(message)
        room.first[key] = send
        room.owns[user]?.readSeq = message.seq
        room.owns[user]?.unreadFrom = nil
        store.rooms[id] = room
        tell(id, after: room.head - 1, rev: room.head, messages: [message])
        for member in room.owns.keys.sorted() { ownChanged(member, id, now: generator.chance(10)) }
        return SendReply(seq: message.seq, rev: message.rev, sentAt: message.sentAt)
    }

    /// Changes a message; `change` answers whether there was anything to change.
    mutating func change(
        _ seq: Int64,
        in id: ConversationID,
        by user: UserID,
        _ change: (inout Message) -> Bool
    ) throws(Refusal) -> Message {
        guard var room = store.rooms[id], room.isMember(user) else { throw Refusal(code: .notFound) }
        guard seq >= 1, seq <= room.lastSeq else { throw Refusal(code: .notFound) }
        var message = room.messages[Int(seq - 1)]
        guard !message.isDeleted else { throw Refusal(code: .gone) }
        guard change(&message) else { return store.message(message, for: user) }
        store.clock += 1
        room.head += 1
        message.rev = room.head
        room.messages[Int(seq - 1)] = message
        store.rooms[id] = room
        tell(id, after: room.head - 1, rev: room.head, messages: [message])
        if message.isDeleted {
            for member in room.owns.keys.sorted() { ownChanged(member, id, now: generator.chance(10)) }
        }
        return store.message(message, for: user)
    }

    mutating func delete(_ seq: Int64, in id: ConversationID, by user: UserID) throws(Refusal) -> Message {
        try change(seq, in: id, by: user) { message in
            message.body = ""
            message.isDeleted = true
            message.editedAt = nil
            message.reactions = []
            return true
        }
    }

    mutating func react(
        _ emoji: String,
        _ isOn: Bool,
        seq: Int64,
        in id: ConversationID,
        by user: UserID
    ) throws(Refusal) -> Message {
        let answer = try change(seq, in: id, by: user) { message in
            var users = message.reactions.first { $0.emoji == emoji }?.users ?? []
            guard users.contains(user) != isOn else { return false }
            if isOn { users.append(user) } else { users.removeAll { $0 == user } }
            message.reactions.removeAll { $0.emoji == emoji }
            if !users.isEmpty {
                message.reactions.append(Message.Reaction(emoji: emoji, count: Int64(users.count), users: users))
            }
            return true
        }
        let after = store.owns[user]?.head ?? 0
        let key = FakeStore.OwnLog.ReactionKey(conversation: id, seq: seq)
        guard store.owns[user]?.reactions[key]?.mine != answer.mine ?? [] else { return answer }
        let row = OwnRow.ReactionRow(rev: after + 1, conversation: id, seq: seq, mine: answer.mine ?? [])
        store.owns[user, default: FakeStore.OwnLog()].head = after + 1
        store.owns[user]?.reactions[key] = row
        tellOwn(user, after: after, rows: [.reaction(row)])
        return answer
    }

    mutating func read(_ mark: ReadMark, in id: ConversationID, by user: UserID) throws(Refusal) -> ReadState {
        guard var room = store.rooms[id], room.isMember(user), var own = room.owns[user] else {
            throw Refusal(code: .notFound)
        }
        switch mark {
        case .upTo(let seq):
            guard seq <= room.lastSeq else { throw Refusal(code: .invalid) }
            own.readSeq = max(own.readSeq, seq)
            own.unreadFrom = nil
        case .unreadFrom(let seq):
            if let seq, seq < 1 || seq > room.lastSeq { throw Refusal(code: .invalid) }
            own.unreadFrom = seq
        }
        let isChanged = own != room.owns[user]
        room.owns[user] = own
        store.rooms[id] = room
        if isChanged { ownChanged(user, id, now: generator.chance(50)) }
        return ReadState(readSeq: own.readSeq, unreadFrom: own.unreadFrom, unread: room.unread(user))
    }

    mutating func rename(_ id: ConversationID, to name: String) {
        guard var room = store.rooms[id] else { return }
        room.head += 1
        room.row.name = name
        room.row.rev = room.head
        store.rooms[id] = room
        tell(id, after: room.head - 1, rev: room.head, row: true)
    }

    /// A change of a kind that this version of the protocol does not know.
    mutating func changeSomethingUnknown(_ id: ConversationID) {
        guard store.rooms[id] != nil else { return }
        store.rooms[id]?.head += 1
        let head = store.rooms[id]?.head ?? 1
        tell(id, after: head - 1, rev: head)
    }

    /// Several messages of one change, each with a rev of its own.
    mutating func deleteSome(_ id: ConversationID) {
        guard var room = store.rooms[id] else { return }
        let after = room.head
        var changed: [Message] = []
        for index in room.messages.indices.suffix(4) where !room.messages[index].isDeleted {
            room.head += 1
            room.messages[index].rev = room.head
            room.messages[index].isDeleted = true
            room.messages[index].body = ""
            room.messages[index].editedAt = nil
            room.messages[index].reactions = []
            changed.append(room.messages[index])
        }
        guard !changed.isEmpty else { return }
        store.rooms[id] = room
        tell(id, after: after, rev: room.head, messages: changed)
        for member in room.owns.keys.sorted() { ownChanged(member, id) }
    }
}
