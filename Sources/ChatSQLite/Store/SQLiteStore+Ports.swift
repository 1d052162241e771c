// The ports that SQLiteStore plays. Each use case is in a file of its own.
package import ChatCore

extension SQLiteStore {
    /// All ports of this store.
    package var stores: Stores {
        Stores(messages: self, conversations: self, memberships: self, accounts: self, sessions: self, epoch: epoch)
    }
}

extension SQLiteStore: MessageStore {
    /// All writers share one transaction; a second one prepares a batch while the first one's is committed.
    package var writers: Int { 2 }
}

extension SQLiteStore: ConversationStore {}

extension SQLiteStore: MembershipStore {}
