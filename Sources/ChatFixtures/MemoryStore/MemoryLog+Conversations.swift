// The transactions of ConversationStore.
package import ChatCore
package import ChatProtocol

extension MemoryLog {
    package mutating func create(
        _ new: NewConversation,
        id: ConversationID,
        by user: UserID,
        now: Milliseconds
    ) throws(ChatError) -> Changed<(conversation: Conversation, isNew: Bool)> {
        let creation = new.nonce.map { Creation(user: user, nonce: $0) }
        if let creation, let known = creations[creation],
            now < known.at + Int64(FixedLimits.createNonceSeconds) * 1_000
        {
            return Changed((try conversation(known.conversation, reader: user), false))
        }
        var others: [UserID] = []
        for member in new.members.sorted() where member != user && !others.contains(member) { others.append(member) }
        guard others.allSatisfy({ people[$0] != nil }) else { throw .notFound }
        try checkSize(new.kind, Int64(others.count) + 1)
        if new.kind == .direct {
            let other = others.first ?? user
            if let known = directs[Pair(low: min(user, other), high: max(user, other))] {
                return Changed((try conversation(known, reader: user), false))
            }
        }
        var unit = Unit()
        let place = logs.count
        logs.append(
            ConversationLog(
                id: id,
                kind: new.kind,
                createdAt: now,
                name: new.name,
                topic: new.topic == "" ? nil : new.topic,
                isPublic: new.isPublic ?? false
            )
        )
        places[id] = place
        logs[place].touchRow()
        logs[place].seat(user, new.kind == .direct ? .member : .owner, now: now)
        for other in others { logs[place].seat(other, .member, now: now) }
        if new.kind == .direct {
            let other = others.first ?? user
            directs[Pair(low: min(user, other), high: max(user, other))] = id
        }
        if let creation { creations[creation] = (id, now) }
        tell(place, since: 0, &unit)
        for member in [user] + others { touchOwn(member, in: place, &unit) }
        let commit = finish(unit)
        return Changed((try conversation(id, reader: user), true), commit)
    }

    private func checkSize(_ kind: ConversationKind, _ count: Int64) throws(ChatError) {
        let limit = kind == .channel ? limits.channelMembers : limits.groupMembers
        guard kind == .direct || limit == 0 || count <= limit else {
            throw .invalid("members: at most \(limit) in a conversation of this kind.")
        }
    }

    package mutating func update(
        _ id: ConversationID,
        _ patch: ConversationPatch,
        by user: UserID
    ) throws(ChatError) -> Changed<Conversation> {
        let place = try place(id, user, may: .rename)
        guard patch.isPublic != true || logs[place].kind == .channel else {
            throw .invalid("public: only channels can be public.")
        }
        let before = logs[place].head
        let former = (logs[place].name, logs[place].topic, logs[place].isPublic)
        if let name = patch.name { logs[place].name = name }
        switch patch.topic {
        case .keep: break
        case .clear: logs[place].topic = nil
        case .set(let topic): logs[place].topic = topic.isEmpty ? nil : topic
        }
        if let isPublic = patch.isPublic { logs[place].isPublic = isPublic }
        var unit = Unit()
        if former != (logs[place].name, logs[place].topic, logs[place].isPublic) {
            logs[place].touchRow()
            tell(place, since: before, &unit)
        }
        let commit = finish(unit)
        return Changed(try conversation(id, reader: user), commit)
    }

    package mutating func delete(
        _ id: ConversationID,
        by user: UserID,
        now: Milliseconds
    ) throws(ChatError) -> Changed<Void> {
        let place = try place(id, user, may: .deleteConversation)
        let before = logs[place].head
        let members = logs[place].members.filter(\.isPresent).map(\.user)
        logs[place].tearDown(now: now)
        for (creation, known) in creations where known.conversation == id && creation.user == user {
            creations[creation] = nil
        }
        var unit = Unit()
        tell(place, since: before, &unit)
        for member in members { touchOwn(member, in: place, &unit) }
        return Changed((), finish(unit))
    }

