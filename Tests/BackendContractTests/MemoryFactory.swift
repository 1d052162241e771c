// The reference implementation in memory, for the contract suites: the suites and the reference check each other.
import ChatCore
import ChatFixtures
import ChatProtocol
import ChatTesting

enum MemoryFactory {
    static let reference = StoreFactory(name: "reference") { environment, limits in
        let epoch = environment.random(8).map(String.init).joined(separator: "-")
        let store = MemoryStore(MemoryLog(epoch: epoch, limits: limits), now: environment.now)
        return under(test: store, epoch)
    }

    private static func under(test store: MemoryStore, _ epoch: String) -> StoreUnderTest {
        StoreUnderTest(
            messages: store,
            conversations: store,
            memberships: store,
            epoch: epoch,
            addUser: { user, session, handle, tokenHash in
                store.addUser(User(id: user, handle: handle, name: handle.uppercased()))
                return store.addSession(session, of: user, tokenHash: tokenHash)
            },
            endSession: { _ = store.endSession($0) },
            reopen: { under(test: store, epoch) },
            remove: {}
        )
    }
}
