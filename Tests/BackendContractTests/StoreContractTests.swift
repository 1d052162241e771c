// Every sentence of the stores' contract, for every store there is.
import ChatTesting
import Testing

@Suite("The stores' contract")
struct StoreContractTests {
    @Test(arguments: [SQLiteFactory.plain, MemoryFactory.reference], StoreContract.checks)
    func holds(_ factory: StoreFactory, _ check: ContractCheck) async throws {
        try await check.run(on: factory)
    }
}
