// The directory of buckets: where each begins, when, and the highest `rev` in it.
import ChatProtocol
import GRDB

struct BucketNotes: Sendable {
    private struct Note: Sendable {
        var conversation: ConversationID
        var bucket: Int64
        var firstSeq: Int64
        var firstAt: Milliseconds
        var lastAt: Milliseconds
        var rev: Int64
    }

    /// What a transaction changed, in order; one per bucket.
    private var notes: [Note] = []

    /// A message was added or changed.
    mutating func note(_ message: Message, bucket: Int64) {
        if let index = notes.lastIndex(where: { $0.bucket == bucket && $0.conversation == message.conversation }) {
            notes[index].lastAt = max(notes[index].lastAt, message.sentAt)
            notes[index].rev = max(notes[index].rev, message.rev)
        } else {
            notes.append(
                Note(
                    conversation: message.conversation,
                    bucket: bucket,
                    firstSeq: message.seq,
                    firstAt: message.sentAt,
                    lastAt: message.sentAt,
                    rev: message.rev
                )
            )
        }
    }

    func store(_ db: Database) throws {
        for note in notes {
            try db.run(
                """
                INSERT INTO buckets (conversation, bucket, first_seq, first_at, last_at, rev) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (conversation, bucket) DO UPDATE
                SET last_at = max(last_at, excluded.last_at), rev = max(rev, excluded.rev)
                """,
                [note.conversation.sql, note.bucket, note.firstSeq, note.firstAt, note.lastAt, note.rev]
            )
        }
    }
}
