// A member's row as transactions need it.
import ChatCore
import ChatProtocol
import GRDB

struct Membership: Sendable {
    var member: Member
    /// The `rev` at which the present membership began.
    var joinedRev: Int64
    var leftReason: LeaveReason?
    var mutedUntil: Milliseconds?
    var readSeq: Int64

    var role: Role { member.role }
    var isPresent: Bool { member.leftAt == nil }

    static let columns = """
        m.user, m.role, m.rev, m.joined_at, m.joined_rev, m.left_at, m.left_reason, m.muted_until, m.read_seq
        """

    init(_ row: Row, _ conversation: ConversationID) throws {
        member = Member(
            conversation: conversation,
            user: try row.id(0),
            role: try Role(code: row[1]),
            joinedAt: row[3],
            leftAt: row[5],
            rev: row[2]
        )
        joinedRev = row[4]
        leftReason = try (row[6] as Int64?).map { try LeaveReason(code: $0) }
        mutedUntil = row[7]
        readSeq = row[8]
    }

    /// Somebody who is or was a member.
    static func find(_ conversation: ConversationID, _ user: UserID, _ db: Database) throws -> Membership? {
        try db.first(
            "SELECT \(columns) FROM members m WHERE m.conversation = ? AND m.user = ?",
            [conversation.sql, user.sql]
        ) { try Membership($0, conversation) }
    }

    /// Somebody who is a member.
    static func present(_ conversation: ConversationID, _ user: UserID, _ db: Database) throws -> Membership? {
        let found = try find(conversation, user, db)
        return found?.isPresent == true ? found : nil
    }

    /// The row as the others see it: with the marker in small conversations.
    func visible(in state: ConversationState) -> Member {
        var member = member
        if isPresent, state.memberCount <= FixedLimits.markerMembers { member.readSeq = readSeq }
        return member
    }
}

extension ConversationState {
    /// What a reader is here. - Throws: `not_found` for those who may not read.
    func reader(_ user: UserID, _ db: Database) throws -> Membership {
        let membership = try Membership.present(id, user, db)
        try Access.check(standing(of: user, role: membership?.role), .read)
        guard let membership else { throw ChatError.notFound }
        return membership
    }
}
