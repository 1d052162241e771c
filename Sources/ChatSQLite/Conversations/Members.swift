// Joining, adding, changing roles, leaving, removing.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore {
    package func setMember(
        _ member: UserID,
        role: Role?,
        in id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Changed<Member> {
        try await write { transaction in
            try transaction.setMember(member, role: role, in: id, by: user)
        }
    }

    package func removeMember(
        _ member: UserID,
        from id: ConversationID,
        by user: UserID
    ) async throws(ChatError) -> Changed<Void> {
        try await write { transaction in
            try transaction.removeMember(member, from: id, by: user)
        }
    }
}

extension Transaction {
    mutating func setMember(_ member: UserID, role: Role?, in id: ConversationID, by user: UserID) throws -> Member {
        var state = try self.state(id)
        let actor = try Membership.present(id, user, db)
        let standing = state.standing(of: user, role: actor?.role)
        let target = member == user ? actor : try Membership.present(id, member, db)
        let after = state.head

        guard let target else {
            let given = role ?? .member
            if member == user {
                try Access.check(standing, .join)
                // Who joins by themselves gives themselves nothing.
                guard given <= .member else { throw ChatError.forbidden }
            } else {
                try Access.check(standing, .add(role: given))
            }
            try checkExists(member)
            try checkRoom(in: state)
            let joined = try join(member, as: given, &state)
            keep(state)
            tell(state, after: after, members: [joined.visible(in: state)], arrivals: [member])
            return joined.visible(in: state)
        }

        guard let role else {
            try Access.check(standing, member == user ? .join : .read)
            return target.visible(in: state)
        }
        try Access.check(standing, .setRole(of: member, from: target.role, to: role))
        guard role != target.role else { return target.visible(in: state) }
        if target.role == .owner, try owners(of: id) == 1 {
            throw ChatError(.conflict, "This is the last owner; make somebody else an owner first.")
        }
        var changed = target
        changed.member.role = role
        try store(&changed, &state)
        keep(state)
        tell(state, after: after, members: [changed.visible(in: state)])
        return changed.visible(in: state)
    }

    mutating func removeMember(_ member: UserID, from id: ConversationID, by user: UserID) throws {
        var state = try self.state(id)
        let actor = try Membership.present(id, user, db)
        let standing = state.standing(of: user, role: actor?.role)
        if member == user {
            try Access.check(standing, .leave)
        } else {
            // Who may not even read learns nothing of who is in.
            try Access.check(standing, .read)
        }
        guard let target = member == user ? actor : try Membership.present(id, member, db) else {
            throw ChatError.notFound
        }
        if member != user { try Access.check(standing, .remove(member, role: target.role)) }
        let reason: LeaveReason = member == user ? .left : .removed
        try end(target, reason: reason, &state)
    }

    /// Ends a membership, passes ownership on if need be, and tells of it in one step.
    mutating func end(_ membership: Membership, reason: LeaveReason, _ state: inout ConversationState) throws {
        let after = state.head
        var left = membership
        left.member.leftAt = now
        left.leftReason = reason
        state.memberCount -= 1
        try store(&left, &state)
        try db.run(
            "DELETE FROM drafts WHERE conversation = ? AND user = ?",
            [state.id.sql, membership.member.user.sql]
        )
        var rows = [left]
        if membership.role == .owner, state.kind != .direct, try owners(of: state.id) == 0,
            var heir = try longestStanding(in: state.id)
        {
            heir.member.role = .owner
            try store(&heir, &state)
            rows.append(heir)
        }
        keep(state)
        tell(
            state,
            after: after,
            members: rows.map { $0.visible(in: state) },
            departures: [LogEvent.Departure(user: membership.member.user, reason: reason)]
        )
    }

    /// Makes somebody a member, for the first time or again.
    mutating func join(_ user: UserID, as role: Role, _ state: inout ConversationState) throws -> Membership {
        let rev = state.nextRev()
        state.membersRev = rev
        state.memberCount += 1
        try db.run(
            """
            INSERT INTO members (conversation, user, role, rev, joined_at, joined_rev, own_rev, read_seq)
            VALUES (?, ?, ?, ?, ?, ?, 0, ?)
            ON CONFLICT (conversation, user) DO UPDATE SET
                role = excluded.role, rev = excluded.rev, joined_at = excluded.joined_at,
                joined_rev = excluded.joined_rev, left_at = NULL, left_reason = NULL, read_seq = excluded.read_seq,
                unread_from = NULL, level = 0, is_muted = 0, is_favourite = 0, is_archived = 0, has_draft = 0
            """,
            [state.id.sql, user.sql, role.code, rev, now, rev, state.lastSeq]
        )
        touch(user, .membership(state.id))
        guard let membership = try Membership.present(state.id, user, db) else { throw ChatError.notFound }
        return membership
    }

    /// Writes a member's part that everybody sees, under a new number.
    private mutating func store(_ membership: inout Membership, _ state: inout ConversationState) throws {
        let rev = state.nextRev()
        state.membersRev = rev
        membership.member.rev = rev
        let member = membership.member
        try db.run(
            """
            UPDATE members SET role = ?, rev = ?, left_at = ?, left_reason = ?,
                has_draft = CASE WHEN ?3 IS NULL THEN has_draft ELSE 0 END
            WHERE conversation = ? AND user = ?
            """,
            [
                member.role.code, rev, member.leftAt, membership.leftReason?.code, state.id.sql, member.user.sql,
            ]
        )
        touch(member.user, .membership(state.id))
    }

    private func checkRoom(in state: ConversationState) throws {
        let limit = state.kind == .group ? context.limits.groupMembers : context.limits.channelMembers
        guard limit == 0 || state.memberCount < limit else {
            throw ChatError.invalid("members: there can be at most \(limit).")
        }
    }

    // MARK: Owners

    static let ownersQuery = """
        SELECT count(*) FROM members INDEXED BY members_by_role
        WHERE conversation = ? AND role = ? AND left_at IS NULL
        """

    static let heirQuery = """
        SELECT \(Membership.columns) FROM members m
        WHERE m.conversation = ? AND m.role = ? AND m.left_at IS NULL ORDER BY m.joined_at, m.user LIMIT 1
        """

    private func owners(of id: ConversationID) throws -> Int64 {
        try db.integer(Self.ownersQuery, [id.sql, Role.owner.code]) ?? 0
    }

    /// Who becomes the owner: the longest-standing of the highest role there is.
    private func longestStanding(in id: ConversationID) throws -> Membership? {
        for role in [Role.admin, .member, .reader] {
            let heir = try db.first(Self.heirQuery, [id.sql, role.code]) { try Membership($0, id) }
            if let heir { return heir }
        }
        return nil
    }
}
