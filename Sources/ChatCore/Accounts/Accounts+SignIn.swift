// Signing in. An unknown login and a wrong password look and cost the same; guessing is slowed down per account and per
// address, but never for a device of which the account's owner signed in before.
package import ChatProtocol
import Metrics

extension Accounts {
    /// Opens a session. A device that shows what it still has of former sign-ins has a count of failures of its own, so
    /// that its owner can sign in while others guess.
    package func signIn(
        _ form: SignInRequest,
        from address: String,
        proof: DeviceProof = DeviceProof()
    ) async throws(ChatError) -> Admission {
        try takeSignIn(of: address)
        let account = try await stores.accounts.account(login: form.login)
        let mark = proof.mark.flatMap(tokens.hash)
        let hashes = [mark, proof.token.flatMap(tokens.hash)].compactMap { $0 }
        var device: [UInt8]?
        if let account, !hashes.isEmpty {
            device = try await stores.sessions.knownDevice(of: account.user.id, among: hashes)
        }
        let key = failureKey(login: form.login, account: account, device: device)
        let isRight = try await check(form.password, of: account, key: key)
        guard let account, isRight else {
            metrics.signInsFailed.increment()
            throw ChatError(.unauthenticated, "The e-mail, handle or password is wrong.")
        }
        let hash = await rehash(form.password, of: account)
        let hasMark = device != nil && device == mark
        return try await retryingIdentifiers { () async throws(ChatError) in
            let opening = newSession(of: account.user.id, device: form.device, isCookie: form.cookie)
            published(try await stores.sessions.create(opening.session, afterChecking: hash))
            metrics.signIns.increment()
            return await admission(account.user, opening, mark: hasMark ? proof.mark : nil)
        }
    }

    /// Whether the password is the account's, as far as the count of failures lets one know.
    func check(_ password: String, of account: AccountRecord?, key: [UInt8]) async throws(ChatError) -> Bool {
        let limit = limits.signInFailuresPerAccount
        try refuse(for: try await stores.sessions.signInDelay(of: key, limit: limit))
        let bytes = Password.bytes(password)
        let hash = account?.passwordHash ?? hasher.dummy
        let matches = try await timed { () async throws(ChatError) in try await hasher.verify(bytes ?? [], hash) }
        let isRight = matches && bytes != nil && account != nil
        // Others may have tried while this was computed: what is learnt is settled in one transaction.
        try refuse(for: try await stores.sessions.settleSignIn(of: key, succeeded: isRight, limit: limit))
        return isRight
    }

    /// Under which failures are counted. Logins of nobody have counts too, so that delays tell nothing.
    private func failureKey(login: String, account: AccountRecord?, device: [UInt8]?) -> [UInt8] {
        guard let account else { return failureKey("login", EmailAddress.folded(login)) }
        let user = account.user.id.description
        guard let device else { return failureKey("account", user) }
        return failureKey("device", user + Base64URL.encode(device))
    }

    /// A hash: people type passwords into the wrong field, and the store is not to know them.
    func failureKey(_ kind: String, _ name: String) -> [UInt8] {
        Array(environment.digest(Array("\(kind) \(name)".utf8)).prefix(16))
    }

    /// Renews a hash that was made with other parameters. That it fails is no reason not to let the person in.
    /// - Returns: the hash that the store has now.
    private func rehash(_ password: String, of account: AccountRecord) async -> String {
        let former = account.passwordHash
        guard hasher.needsRehash(former), let bytes = Password.bytes(password) else { return former }
        do throws(ChatError) {
            let hash = try await hasher.hash(bytes)
            let changed = try await stores.accounts.setPasswordHash(
                hash,
                of: account.user.id,
                replacing: former,
                ending: .none
            )
            return published(changed) ? hash : former
        } catch {
            metrics.errors(error.code).increment()
            return former
        }
    }
}
