// What a contract suite needs of a store: how to make one, how to open it again, and how to put people into it.
package import ChatCore
package import ChatProtocol
import Synchronization
import Testing

/// Makes stores of one kind.
package struct StoreFactory: Sendable, CustomTestStringConvertible {
    package var name: String
    /// Makes an empty store.
    package var make: @Sendable (Environment, Limits) async throws -> StoreUnderTest

    package init(name: String, make: @escaping @Sendable (Environment, Limits) async throws -> StoreUnderTest) {
        self.name = name
        self.make = make
    }

    package var testDescription: String { name }
}

/// A store and what only its maker can do with it.
package struct StoreUnderTest: Sendable {
    package var messages: any MessageStore
    package var conversations: any ConversationStore
    package var memberships: any MembershipStore
    package var epoch: String
    /// Adds a person with one session, opened by an access token of this hash. - Returns: what that has to tell.
    package var addUser: @Sendable (UserID, SessionID, _ handle: String, _ tokenHash: [UInt8]) async throws -> Commit
    /// Ends a session.
    package var endSession: @Sendable (SessionID) async throws -> Void
    /// Closes it and opens what it stored again.
    package var reopen: @Sendable () async throws -> StoreUnderTest
    /// Closes it and removes what it stored.
    package var remove: @Sendable () async throws -> Void

    package init(
        messages: any MessageStore,
        conversations: any ConversationStore,
        memberships: any MembershipStore,
        epoch: String,
        addUser: @escaping @Sendable (UserID, SessionID, String, [UInt8]) async throws -> Commit,
        endSession: @escaping @Sendable (SessionID) async throws -> Void,
        reopen: @escaping @Sendable () async throws -> StoreUnderTest,
        remove: @escaping @Sendable () async throws -> Void
    ) {
        self.messages = messages
        self.conversations = conversations
        self.memberships = memberships
        self.epoch = epoch
        self.addUser = addUser
        self.endSession = endSession
        self.reopen = reopen
        self.remove = remove
    }
}

/// One sentence of a contract, and how it is checked.
package struct ContractCheck: Sendable, CustomTestStringConvertible {
    package var name: String
    package var run: @Sendable (StoreWorld) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (StoreWorld) async throws -> Void) {
        self.name = name
        self.run = run
    }

    package var testDescription: String { name }

    /// Runs the check in an empty store of its own.
    package func run(on factory: StoreFactory) async throws {
        let world = try await StoreWorld(factory)
        do {
            try await run(world)
        } catch {
            try await world.store.remove()
            throw error
        }
        try await world.store.remove()
    }
}

/// Everything that a store of the log promises.
package enum StoreContract {
    package static let checks: [ContractCheck] =
        append + changes + history + sync + members + roles + conversations + own + unread + commitLog
}
