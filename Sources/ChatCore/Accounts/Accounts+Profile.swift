// One's own account: profile, password, and its end.
package import ChatProtocol

extension Accounts {
    package func profile(of user: UserID) async throws(ChatError) -> Profile {
        try await stores.accounts.profile(of: user)
    }

    /// Changes the profile. - Throws: `invalid`, `conflict` for a taken handle.
    package func update(_ user: UserID, _ patch: ProfilePatch) async throws(ChatError) -> Profile {
        published(try await stores.accounts.update(user, try checked(patch)))
    }

    /// A change of a profile, with its texts normalised. Faces that tell what is malformed before they ask who is there
    /// check it first; the use case checks it again.
    package func checked(_ patch: ProfilePatch) throws(ChatError) -> ProfilePatch {
        var patch = patch
        if let name = patch.name {
            patch.name = try DisplayName.normalised(name, limit: limits.nameCharacters, field: "name")
        }
        if let handle = patch.handle { patch.handle = try Handle.checked(handle) }
        if case .set(let status) = patch.status {
            let limit = Int64(FixedLimits.statusCharacters)
            let text = try DisplayName.normalised(status, limit: limit, field: "status", mayBeEmpty: true)
            patch.status = text.isEmpty ? .clear : .set(text)
        }
        if case .set(let avatar) = patch.avatar { try checkAvatar(avatar) }
        return patch
    }

    /// Pictures come from this server or over HTTPS; nothing that a client could take for a script.
    private func checkAvatar(_ address: String) throws(ChatError) {
        let isPlain = address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"'<>\\`".utf8.contains($0) }
        let isKnown = address.hasPrefix("https://") || address.hasPrefix("/") && !address.hasPrefix("//")
        guard isPlain, isKnown, address.utf8.count <= FixedLimits.avatarBytes else {
            throw .invalid("avatar: an https address, or a path here, of at most \(FixedLimits.avatarBytes) bytes.")
        }
    }

    /// Changes the password; the user's other sessions end. - Throws: `forbidden` if the present one is wrong.
    package func changePassword(
        _ change: PasswordChange,
        of user: UserID,
        session: SessionID,
        from address: String
    ) async throws(ChatError) {
        let profile = try await stores.accounts.profile(of: user)
        let own = [profile.email, profile.user.handle, profile.user.name] + siteWords
        let password = try Password.checkedNew(change.newPassword, own: own, field: "newPassword")
        try takeSignIn(of: address)
        guard let account = try await stores.accounts.account(of: user) else { throw .unauthenticated }
        // A key of its own: who has stolen a session cannot keep the owner from signing in.
        let key = failureKey("password", user.description)
        guard try await check(change.password, of: account, key: key) else {
            throw ChatError(.forbidden, "password: this is not your present password.")
        }
        let hash = try await timed { () async throws(ChatError) in try await hasher.hash(password) }
        let isChanged = published(
            try await stores.accounts.setPasswordHash(
                hash,
                of: user,
                replacing: account.passwordHash,
                ending: .allBut(session)
            )
        )
        guard isChanged else { throw ChatError(.conflict, "The password was changed meanwhile.") }
    }

    /// Erases the account. Its messages become tombstones; if the node stops before the last one, it goes on later.
    package func delete(_ user: UserID) async throws(ChatError) {
        published(try await stores.accounts.erase(user))
        try await eraseMessages(of: user)
    }

    func eraseMessages(of user: UserID) async throws(ChatError) {
        while published(try await stores.accounts.eraseMessages(of: user, limit: 100)) {}
    }
}
