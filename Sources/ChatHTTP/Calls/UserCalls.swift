// People: found by name or handle, never by e-mail, which nobody but its owner sees.
import ChatCore
import ChatProtocol
import HTTPTypes

struct UserCalls: Sendable {
    let chat: Chat

    func add(to routes: inout Routes) {
        routes.signedIn(.get, "/v1/users", form: { try ListForm($0) }, use: list)
        routes.signedIn(.get, "/v1/users/{id}", use: read)
    }

    @Sendable private func list(_ form: ListForm<UserID>, _ call: Call, _ caller: Caller) async throws -> Answer {
        let page = try await chat.users(matching: form.query, after: form.after, limit: form.limit)
        return .json(Cursor.page(page, id: \.id))
    }

    @Sendable private func read(_ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await chat.user(try call.id("id")))
    }
}