    package mutating func setMember(
        _ member: UserID,
        role: Role?,
        in id: ConversationID,
        by user: UserID,
        now: Milliseconds
    ) throws(ChatError) -> Changed<Member> {
        let place = try place(id)
        let standing = logs[place].standing(user)
        let before = logs[place].head
        if let row = logs[place].member(member) {
            guard let role else {
                try Access.check(standing, member == user ? .join : .read)
                return Changed(logs[place].view(row))
            }
            try Access.check(standing, .setRole(of: member, from: row.role, to: role))
            guard role != row.role else { return Changed(logs[place].view(row)) }
            if row.role == .owner, logs[place].members.filter({ $0.isPresent && $0.role == .owner }).count == 1 {
                throw ChatError(.conflict, "role: make somebody else owner first.")
            }
            logs[place].setRole(member, role)
        } else {
            if member == user {
                try Access.check(standing, .join)
                // Who joins by oneself gives oneself nothing.
                guard role ?? .member <= .member else { throw .forbidden }
            } else {
                try Access.check(standing, .add(role: role ?? .member))
            }
            guard people[member] != nil else { throw .notFound }
            try checkSize(logs[place].kind, logs[place].memberCount + 1)
            logs[place].seat(member, role ?? .member, now: now)
        }
        var unit = Unit()
        tell(place, since: before, &unit)
        touchOwn(member, in: place, &unit)
        let commit = finish(unit)
        guard let row = logs[place].member(member) else { throw .notFound }
        return Changed(logs[place].view(row), commit)
    }

    package mutating func removeMember(
        _ member: UserID,
        from id: ConversationID,
        by user: UserID,
        now: Milliseconds
    ) throws(ChatError) -> Changed<Void> {
        let place = try place(id, user, may: member == user ? .leave : .read)
        guard let row = logs[place].member(member) else { throw .notFound }
        if member != user { try Access.check(logs[place].standing(user), .remove(member, role: row.role)) }
        let before = logs[place].head
        logs[place].unseat(member, member == user ? .left : .removed, now: now)
        let heir = row.role == .owner ? logs[place].heir : nil
        if let heir { logs[place].setRole(heir, .owner) }
        var unit = Unit()
        tell(place, since: before, &unit)
        touchOwn(member, in: place, &unit)
        if let heir { touchOwn(heir, in: place, &unit) }
        return Changed((), finish(unit))
    }

    // MARK: - Reading

    func conversation(_ id: ConversationID, reader: UserID) throws(ChatError) -> Conversation {
        let place = try place(id, reader, may: .read)
        return logs[place].view(reader: logs[place].member(reader))
    }

    package func conversations(_ ids: [ConversationID], reader: UserID) -> [Conversation] {
        ids.compactMap { id in
            guard let place = places[id], let row = logs[place].member(reader) else { return nil }
            return logs[place].view(reader: row)
        }
    }

    package func conversations(of reader: UserID, after: ConversationID?, limit: Int) -> [Conversation] {
        let ids = seats(reader).map { logs[$0].id }.filter { id in after.map { id > $0 } ?? true }
        return conversations(Array(ids.prefix(limit)), reader: reader)
    }

    package func members(
        of id: ConversationID,
        matching query: String,
        after: UserID?,
        limit: Int,
        reader: UserID
    ) throws(ChatError) -> [Member] {
        let place = try place(id, reader, may: .read)
        let rows = logs[place].members.filter { row in
            guard row.isPresent, after.map({ row.user > $0 }) ?? true else { return false }
            guard !query.isEmpty, let user = people[row.user]?.user else { return query.isEmpty }
            return Self.matches(query, user.name) || Self.matches(query, user.handle)
        }
        return rows.prefix(limit).map { logs[place].view($0) }
    }

    package func channels(matching query: String, after: ConversationID?, limit: Int) -> [ChannelSummary] {
        let open = logs.filter { log in
            guard log.kind == .channel, log.isPublic, !log.isDeleted, after.map({ log.id > $0 }) ?? true else {
                return false
            }
            return query.isEmpty || Self.matches(query, log.name ?? "") || Self.matches(query, log.topic ?? "")
        }
        return open.sorted { $0.id < $1.id }.prefix(limit).map(Self.summary)
    }

    package func channel(_ id: ConversationID) -> ChannelSummary? {
        conversation(id).flatMap { $0.kind == .channel && $0.isPublic && !$0.isDeleted ? Self.summary($0) : nil }
    }

    private static func summary(_ log: ConversationLog) -> ChannelSummary {
        ChannelSummary(
            id: log.id,
            kind: log.kind,
            name: log.name,
            topic: log.topic,
            isPublic: log.isPublic,
            memberCount: log.memberCount
        )
    }

    static func matches(_ query: String, _ text: String) -> Bool {
        text.lowercased().contains(query.lowercased())
    }
}
