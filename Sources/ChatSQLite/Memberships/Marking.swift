// Read markers, settings and drafts.
package import ChatCore
package import ChatProtocol
import Foundation
import GRDB

extension SQLiteStore {
    package func mark(
        _ mark: ReadMark,
        conversation: ConversationID,
        user: UserID
    ) async throws(ChatError) -> Changed<ReadState> {
        try await write { transaction in
            try transaction.mark(mark, conversation, user)
        }
    }

    package func configure(
        _ patch: SettingsPatch,
        conversation: ConversationID,
        user: UserID
    ) async throws(ChatError) -> Changed<OwnState> {
        try await write { transaction in
            try transaction.configure(patch, conversation, user)
        }
    }

    package func setDraft(
        _ draft: DraftRequest,
        conversation: ConversationID,
        user: UserID
    ) async throws(ChatError) -> Changed<OwnState> {
        try await write { transaction in
            try transaction.setDraft(draft, conversation, user)
        }
    }
}

extension Transaction {
    mutating func mark(_ mark: ReadMark, _ conversation: ConversationID, _ user: UserID) throws -> ReadState {
        let state = try self.state(conversation)
        let member = try state.reader(user, db)
        try Access.check(state.standing(of: user, role: member.role), .markRead)
        let former = try own(conversation, user)
        var readSeq = former.readSeq
        var unreadFrom: Int64?
        switch mark {
        case .upTo(let seq):
            guard seq >= 0, seq <= state.lastSeq else {
                throw ChatError.invalid("seq: the newest message is \(state.lastSeq).")
            }
            readSeq = max(readSeq, seq)
        case .unreadFrom(let seq):
            if let seq, !(1...max(1, state.lastSeq)).contains(seq) || state.lastSeq == 0 {
                throw ChatError.invalid("unreadFrom: the newest message is \(state.lastSeq).")
            }
            unreadFrom = seq
        }
        guard readSeq != former.readSeq || unreadFrom != former.unreadFrom else { return Self.readState(former) }
        try db.run(
            "UPDATE members SET read_seq = ?, unread_from = ? WHERE conversation = ? AND user = ?",
            [readSeq, unreadFrom, conversation.sql, user.sql]
        )
        touch(user, .membership(conversation))
        if readSeq != former.readSeq, state.memberCount <= FixedLimits.markerMembers {
            commit.markers.append(Marker(conversation: conversation, user: user, readSeq: readSeq))
        }
        return Self.readState(try own(conversation, user))
    }

    mutating func configure(
        _ patch: SettingsPatch,
        _ conversation: ConversationID,
        _ user: UserID
    ) throws -> OwnState {
        let state = try self.state(conversation)
        _ = try state.reader(user, db)
        let former = try own(conversation, user)
        var own = former
        if let level = patch.level { own.level = level }
        if let isMuted = patch.isMuted { own.isMuted = isMuted }
        if let isFavourite = patch.isFavourite { own.isFavourite = isFavourite }
        if let isArchived = patch.isArchived { own.isArchived = isArchived }
        guard own != former else { return former }
        try db.run(
            """
            UPDATE members SET level = ?, is_muted = ?, is_favourite = ?, is_archived = ?
            WHERE conversation = ? AND user = ?
            """,
            [own.level.code, own.isMuted, own.isFavourite, own.isArchived, conversation.sql, user.sql]
        )
        touch(user, .membership(conversation))
        return own
    }

    mutating func setDraft(_ draft: DraftRequest, _ conversation: ConversationID, _ user: UserID) throws -> OwnState {
        let state = try self.state(conversation)
        _ = try state.reader(user, db)
        let former = try own(conversation, user)
        if draft.body.isEmpty {
            guard former.draft != nil else { return former }
            try Drafts.remove(conversation, user, db)
        } else {
            if let replyTo = draft.replyTo, replyTo < 1 || replyTo > state.lastSeq { throw ChatError.notFound }
            if let old = former.draft, old.replyTo == draft.replyTo, old.body.utf8.elementsEqual(draft.body.utf8) {
                return former
            }
            try Drafts.store(draft, conversation, user, now: now, db, context)
        }
        touch(user, .membership(conversation))
        return try own(conversation, user)
    }

    private func own(_ conversation: ConversationID, _ user: UserID) throws -> OwnState {
        guard let part = try OwnPart.find(conversation, user, db, context) else { throw ChatError.notFound }
        return part.state
    }

    private static func readState(_ own: OwnState) -> ReadState {
        ReadState(readSeq: own.readSeq, unreadFrom: own.unreadFrom, unread: own.unread)
    }
}
