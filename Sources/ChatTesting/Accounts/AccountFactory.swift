// What the account suite needs of a store, and of the adapters for secrets.
package import ChatCore
package import ChatProtocol
import Testing

/// Makes stores of one kind, with the real adapters for passwords and fingerprints (at low cost).
package struct AccountFactory: Sendable, CustomTestStringConvertible {
    package var name: String
    package var make: @Sendable (Environment, Limits) async throws -> AccountStoreUnderTest
    package var hasher: PasswordHasher
    package var mac: @Sendable ([UInt8]) -> [UInt8]
    package var digest: @Sendable ([UInt8]) -> [UInt8]

    package init(
        name: String,
        hasher: PasswordHasher,
        mac: @escaping @Sendable ([UInt8]) -> [UInt8],
        digest: @escaping @Sendable ([UInt8]) -> [UInt8],
        make: @escaping @Sendable (Environment, Limits) async throws -> AccountStoreUnderTest
    ) {
        self.name = name
        self.hasher = hasher
        self.mac = mac
        self.digest = digest
        self.make = make
    }

    package var testDescription: String { name }
}

/// A store with all ports, and what only its maker can do with it.
package struct AccountStoreUnderTest: Sendable {
    package var stores: Stores
    /// Closes it and opens what it stored again.
    package var reopen: @Sendable () async throws -> AccountStoreUnderTest
    /// Closes it and removes what it stored.
    package var remove: @Sendable () async throws -> Void
    /// All that it keeps, as bytes, to look for secrets in.
    package var dump: @Sendable () async throws -> [UInt8]

    package init(
        stores: Stores,
        reopen: @escaping @Sendable () async throws -> AccountStoreUnderTest,
        remove: @escaping @Sendable () async throws -> Void,
        dump: @escaping @Sendable () async throws -> [UInt8]
    ) {
        self.stores = stores
        self.reopen = reopen
        self.remove = remove
        self.dump = dump
    }
}

/// One sentence about accounts and sessions, and how it is checked.
package struct AccountCheck: Sendable, CustomTestStringConvertible {
    package var name: String
    package var run: @Sendable (AccountWorld) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (AccountWorld) async throws -> Void) {
        self.name = name
        self.run = run
    }

    package var testDescription: String { name }

    /// Runs the check in an empty store of its own.
    package func run(on factory: AccountFactory) async throws {
        let world = try await AccountWorld(factory)
        do {
            try await run(world)
        } catch {
            try await world.store.remove()
            throw error
        }
        try await world.store.remove()
    }
}

/// Everything that accounts and sessions promise, on every store.
package enum AccountContract {
    package static let checks: [AccountCheck] =
        accounts + people + sessions + refreshing + signIn + passwords + erasure + export
}
