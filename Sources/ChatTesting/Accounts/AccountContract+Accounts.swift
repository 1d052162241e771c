// Making accounts, changing profiles, and finding people.
import ChatCore
import ChatProtocol
import Testing

extension AccountContract {
    static let accounts: [AccountCheck] = [
        AccountCheck("the first account is the operator, and only the first") { world in
            let first = try await world.signUp("ada")
            let second = try await world.signUp("bob")
            #expect(try await world.accounts().profile(of: first.signedIn.user.id).isOperator)
            #expect(try await !world.accounts().profile(of: second.signedIn.user.id).isOperator)
        },
        AccountCheck("signing up opens a session and tells of it") { world in
            let admission = try await world.signUp("ada")
            let user = admission.signedIn.user
            #expect(user.handle == "ada" && user.name == "Ada")
            let session = try await world.authenticate(admission.signedIn.session.accessToken)
            #expect(session.user == user.id && session.device == "ada's browser" && !session.isCookie)
            #expect(admission.signedIn.session.expiresInSeconds == 3_600)
            let commit = try #require(world.takeCommits().first)
            let own = try #require(commit.own.first)
            #expect(own.user == user.id && own.after == 0 && own.rev == Int64(own.rows.count))
            #expect(
                own.rows.contains {
                    if case .session(let row) = $0 { row.id == session.id && !row.ended } else { false }
                }
            )
            #expect(own.rows.contains { if case .settings(let row) = $0 { row.user == user } else { false } })
            let synced = try await world.stores.memberships.ownChanges(of: user.id, since: 0, limit: 100)
            #expect(synced.rows == own.rows && synced.head == own.rev)
        },
        AccountCheck("who signs up by cookie gets no tokens") { world in
            let admission = try await world.signUp("ada", cookie: true)
            #expect(admission.signedIn.session.accessToken == nil)
            #expect(admission.signedIn.session.refreshToken == nil)
            let cookies = try #require(admission.cookies)
            #expect(cookies.sessionSeconds == 30 * 86_400)
            #expect(try await world.authenticate(cookies.session, isCookie: true).isCookie)
            // A cookie is no bearer token, nor the other way round.
            await expectUnauthenticated { _ = try await world.authenticate(cookies.session, isCookie: false) }
            let other = try await world.signUp("bob")
            await expectUnauthenticated {
                _ = try await world.authenticate(other.signedIn.session.accessToken, isCookie: true)
            }
        },
        AccountCheck("e-mails in any case and handles are taken once") { world in
            try await world.signUp("ada")
            var form = world.form("bob")
            form.email = "ADA@Example.Org"
            await expectRefusal(.conflict) { _ = try await world.accounts().signUp(form, from: "::1") }
            form = world.form("ada")
            form.email = "other@example.org"
            await expectRefusal(.conflict) { _ = try await world.accounts().signUp(form, from: "::1") }
            #expect(try await world.stores.accounts.users(matching: "", after: nil, limit: 10).count == 1)
        },
        AccountCheck("of many who want one handle at once one gets it") { world in
            let results = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        var form = world.form("ada")
                        form.email = "ada\(number)@example.org"
                        do {
                            _ = try await world.accounts().signUp(form, from: "::1")
                            return true
                        } catch {
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(results == 1)
        },
        AccountCheck("a policy lets the first account in, and nobody else") { world in
            for policy in [SignUpPolicy.invite, .closed] {
                let world = try await AccountWorld(world.factory)
                let results = await withTaskGroup(of: ErrorCode?.self) { group in
                    for number in 0..<8 {
                        group.addTask {
                            do {
                                _ = try await world.accounts(policy).signUp(world.form("user\(number)"), from: "::1")
                                return nil
                            } catch {
                                return (error as? ChatError)?.code
                            }
                        }
                    }
                    return await group.reduce(into: [ErrorCode?]()) { $0.append($1) }
                }
                #expect(results.count { $0 == nil } == 1)
                #expect(results.count { $0 == .forbidden } == 7)
                await expectRefusal(.forbidden) {
                    _ = try await world.accounts(policy).signUp(world.form("late"), from: "::1")
                }
                try await world.store.remove()
            }
        },
        AccountCheck("forms are checked before anything is asked or counted") { world in
            let changes: [@Sendable (inout SignUpRequest) -> Void] = [
                { $0.email = "nothing" }, { $0.handle = "A" }, { $0.name = "\u{202E}" }, { $0.password = "short" },
                { $0.password = "vibetalk1" }, { $0.password = "Wolfgang" },
            ]
            let rates = RateLimiter()
            for change in changes {
                var form = world.form("wolfgang")
                change(&form)
                await expectRefusal(.invalid) {
                    _ = try await world.accounts(rates: rates) { $0.accountsPerHourPerAddress = 1 }
                        .signUp(form, from: "::1")
                }
            }
            _ = try await world.accounts(rates: rates) { $0.accountsPerHourPerAddress = 1 }
                .signUp(world.form("wolfgang"), from: "::1")
        },
        AccountCheck("an address makes so many accounts in an hour") { world in
            let rates = RateLimiter()
            let accounts = world.accounts(rates: rates) { $0.accountsPerHourPerAddress = 3 }
            for number in 0..<3 {
                _ = try await accounts.signUp(world.form("user\(number)"), from: "2001:db8::\(number)")
            }
            // The same household, another address of its /64.
            let error = await #expect(throws: ChatError.self) {
                try await accounts.signUp(world.form("user4"), from: "2001:db8::ffff")
            }
            #expect(error?.code == .rateLimited && (error?.retryAfterMs ?? 0) > 0)
            _ = try await accounts.signUp(world.form("user5"), from: "2001:db8:0:1::1")
            world.pass(error?.retryAfterMs ?? 0)
            _ = try await accounts.signUp(world.form("user4"), from: "2001:db8::ffff")
        },
        AccountCheck("a profile changes as a patch says, and tells of it") { world in
            let user = try await world.signUp("ada").signedIn.user.id
            try await world.signUp("bob")
            _ = world.takeCommits()
            var patch = ProfilePatch(name: " Ada L. ", handle: "ada.l", status: .set("away"), avatar: .set("/a.png"))
            patch.settings = .object([JSON.Field("theme", .string("dark"))])
            let profile = try await world.accounts().update(user, patch)
            #expect(profile.user.name == "Ada L." && profile.user.handle == "ada.l")
            #expect(profile.user.status == "away" && profile.user.avatar == "/a.png")
            #expect(try await world.accounts().profile(of: user) == profile)
            let rows = world.takeCommits().flatMap(\.own).flatMap(\.rows)
            #expect(rows.count == 1)
            guard case .settings(let row) = try #require(rows.first) else {
                Issue.record("not a settings row")
                return
            }
            #expect(row.user == profile.user && row.values == profile.settings)

