// Signing in: what is let in, how guessing is slowed down, and whom that does not concern.
import ChatCore
import ChatProtocol
import Synchronization
import Testing

private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func add() { value.add(1, ordering: .relaxed) }
    var count: Int { value.load(ordering: .relaxed) }
}

extension AccountContract {
    static let signIn: [AccountCheck] = [
        AccountCheck("e-mail in any case, or handle, and the password as it is written") { world in
            let user = try await world.signUp("ada").signedIn.user
            for login in ["ada@example.org", "ADA@EXAMPLE.ORG", "ada", "Ada"] {
                #expect(try await world.signIn(login).signedIn.user == user)
            }
            for password in ["", "A quite long sentence", " a quite long sentence", "a quite long sentence "] {
                #expect(await world.refusal("ada", password)?.code == .unauthenticated)
                _ = try await world.signIn("ada")
            }
        },
        AccountCheck("a password is compared after normalising") { world in
            var form = world.form("ada")
            form.password = "cafe\u{301} au lait s'il vous plai\u{302}t"
            _ = try await world.accounts().signUp(form, from: "::1")
            _ = try await world.signIn("ada", "caf\u{E9} au lait s'il vous pla\u{EE}t")
        },
        AccountCheck("unknown and known logins are answered alike, delays included") { world in
            try await world.signUp("ada")
            for step in 0..<9 {
                let known = await world.refusal("ada", "wrong password \(step)")
                let unknown = await world.refusal("nobody", "wrong password \(step)")
                #expect(known?.code == unknown?.code && known?.message == unknown?.message)
                #expect(known?.retryAfterMs == unknown?.retryAfterMs)
            }
            // Both by e-mail and by handle, one count.
            #expect(await world.refusal("ada@example.org", "wrong")?.code == .rateLimited)
        },
        AccountCheck("an unknown login costs as many hashes as a known one, a delayed try none") { world in
            try await world.signUp("ada")
            let calls = Counter()
            var hasher = world.factory.hasher
            let verify = hasher.verify
            hasher.verify = { (password, hash) async throws(ChatError) -> Bool in
                calls.add()
                return try await verify(password, hash)
            }
            let accounts = world.accounts(hasher: hasher)
            for login in ["ada", "nobody", "nobody@example.org"] {
                for password in ["wrong password", "short", String(repeating: "x", count: 5_000)] {
                    let before = calls.count
                    let form = SignInRequest(login: login, password: password)
                    await expectUnauthenticated { _ = try await accounts.signIn(form, from: "::1") }
                    #expect(calls.count == before + 1)
                }
            }
            for login in ["ada", "nobody"] {
                for _ in 0..<2 {
                    // Refused, as it must be.
                    _ = try? await accounts.signIn(SignInRequest(login: login, password: "no"), from: "::1")
                }
                let before = calls.count
                await expectRefusal(.rateLimited) {
                    _ = try await accounts.signIn(SignInRequest(login: login, password: "no"), from: "::1")
                }
                #expect(calls.count == before)
            }
        },
        AccountCheck("who checked a password that is changed meanwhile is not let in") { world in
            let ada = try await world.signUp("ada").signedIn
            let change = PasswordChange(password: AccountWorld.password, newPassword: "another long sentence")
            var hasher = world.factory.hasher
            let verify = hasher.verify
            hasher.verify = { (password, hash) async throws(ChatError) -> Bool in
                let isRight = try await verify(password, hash)
                try await world.accounts().changePassword(
                    change,
                    of: ada.user.id,
                    session: ada.session.id,
                    from: "::1"
                )
                return isRight
            }
            await expectUnauthenticated {
                let form = SignInRequest(login: "ada", password: AccountWorld.password)
                _ = try await world.accounts(hasher: hasher).signIn(form, from: "::1")
            }
            #expect(try await world.accounts().sessions(of: ada.user.id, current: ada.session.id).count == 1)
        },
        AccountCheck("five failures are free, then one try per 1 s, doubling to 15 min") { world in
            try await world.signUp("ada")
            for _ in 0..<5 { #expect(await world.refusal("ada", "wrong password")?.code == .unauthenticated) }
            var expected: Int64 = 1_000
            for _ in 0..<14 {
                let early = await world.refusal("ada", AccountWorld.password)
                #expect(early?.code == .rateLimited && early?.retryAfterMs == expected)
                world.pass(expected - 1)
                #expect(await world.refusal("ada", AccountWorld.password)?.retryAfterMs == 1)
                world.pass(1)
                #expect(await world.refusal("ada", "wrong password")?.code == .unauthenticated)
                expected = min(expected * 2, 900_000)
            }
            #expect(expected == 900_000)
            world.pass(900_000)
            _ = try await world.signIn("ada")
            // Who got in starts afresh.
            for _ in 0..<5 { #expect(await world.refusal("ada", "wrong password")?.code == .unauthenticated) }
        },
        AccountCheck("failures are counted over restarts") { world in
            try await world.signUp("ada")
            for _ in 0..<3 { _ = await world.refusal("ada", "wrong password") }
            try await world.reopen()
            for _ in 0..<2 { _ = await world.refusal("ada", "wrong password") }
            try await world.reopen()
            #expect(await world.refusal("ada", AccountWorld.password)?.code == .rateLimited)
        },
        AccountCheck("a few failures are forgotten after 15 minutes, many after a day") { world in
            try await world.signUp("ada")
            for _ in 0..<4 { _ = await world.refusal("ada", "wrong password") }
            world.pass(900_001)
            for _ in 0..<5 { #expect(await world.refusal("ada", "wrong password")?.code == .unauthenticated) }
            #expect(await world.refusal("ada", "wrong password")?.code == .rateLimited)
            world.pass(3_600_000)
            #expect(await world.refusal("ada", "wrong password")?.code == .unauthenticated)
            #expect(await world.refusal("ada", "wrong password")?.retryAfterMs == 2_000)
            world.pass(86_400_001)
            for _ in 0..<5 { #expect(await world.refusal("ada", "wrong password")?.code == .unauthenticated) }
        },
        AccountCheck("guesses at the same moment are no way around the count") { world in
            try await world.signUp("ada")
            let codes = await withTaskGroup(of: ErrorCode?.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        // The right one is among them, behind the free tries.
                        await world.refusal("ada", "guess number \(number)")?.code
                    }
                }
                return await group.reduce(into: [ErrorCode?]()) { $0.append($1) }
            }
            #expect(codes.count { $0 == .unauthenticated } == 5)
            #expect(codes.count { $0 == .rateLimited } == 35)
        },
        AccountCheck("many right sign-ins at the same moment are all let in") { world in
            try await world.signUp("ada")
            let admitted = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask { await world.refusal("ada", AccountWorld.password) == nil }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(admitted == 20)
        },
        AccountCheck("a device of the owner is not slowed down by others' guessing") { world in
            let browser = try #require(try await world.signUp("ada", cookie: true).cookies)
            let tokens = try await world.signIn("ada").signedIn.session
            let bob = try #require(try await world.signUp("bob", cookie: true).cookies)
            for _ in 0..<8 { _ = await world.refusal("ada", "wrong password") }
            #expect(await world.refusal("ada", AccountWorld.password)?.code == .rateLimited)
            let proofs = [
                DeviceProof(mark: browser.device), DeviceProof(token: browser.session),
                DeviceProof(token: tokens.accessToken), DeviceProof(token: tokens.refreshToken),
            ]
            for proof in proofs { #expect(await world.refusal("ada", AccountWorld.password, proof: proof) == nil) }
            for proof in [
                DeviceProof(mark: bob.device), DeviceProof(token: "x"), DeviceProof(mark: tokens.accessToken),
            ] {
                let refusal = await world.refusal("ada", AccountWorld.password, proof: proof)
                let isOwn = proof.mark == tokens.accessToken
                #expect(refusal?.code == (isOwn ? nil : .rateLimited))
            }
        },
        AccountCheck("a known device stays one after signing out, but has a count of its own") { world in
            let admission = try await world.signUp("ada", cookie: true)
            let mark = try #require(admission.cookies?.device)
            try await world.accounts().end(admission.signedIn.session.id, of: admission.signedIn.user.id)
            world.pass(100 * 86_400_000)
            let proof = DeviceProof(mark: mark)
            let again = try await world.signIn("ada", cookie: true, proof: proof)
            #expect(again.cookies?.device == nil, "a device that has a mark keeps it")
            for _ in 0..<5 { _ = await world.refusal("ada", "wrong password", proof: proof) }
            #expect(await world.refusal("ada", AccountWorld.password, proof: proof)?.code == .rateLimited)
            // The account itself was not concerned.
            _ = try await world.signIn("ada")
            world.pass(366 * 86_400_000)
            #expect(
                try await world.stores.sessions.knownDevice(
                    of: admission.signedIn.user.id,
                    among: [try hash(mark, world)]
                ) == nil
            )
        },
        AccountCheck("a user has twenty marks; the oldest are forgotten") { world in
            let first = try await world.signUp("ada", cookie: true)
            let user = first.signedIn.user.id
            for _ in 0..<SessionLifetime.devicesPerUser {
                world.pass(1)
                _ = try await world.signIn("ada", cookie: true)
            }
            let mark = try hash(first.cookies?.device, world)
            #expect(try await world.stores.sessions.knownDevice(of: user, among: [mark]) == nil)
        },
        AccountCheck("an address signs in so often a minute") { world in
            try await world.signUp("ada")
            let accounts = world.accounts {
                $0.signInsPerMinutePerAddress = 10
                $0.signInBurst = 3
            }
            let form = SignInRequest(login: "ada", password: AccountWorld.password)
            for _ in 0..<3 { _ = try await accounts.signIn(form, from: "192.0.2.7") }
            let error = await #expect(throws: ChatError.self) {
                try await accounts.signIn(form, from: "::ffff:192.0.2.7")
            }
            #expect(error?.code == .rateLimited && error?.retryAfterMs == 6_000)
            _ = try await accounts.signIn(form, from: "192.0.2.8")
            world.pass(6_000)
            _ = try await accounts.signIn(form, from: "192.0.2.7")
        },
    ]

    static let passwords: [AccountCheck] = [
        AccountCheck("changing the password ends the other sessions and keeps this one") { world in
            let ada = try await world.signUp("ada").signedIn
            let other = try await world.signIn("ada", cookie: true)
            _ = world.takeCommits()
            let change = PasswordChange(password: AccountWorld.password, newPassword: "another long sentence")
            try await world.accounts().changePassword(change, of: ada.user.id, session: ada.session.id, from: "::1")
            #expect(world.takeCommits().flatMap(\.endedSessions) == [other.signedIn.session.id])
            _ = try await world.authenticate(ada.session.accessToken)
            await expectUnauthenticated { _ = try await world.authenticate(other.cookies?.session, isCookie: true) }
            #expect(await world.refusal("ada", AccountWorld.password)?.code == .unauthenticated)
            _ = try await world.signIn("ada", "another long sentence")
        },
        AccountCheck("it takes the present password, and a new one that is none of the first to be guessed") { world in
            let ada = try await world.signUp("ada").signedIn
            let change = { @Sendable (old: String, new: String) async throws in
                try await world.accounts().changePassword(
                    PasswordChange(password: old, newPassword: new),
                    of: ada.user.id,
                    session: ada.session.id,
                    from: "::1"
                )
            }
            for new in ["short", "password1", "ada@example.org", String(repeating: "x1", count: 65)] {
                await expectRefusal(.invalid) { try await change(AccountWorld.password, new) }
            }
            for _ in 0..<5 { await expectRefusal(.forbidden) { try await change("wrong", "another long sentence") } }
            await expectRefusal(.rateLimited) { try await change(AccountWorld.password, "another long sentence") }
            // The owner's signing in is not concerned.
            _ = try await world.signIn("ada")
            world.pass(1_000)
            try await change(AccountWorld.password, "another long sentence")
        },
        AccountCheck("a hash of other parameters is renewed when its owner signs in") { world in
            let user = try await world.signUp("ada").signedIn.user.id
            let record = try #require(try await world.stores.accounts.account(of: user))
            // What an older server stored: the same password under other costs (made with the reference tool).
            let old = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
            let isSet = try await world.stores.accounts.setPasswordHash(
                old,
                of: user,
                replacing: record.passwordHash,
                ending: .none
            ).value
            #expect(isSet)
            _ = try await world.signIn("ada", "password")
            let renewed = try #require(try await world.stores.accounts.account(of: user)?.passwordHash)
            #expect(renewed != old && !world.factory.hasher.needsRehash(renewed))
            _ = try await world.signIn("ada", "password")
        },
        AccountCheck("a hash that changed meanwhile is not replaced") { world in
            let user = try await world.signUp("ada").signedIn.user.id
            let changed = try await world.stores.accounts.setPasswordHash(
                "x",
                of: user,
                replacing: "something else",
                ending: .all
            )
            #expect(!changed.value && changed.commit.isEmpty)
            _ = try await world.signIn("ada")
        },
    ]
}
