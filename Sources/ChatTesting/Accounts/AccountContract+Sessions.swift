// Sessions: how long they live, how they end, and who hears of it; refresh tokens and their second use.
import ChatCore
import ChatProtocol
import Testing

extension AccountContract {
    static let sessions: [AccountCheck] = [
        AccountCheck("an access token opens its session for an hour") { world in
            let grant = try await world.signUp("ada").signedIn.session
            world.pass(3_599_000)
            #expect(try await world.authenticate(grant.accessToken).id == grant.id)
            world.pass(2_000)
            await expectUnauthenticated { _ = try await world.authenticate(grant.accessToken) }
        },
        AccountCheck("what is no token opens nothing") { world in
            let grant = try await world.signUp("ada").signedIn.session
            let access = try #require(grant.accessToken)
            for token in [
                "", "x", String(access.dropLast()), access + "A", access.lowercased(), grant.refreshToken ?? "",
            ] {
                await expectUnauthenticated { _ = try await world.authenticate(token) }
            }
        },
        AccountCheck("a cookie lives while it is used, a week without use, thirty days at most") { world in
            let idle = try #require(try await world.signUp("ada", cookie: true).cookies?.session)
            world.pass(7 * 86_400_000 + 1)
            await expectUnauthenticated { _ = try await world.authenticate(idle, isCookie: true) }

            let used = try #require(try await world.signIn("ada", cookie: true).cookies?.session)
            for _ in 0..<29 {
                world.pass(86_400_000)
                _ = try await world.authenticate(used, isCookie: true)
            }
            world.pass(86_400_000)
            await expectUnauthenticated { _ = try await world.authenticate(used, isCookie: true) }
        },
        AccountCheck("sessions are listed, and one of them is the current") { world in
            let first = try await world.signUp("ada").signedIn
            let second = try await world.signIn("ada").signedIn
            let list = try await world.accounts().sessions(of: first.user.id, current: second.session.id)
            #expect(Set(list.map(\.id)) == [first.session.id, second.session.id])
            #expect(list.filter(\.isCurrent).map(\.id) == [second.session.id])
            #expect(list.allSatisfy { $0.createdAt == world.now && $0.lastSeenAt == world.now })
            world.pass(600_000)
            _ = try await world.authenticate(second.session.accessToken)
            let later = try await world.accounts().sessions(of: first.user.id, current: second.session.id)
            #expect(later.first(where: \.isCurrent)?.lastSeenAt == world.now)
            #expect(later.first { !$0.isCurrent }?.lastSeenAt == world.now - 600_000)
        },
        AccountCheck("ending a session closes it at once and tells of it") { world in
            let ada = try await world.signUp("ada").signedIn
            let bob = try await world.signUp("bob").signedIn
            let other = try await world.signIn("ada").signedIn.session
            _ = world.takeCommits()
            await expectRefusal(.notFound) { try await world.accounts().end(other.id, of: bob.user.id) }
            try await world.accounts().end(other.id, of: ada.user.id)
            let commit = try #require(world.takeCommits().first)
            #expect(commit.endedSessions == [other.id])
            #expect(commit.own.first?.user == ada.user.id)
            guard case .session(let row) = try #require(commit.own.first?.rows.first) else {
                Issue.record("not a session row")
                return
            }
            #expect(row.id == other.id && row.ended)
            await expectUnauthenticated { _ = try await world.authenticate(other.accessToken) }
            await expectUnauthenticated { _ = try await world.refresh(other.refreshToken) }
            #expect(try await world.stores.sessions.alive([other.id, ada.session.id]) == [ada.session.id])
            #expect(try await world.accounts().sessions(of: ada.user.id, current: ada.session.id).count == 1)
            await expectRefusal(.notFound) { try await world.accounts().end(other.id, of: ada.user.id) }
            // At `hello` it is told apart from a token that was never known.
            let request = OpenRequest(tokenHash: try hash(other.accessToken, world), isCookie: false)
            let opening = try await world.stores.memberships.open([request])
            guard case .failure(let error) = try #require(opening.first) else {
                Issue.record("it was opened")
                return
            }
            #expect(error.code == .gone)
        },
        AccountCheck("connections keep their session alive beyond its access token") { world in
            let grant = try await world.signUp("ada").signedIn.session
            for _ in 0..<12 {
                world.pass(2 * 86_400_000)
                #expect(try await world.stores.sessions.alive([grant.id]) == [grant.id])
            }
            // And so the refresh token: it did not fall idle.
            _ = try await world.refresh(grant.refreshToken)
            world.pass(6 * 86_400_000 + 1)
            #expect(try await world.stores.sessions.alive([grant.id]).isEmpty)
        },
        AccountCheck("a user has a hundred sessions; beyond them the longest unseen end") { world in
            let first = try await world.signUp("ada").signedIn
            for _ in 0..<SessionLifetime.perUser {
                world.pass(1)
                _ = try await world.signIn("ada")
            }
            let list = try await world.accounts().sessions(of: first.user.id, current: first.session.id)
            #expect(list.count == SessionLifetime.perUser)
            #expect(!list.contains { $0.id == first.session.id })
            #expect(world.takeCommits().flatMap(\.endedSessions) == [first.session.id])
        },
        AccountCheck("sweeping ends what is over, once") { world in
            let ada = try await world.signUp("ada").signedIn
            world.pass(4 * 86_400_000)
            let bob = try await world.signUp("bob").signedIn
            world.pass(4 * 86_400_000)
            _ = world.takeCommits()
            try await world.accounts().keepHouse()
            let commits = world.takeCommits()
            #expect(commits.flatMap(\.endedSessions) == [ada.session.id])
            #expect(commits.flatMap(\.own).map(\.user) == [ada.user.id])
            try await world.accounts().keepHouse()
            #expect(world.takeCommits().isEmpty)
            #expect(try await world.stores.sessions.alive([ada.session.id, bob.session.id]) == [bob.session.id])
            world.pass(400 * 86_400_000)
            try await world.accounts().keepHouse()
            #expect(world.takeCommits().flatMap(\.endedSessions) == [bob.session.id])
        },
        AccountCheck("the store holds neither tokens nor passwords nor e-mails of the erased") { world in
            let admission = try await world.signUp("ada", cookie: true)
            let tokens = try await world.signIn("ada").signedIn.session
            let next = try await world.refresh(tokens.refreshToken)
            _ = await world.refusal("a password typed as login", "another secret")
            let dump = try await world.store.dump()
            let secrets = [
                AccountWorld.password, admission.cookies?.session, admission.cookies?.device, tokens.accessToken,
                tokens.refreshToken, next.accessToken, next.refreshToken, "a password typed as login", "another secret",
            ].compactMap { $0 }
            #expect(secrets.count == 9)
            for secret in secrets { #expect(!contains(dump, Array(secret.utf8))) }
            // The search itself works.
            #expect(contains(dump, Array("ada's browser".utf8)))
        },
    ]

    static let refreshing: [AccountCheck] = [
        AccountCheck("a refresh token gives new tokens; the former access token lives 60 s more") { world in
            let old = try await world.signUp("ada").signedIn.session
            world.pass(1_800_000)
            let new = try await world.refresh(old.refreshToken)
            #expect(new.id == old.id && new.accessToken != old.accessToken && new.refreshToken != old.refreshToken)
            #expect(new.expiresInSeconds == 3_600)
            _ = try await world.authenticate(old.accessToken)
            world.pass(59_000)
            _ = try await world.authenticate(old.accessToken)
            world.pass(2_000)
            await expectUnauthenticated { _ = try await world.authenticate(old.accessToken) }
            _ = try await world.authenticate(new.accessToken)
            let later = try await world.refresh(new.refreshToken)
            _ = try await world.authenticate(later.accessToken)
        },
        AccountCheck("a second use within 30 s answers the same successor") { world in
            let old = try await world.signUp("ada").signedIn.session
            let first = try await world.refresh(old.refreshToken)
            world.pass(29_000)
            let second = try await world.refresh(old.refreshToken)
            #expect(second.accessToken == first.accessToken && second.refreshToken == first.refreshToken)
            // Also where the successor was used already.
            let next = try await world.refresh(first.refreshToken)
            #expect(try await world.refresh(old.refreshToken).refreshToken == first.refreshToken)
            #expect(try await world.refresh(first.refreshToken).refreshToken == next.refreshToken)
            _ = try await world.authenticate(next.accessToken)
        },
        AccountCheck("a second use later ends the session") { world in
            let signedIn = try await world.signUp("ada").signedIn
            let new = try await world.refresh(signedIn.session.refreshToken)
            world.pass(31_000)
            _ = world.takeCommits()
            await expectUnauthenticated { _ = try await world.refresh(signedIn.session.refreshToken) }
            #expect(world.takeCommits().flatMap(\.endedSessions) == [signedIn.session.id])
            await expectUnauthenticated { _ = try await world.authenticate(new.accessToken) }
            await expectUnauthenticated { _ = try await world.refresh(new.refreshToken) }
            // Other sessions are not concerned.
            _ = try await world.signIn("ada")
        },
        AccountCheck("also after many generations an old token ends the session") { world in
            let signedIn = try await world.signUp("ada").signedIn
            var grant = signedIn.session
            for _ in 0..<50 {
                world.pass(3_600_000)
                grant = try await world.refresh(grant.refreshToken)
            }
            await expectUnauthenticated { _ = try await world.refresh(signedIn.session.refreshToken) }
            #expect(try await world.stores.sessions.alive([grant.id]).isEmpty)
        },
        AccountCheck("two uses at the same moment give one successor") { world in
            for round in 0..<10 {
                let old = try await world.signUp("user\(round)").signedIn.session
                let grants = try await withThrowingTaskGroup(of: SessionGrant.self) { group in
                    for _ in 0..<8 { group.addTask { try await world.refresh(old.refreshToken) } }
                    return try await group.reduce(into: [SessionGrant]()) { $0.append($1) }
                }
                #expect(Set(grants.map(\.refreshToken)).count == 1 && Set(grants.map(\.accessToken)).count == 1)
                _ = try await world.authenticate(grants.first?.accessToken)
                _ = try await world.refresh(grants.first?.refreshToken)
            }
        },
        AccountCheck("refreshing goes on over a restart, with the same successor") { world in
            let old = try await world.signUp("ada").signedIn.session
            let new = try await world.refresh(old.refreshToken)
            try await world.reopen()
            #expect(try await world.refresh(old.refreshToken).accessToken == new.accessToken)
            _ = try await world.refresh(new.refreshToken)
        },
        AccountCheck("refresh tokens fall idle after a week, and end with the session after thirty days") { world in
            let idle = try await world.signUp("ada").signedIn.session
            world.pass(7 * 86_400_000 + 1)
            await expectUnauthenticated { _ = try await world.refresh(idle.refreshToken) }
            var grant = try await world.signIn("ada").signedIn.session
            for _ in 0..<29 {
                world.pass(86_400_000)
                grant = try await world.refresh(grant.refreshToken)
            }
            world.pass(86_400_000 - 1_000)
            grant = try await world.refresh(grant.refreshToken)
            #expect(grant.expiresInSeconds == 1)
            world.pass(1_001)
            await expectUnauthenticated { _ = try await world.refresh(grant.refreshToken) }
            await expectUnauthenticated { _ = try await world.authenticate(grant.accessToken) }
        },
        AccountCheck("what is no refresh token is refused, and ends nothing") { world in
            let grant = try await world.signUp("ada").signedIn.session
            for token in ["", "x", grant.accessToken ?? "", String(repeating: "A", count: 43)] {
                await expectUnauthenticated { _ = try await world.refresh(token) }
            }
            await expectRefusal(.invalid) { _ = try await world.refresh(nil) }
            _ = try await world.authenticate(grant.accessToken)
        },
    ]

    static func hash(_ token: String?, _ world: AccountWorld) throws -> [UInt8] {
        let token = try #require(token)
        return try #require(world.accounts().tokenHash(token))
    }

    static func contains(_ haystack: [UInt8], _ needle: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        var from = haystack.startIndex
        while let index = haystack[from...].firstIndex(of: first) {
            if haystack[index...].starts(with: needle) { return true }
            from = index + 1
        }
        return false
    }
}