            let again = try await world.accounts().update(user, patch)
            #expect(again == profile && world.takeCommits().isEmpty)
            let cleared = try await world.accounts().update(user, ProfilePatch(status: .clear, avatar: .clear))
            #expect(cleared.user.status == nil && cleared.user.avatar == nil && cleared.user.name == "Ada L.")
            await expectRefusal(.conflict) { _ = try await world.accounts().update(user, ProfilePatch(handle: "bob")) }
            for avatar in ["javascript:alert(1)", "//evil.example", "https://x\"y", "data:x", "http://x.org/a.png"] {
                await expectRefusal(.invalid) {
                    _ = try await world.accounts().update(user, ProfilePatch(avatar: .set(avatar)))
                }
            }
            // The former handle is free.
            _ = try await world.accounts().signUp(
                SignUpRequest(email: "x@y.z", handle: "ada", name: "A", password: AccountWorld.password),
                from: "::1"
            )
        },
        AccountCheck("what was stored is there after a restart") { world in
            let admission = try await world.signUp("ada")
            try await world.reopen()
            #expect(
                try await world.authenticate(admission.signedIn.session.accessToken).user == admission.signedIn.user.id
            )
            #expect(try await world.signIn("ada").signedIn.user == admission.signedIn.user)
        },
    ]

    static let people: [AccountCheck] = [
        AccountCheck("people are found by parts of name or handle, never by e-mail") { world in
            for handle in ["ada", "adalbert", "bob"] {
                try await world.signUp(handle)
                world.pass(1)
            }
            let bob = try await world.signIn("bob").signedIn.user.id
            _ = try await world.accounts().update(bob, ProfilePatch(name: "Robert Ádám 100% _x"))
            let find = { (query: String) in
                try await world.stores.accounts.users(matching: query, after: nil, limit: 10).map(\.handle)
            }
            #expect(try await find("") == ["ada", "adalbert", "bob"])
            #expect(try await find("ADA") == ["ada", "adalbert"])
            #expect(try await find("dalb") == ["adalbert"])
            #expect(try await find("ÁDÁM") == ["bob"])
            #expect(try await find("100%") == ["bob"])
            #expect(try await find("_x") == ["bob"])
            #expect(try await find("%") == ["bob"])
            #expect(try await find("'; DROP TABLE users; --") == [])
            #expect(try await find("example.org") == [])
        },
        AccountCheck("people come in pages by id") { world in
            var expected: [UserID] = []
            for number in 0..<7 { expected.append(try await world.signUp("user\(number)").signedIn.user.id) }
            expected.sort()
            var seen: [UserID] = []
            while true {
                let page = try await world.stores.accounts.users(matching: "user", after: seen.last, limit: 3)
                seen += page.map(\.id)
                if page.count < 3 { break }
            }
            #expect(seen == expected)
            #expect(try await world.stores.accounts.users(expected.reversed()).map(\.id) == expected.reversed())
        },
    ]
}
