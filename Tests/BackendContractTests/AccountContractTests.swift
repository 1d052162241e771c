// Every sentence about accounts and sessions, for every store there is.
import ChatCore
import ChatSQLite
import ChatSecurity
import ChatTesting
import Foundation
import Testing

@Suite("The contract of accounts and sessions")
struct AccountContractTests {
    @Test(arguments: [AccountFactory.sqlite], AccountContract.checks)
    func holds(_ factory: AccountFactory, _ check: AccountCheck) async throws {
        try await check.run(on: factory)
    }
}

extension AccountFactory {
    static let sqlite = AccountFactory(
        name: "SQLite",
        hasher: .argon2(.init(memoryKiB: 64, iterations: 1, parallelism: 1), threads: 2, queue: 1_000),
        mac: { Authenticator.code(key: Array("a secret of the instance".utf8), message: $0) },
        digest: Environment.system().digest,
        make: { environment, limits in
            let folder = try TemporaryFolder()
            let open: @Sendable () throws -> SQLiteStore = {
                try SQLiteStore.open(path: folder.database, environment: environment, limits: limits)
            }
            return try under(test: open(), folder, open)
        }
    )

    private static func under(
        test store: SQLiteStore,
        _ folder: TemporaryFolder,
        _ open: @escaping @Sendable () throws -> SQLiteStore
    ) throws -> AccountStoreUnderTest {
        AccountStoreUnderTest(
            stores: Stores(
                messages: store,
                conversations: store,
                memberships: store,
                accounts: store,
                sessions: store,
                epoch: store.epoch
            ),
            reopen: {
                try await store.close()
                return try under(test: open(), folder, open)
            },
            remove: {
                try await store.close()
                try folder.remove()
            },
            dump: {
                try ["", "-wal"].flatMap { suffix in
                    try Array(Data(contentsOf: URL(fileURLWithPath: folder.database + suffix)))
                }
            }
        )
    }
}
