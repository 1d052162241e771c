// Lists of members and of public channels, in stable order, with a search by substring.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore {
    package func members(
        of id: ConversationID,
        matching query: String,
        after: UserID?,
        limit: Int,
        reader: UserID
    ) async throws(ChatError) -> [Member] {
        try await read { db in
            let state = try ConversationState.existing(id, db)
            _ = try state.reader(reader, db)
            let arguments: [SQLValue?] = [id.sql, after?.sql ?? -1]
            if query.isEmpty {
                return try db.all(Listing.members, arguments + [limit]) { try Membership($0, id).visible(in: state) }
            }
            return try db.all(Listing.membersMatching, arguments + [SearchKey.fold(query), limit]) {
                try Membership($0, id).visible(in: state)
            }
        }
    }

    package func channels(
        matching query: String,
        after: ConversationID?,
        limit: Int
    ) async throws(ChatError) -> [ChannelSummary] {
        try await read { db in
            try db.all(Listing.channels, [after?.sql ?? -1, SearchKey.fold(query), limit]) {
                Listing.summary(try ConversationState($0))
            }
        }
    }

    package func channel(_ id: ConversationID) async throws(ChatError) -> ChannelSummary? {
        try await read { db in
            guard let state = try ConversationState.find(id, db), state.deletedAt == nil, state.isPublic else {
                return nil
            }
            return Listing.summary(state)
        }
    }
}

enum Listing {
    static let members = """
        SELECT \(Membership.columns) FROM members m
        WHERE m.conversation = ? AND m.user > ? AND m.left_at IS NULL ORDER BY m.user LIMIT ?
        """

    static let membersMatching = """
        SELECT \(Membership.columns) FROM members m CROSS JOIN users u ON u.id = m.user
        WHERE m.conversation = ? AND m.user > ? AND m.left_at IS NULL AND instr(u.search_key, ?) > 0
        ORDER BY m.user LIMIT ?
        """

    static let channels = """
        SELECT \(ConversationState.columns) FROM conversations c
        WHERE c.id > ? AND c.is_public = 1 AND c.deleted_at IS NULL AND instr(c.search_key, ?) > 0
        ORDER BY c.id LIMIT ?
        """

    static func summary(_ state: ConversationState) -> ChannelSummary {
        ChannelSummary(
            id: state.id,
            kind: state.kind,
            name: state.name,
            topic: state.topic,
            isPublic: state.isPublic,
            memberCount: state.memberCount
        )
    }
}
