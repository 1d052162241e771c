// How a conversation's rows change: each changed row takes the next `rev`.
package import ChatCore
package import ChatProtocol

extension ConversationLog {
    private mutating func advance() -> Int64 {
        head += 1
        return head
    }

    /// The conversation's own row changed.
    package mutating func touchRow() { rev = advance() }

    // MARK: - Members

    /// Somebody comes in (again).
    package mutating func seat(_ user: UserID, _ role: Role, now: Milliseconds) {
        let rev = advance()
        var row = MemberRow(user: user, role: role, rev: rev, joinedAt: now, joinedRev: rev, readSeq: lastSeq)
        if let index = memberIndex(user) {
            row.ownRev = members[index].ownRev
            members[index] = row
        } else {
            let index = members.firstIndex { $0.user > user } ?? members.endIndex
            members.insert(row, at: index)
        }
    }

    package mutating func setRole(_ user: UserID, _ role: Role) {
        guard let index = memberIndex(user) else { return }
        members[index].role = role
        members[index].rev = advance()
    }

    package mutating func unseat(_ user: UserID, _ reason: LeaveReason, now: Milliseconds) {
        guard let index = memberIndex(user) else { return }
        members[index].leftAt = now
        members[index].leftReason = reason
        members[index].draft = nil
        members[index].rev = advance()
    }

    /// Who becomes owner when the last owner leaves: the longest-standing of the highest role.
    package var heir: UserID? {
        let present = members.filter(\.isPresent)
        guard !present.isEmpty, !present.contains(where: { $0.role == .owner }) else { return nil }
        return present.min { left, right in
            if left.role != right.role { return left.role > right.role }
            return (left.joinedAt, left.user) < (right.joinedAt, right.user)
        }?.user
    }

    /// Everybody is out and everything is gone; what is left is enough to tell everybody.
    package mutating func tearDown(now: Milliseconds) {
        isDeleted = true
        isPublic = false
        name = nil
        topic = nil
        for member in members where member.isPresent { unseat(member.user, .deleted, now: now) }
        touchRow()
    }

    // MARK: - Messages

    /// Posts: the message's row, and the root's if it is a reply in a thread. - Returns: the message's `seq`.
    package mutating func post(_ request: AppendRequest, mentionsAll: Bool, now: Milliseconds) -> Int64 {
        let send = request.send
        let root = send.thread.map { messages[Int($0) - 1].thread ?? $0 }
        lastSentAt = max(lastSentAt, now)
        let seq = lastSeq + 1
        messages.append(
            MessageRow(
                seq: seq,
                rev: advance(),
                sender: request.sender,
                nonce: send.nonce,
                nonceHash: request.nonceHash,
                sendHash: request.sendHash,
                body: send.body,
                sentAt: lastSentAt,
                replyTo: send.replyTo,
                thread: root,
                mentions: present(request.mentions),
                mentionsAll: mentionsAll
            )
        )
        nonces[request.nonceHash] = seq
        if let root {
            threads[root, default: []].append(seq)
            messages[Int(root) - 1].rev = advance()
        }
        if let index = memberIndex(request.sender) {
            members[index].readSeq = seq
            members[index].unreadFrom = nil
        }
        return seq
    }

    package func present(_ users: [UserID]) -> [UserID] { users.filter { member($0) != nil } }

    /// Edits, deletes, reacts, pins; rights were checked. - Returns: whether anything changed.
    package mutating func apply(
        _ change: MessageChange,
        seq: Int64,
        by user: UserID,
        mentionsAll: Bool,
        now: Milliseconds
    ) throws(ChatError) -> Bool {
        let index = Int(seq) - 1
        guard !messages[index].isDeleted else { throw .gone }
        switch change {
        case .edit(let body, let ifRev, let mentions, _):
            guard !body.utf8.elementsEqual(messages[index].body.utf8) else { return false }
            if let ifRev, ifRev != messages[index].rev {
                throw ChatError(.conflict, "ifRev: the message has changed since; read it again.")
            }
            messages[index].body = body
            messages[index].mentions = present(mentions)
            messages[index].mentionsAll = mentionsAll
            messages[index].editedAt = now
        case .delete:
            bury(index)
        case .react(let emoji):
            guard try react(index, emoji, user) else { return false }
        case .unreact(let emoji):
            guard let place = messages[index].reactions.firstIndex(where: { $0.emoji.utf8.elementsEqual(emoji.utf8) }),
                let position = messages[index].reactions[place].users.firstIndex(of: user)
            else { return false }
            messages[index].reactions[place].users.remove(at: position)
            if messages[index].reactions[place].users.isEmpty { messages[index].reactions.remove(at: place) }
        case .pin:
            guard messages[index].pinned == nil else { return false }
            messages[index].pinned = Message.Pin(by: user, at: now)
        case .unpin:
            guard messages[index].pinned != nil else { return false }
            messages[index].pinned = nil
        }
        messages[index].rev = advance()
        if change == .delete, let root = messages[index].thread { messages[Int(root) - 1].rev = advance() }
        return true
    }

    private mutating func bury(_ index: Int) {
        messages[index].isDeleted = true
        messages[index].body = ""
        messages[index].editedAt = nil
        messages[index].pinned = nil
        messages[index].mentions = []
        messages[index].mentionsAll = false
        messages[index].reactions = []
    }

    private mutating func react(_ index: Int, _ emoji: String, _ user: UserID) throws(ChatError) -> Bool {
        if let place = messages[index].reactions.firstIndex(where: { $0.emoji.utf8.elementsEqual(emoji.utf8) }) {
            guard !messages[index].reactions[place].users.contains(user) else { return false }
            messages[index].reactions[place].users.append(user)
            return true
        }
        guard messages[index].reactions.count < FixedLimits.reactionsPerMessage else {
            throw .invalid("emoji: at most \(FixedLimits.reactionsPerMessage) different ones under a message.")
        }
        messages[index].reactions.append((emoji, [user]))
        return true
    }
}
