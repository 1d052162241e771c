// People put straight into the store: signing up hundreds of them takes long, because hashing passwords does.
import ChatCore
import ChatProtocol

enum People {
    /// Accounts that nobody can sign in to.
    static func add(_ count: Int, to stores: Stores, _ environment: Environment) async throws -> [UserID] {
        var ids: [UserID] = []
        for number in 0..<count {
            let account = NewAccount(
                id: environment.makeID(),
                email: "extra\(number)@example.org",
                handle: "extra\(number)",
                name: "Extra \(number)",
                passwordHash: ""
            )
            let session = NewSessions.session(of: account.id, token: "extra \(number)", environment)
            ids.append(try await stores.accounts.create(account, session: session, onlyFirst: false).value.id)
        }
        return ids
    }
}
