// Signing in and out: sessions, which are signed-in devices.
import ChatCore
import ChatProtocol
import HTTPTypes

struct SessionCalls: Sendable {
    let accounts: Accounts
    let gate: Gate
    let cookies: SessionCookies

    func add(to routes: inout Routes) {
        routes.open(.post, "/v1/sessions", use: signIn)
        routes.open(.post, "/v1/sessions/refresh", use: refresh)
        routes.signedIn(.get, "/v1/sessions", form: { try ListForm<SessionID>($0, searches: false) }, use: list)
        routes.signedIn(.delete, "/v1/sessions/current", use: signOut)
        routes.signedIn(.delete, "/v1/sessions/{id}", use: end)
    }

    @Sendable private func signIn(_ call: Call) async throws -> Answer {
        let form = try call.body(SignInRequest.self)
        if form.cookie { try gate.checkGiving(to: call) }
        let proof = DeviceProof(token: gate.token(of: call), mark: cookies.mark(in: call.headers))
        return cookies.answer(try await accounts.signIn(form, from: call.address, proof: proof))
    }

    @Sendable private func refresh(_ call: Call) async throws -> Answer {
        let form = try call.body(RefreshRequest.self)
        return .json(Refreshed(session: try await accounts.refresh(form, from: call.address)))
    }

    @Sendable private func list(_ form: ListForm<SessionID>, _ call: Call, _ caller: Caller) async throws -> Answer {
        let sessions = try await accounts.sessions(of: caller.user, current: caller.session)
        return .json(Cursor.page(try Listed(all: sessions, after: form.after, limit: form.limit, id: \.id), id: \.id))
    }

    @Sendable private func signOut(_ call: Call, _ caller: Caller) async throws -> Answer {
        try await accounts.end(caller.session, of: caller.user)
        return cookies.signedOut()
    }

    @Sendable private func end(_ call: Call, _ caller: Caller) async throws -> Answer {
        let id: SessionID = try call.id("id")
        try await accounts.end(id, of: caller.user)
        return id == caller.session ? cookies.signedOut() : .nothing
    }
}
