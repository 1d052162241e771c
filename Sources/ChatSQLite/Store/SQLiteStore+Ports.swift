// The ports that SQLiteStore plays. Each use case is in a file of its own.
import ChatCore

extension SQLiteStore: MessageStore {
    /// All writers share one transaction; a second one prepares a batch while the first one's is committed.
    package var writers: Int { 2 }
}

extension SQLiteStore: ConversationStore {}

extension SQLiteStore: MembershipStore {}
