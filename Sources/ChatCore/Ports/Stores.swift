// The stores a server works with, together.

/// Everything that is kept. One value of an adapter usually plays all parts.
package struct Stores: Sendable {
    package var messages: any MessageStore
    package var conversations: any ConversationStore
    package var memberships: any MembershipStore
    package var accounts: any AccountStore
    package var sessions: any SessionStore
    /// Changed by every restore, copy or failover that may have lost commits.
    package var epoch: String

    package init(
        messages: any MessageStore,
        conversations: any ConversationStore,
        memberships: any MembershipStore,
        accounts: any AccountStore,
        sessions: any SessionStore,
        epoch: String
    ) {
        self.messages = messages
        self.conversations = conversations
        self.memberships = memberships
        self.accounts = accounts
        self.sessions = sessions
        self.epoch = epoch
    }
}
