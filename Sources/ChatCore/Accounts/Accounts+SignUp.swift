// Making an account.
package import ChatProtocol
import Metrics

extension Accounts {
    /// Makes an account and its first session.
    package func signUp(_ form: SignUpRequest, from address: String) async throws(ChatError) -> Admission {
        let email = try EmailAddress.checked(form.email)
        let handle = try Handle.checked(form.handle)
        let name = try DisplayName.normalised(form.name, limit: limits.nameCharacters, field: "name")
        let password = try Password.checkedNew(form.password, own: [email, handle, name] + siteWords)
        let onlyFirst = try await checkPolicy()
        let perHour = limits.accountsPerHourPerAddress
        try refuse(
            for: rates.take(
                .accounts(AddressGroup.of(address)),
                rate: .perHour(perHour),
                burst: perHour,
                now: environment.monotonic()
            )
        )
        let hash = try await timed { () async throws(ChatError) in try await hasher.hash(password) }
        return try await retryingIdentifiers { () async throws(ChatError) in
            let id: UserID = environment.makeID()
            let account = NewAccount(id: id, email: email, handle: handle, name: name, passwordHash: hash)
            let opening = newSession(of: id, device: form.device, isCookie: form.cookie)
            let created = try await stores.accounts.create(account, session: opening.session, onlyFirst: onlyFirst)
            let user = published(created)
            metrics.signUps.increment()
            return await admission(user, opening, mark: nil)
        }
    }

    /// - Returns: whether only the first account may be made now.
    private func checkPolicy() async throws(ChatError) -> Bool {
        guard signUpPolicy != .open else { return false }
        guard try await stores.accounts.isEmpty() else {
            // Invitations are not built yet: no code can be right.
            throw signUpPolicy == .invite
                ? ChatError(.forbidden, "This server takes new people by invitation only: ask its operator.")
                : ChatError(.forbidden, "This server takes no new people.")
        }
        return true
    }
}
