// Reading messages in `seq` order. Numbers are dense, so that a page is a range and needs no search.
package import ChatCore
package import ChatProtocol
import GRDB

extension SQLiteStore {
    package func history(
        conversation: ConversationID,
        bound: HistoryBound,
        limit: Int,
        reader: UserID
    ) async throws(ChatError) -> HistoryPage {
        let context = context
        return try await read { db in
            let state = try ConversationState.existing(conversation, db)
            _ = try state.reader(reader, db)
            let (range, more) = try History.range(bound, limit: Int64(max(1, limit)), state, db)
            guard let range else { return HistoryPage(messages: [], more: more) }
            var messages = try db.all(History.query, [conversation.sql, range.lowerBound, range.upperBound]) {
                try MessageRow.message($0, conversation, context)
            }
            for index in messages.indices { try MessageRow.addMine(&messages[index], reader, db) }
            return HistoryPage(messages: messages, more: more)
        }
    }

    package func message(
        conversation: ConversationID,
        seq: Int64,
        reader: UserID
    ) async throws(ChatError) -> Message {
        let context = context
        return try await read { db in
            let state = try ConversationState.existing(conversation, db)
            _ = try state.reader(reader, db)
            guard let message = try MessageRow.find(conversation, seq, reader: reader, db, context) else {
                throw ChatError.notFound
            }
            return message
        }
    }
}

enum History {
    static let query = """
        SELECT \(MessageRow.columns) FROM messages m
        WHERE m.conversation = ? AND m.seq BETWEEN ? AND ? ORDER BY m.seq
        """

    /// The last bucket that began before a time: what is sought is in it, or the first of the next.
    static let bucketQuery = """
        SELECT first_seq FROM buckets WHERE conversation = ? AND first_at < ? ORDER BY first_at DESC, bucket DESC LIMIT 1
        """

    static let timeQuery = """
        SELECT seq FROM messages WHERE conversation = ? AND seq BETWEEN ? AND ? AND sent_at >= ? ORDER BY seq LIMIT 1
        """

    /// Which `seq`s a page has, and whether there are more in its direction.
    static func range(
        _ bound: HistoryBound,
        limit: Int64,
        _ state: ConversationState,
        _ db: Database
    ) throws -> (ClosedRange<Int64>?, more: Bool) {
        let last = state.lastSeq
        func upwards(from first: Int64) -> (ClosedRange<Int64>?, more: Bool) {
            guard first <= last else { return (nil, false) }
            let end = last - first < limit ? last : first + limit - 1
            return (first...end, end < last)
        }
        func downwards(from end: Int64) -> (ClosedRange<Int64>?, more: Bool) {
            guard end >= 1 else { return (nil, false) }
            let first = max(1, end - limit + 1)
            return (first...end, first > 1)
        }
        switch bound {
        case .newest:
            return downwards(from: last)
        case .before(let seq):
            return downwards(from: seq > last ? last : seq - 1)
        case .after(let seq):
            return upwards(from: max(0, min(seq, last)) + 1)
        case .around(let seq):
            guard seq >= 1, seq <= last else { throw ChatError.notFound }
            let first = max(1, seq - limit / 2)
            let end = min(last, seq + limit - limit / 2 - 1)
            return (first...end, first > 1 || end < last)
        case .at(let time):
            guard let first = try firstSeq(at: time, state, db) else { return (nil, false) }
            return upwards(from: first)
        }
    }

    /// The first message at or after a time.
    private static func firstSeq(at time: Milliseconds, _ state: ConversationState, _ db: Database) throws -> Int64? {
        guard state.lastSeq > 0, state.lastSentAt >= time else { return nil }
        guard let start = try db.integer(bucketQuery, [state.id.sql, time]) else { return 1 }
        return try db.integer(timeQuery, [state.id.sql, start, state.lastSeq, time])
    }
}
