// Signing up, and what one's own account is: profile, password, export, erasure.
import ChatCore
import ChatProtocol
import HTTPTypes

struct AccountCalls: Sendable {
    let accounts: Accounts
    let gate: Gate
    let cookies: SessionCookies

    func add(to routes: inout Routes) {
        routes.open(.post, "/v1/accounts", use: signUp)
        routes.signedIn(.get, "/v1/me", use: profile)
        routes.signedIn(.patch, "/v1/me", form: patch, use: update)
        routes.signedIn(.delete, "/v1/me", use: erase)
        routes.signedIn(.post, "/v1/me/password", form: password, use: changePassword)
        routes.signedIn(.get, "/v1/me/export", use: export)
    }

    @Sendable private func signUp(_ call: Call) async throws -> Answer {
        let form = try call.body(SignUpRequest.self)
        if form.cookie { try gate.checkGiving(to: call) }
        return cookies.answer(try await accounts.signUp(form, from: call.address))
    }

    @Sendable private func profile(_ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await accounts.profile(of: caller.user))
    }

    @Sendable private func patch(_ call: Call) throws -> ProfilePatch {
        try accounts.checked(try call.body(ProfilePatch.self))
    }

    @Sendable private func update(_ patch: ProfilePatch, _ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await accounts.update(caller.user, patch))
    }

    @Sendable private func erase(_ call: Call, _ caller: Caller) async throws -> Answer {
        try await accounts.delete(caller.user)
        return cookies.signedOut()
    }

    @Sendable private func password(_ call: Call) throws -> PasswordChange {
        let change = try call.body(PasswordChange.self)
        // What the caller's own names forbid is checked when it is known who calls.
        _ = try Password.checkedNew(change.newPassword, own: [], field: "newPassword")
        return change
    }

    @Sendable private func changePassword(
        _ change: PasswordChange,
        _ call: Call,
        _ caller: Caller
    ) async throws -> Answer {
        try await accounts.changePassword(change, of: caller.user, session: caller.session, from: call.address)
        return .nothing
    }

    @Sendable private func export(_ call: Call, _ caller: Caller) async throws -> Answer {
        var export = try accounts.export(caller.user)
        // What fails before the first piece can still be told.
        guard let first = try await export.next() else { throw ChatError.notFound }
        let rest = export
        var answer = Answer(status: .ok, body: .none, contentType: "application/json")
        answer.body = .pieces {
            var rest = rest
            var first: [UInt8]? = first
            return {
                if let piece = first.take() { return piece }
                return try await rest.next()
            }
        }
        answer.add(.contentDisposition, "attachment; filename=\"vibetalk.json\"")
        return answer
    }
}
