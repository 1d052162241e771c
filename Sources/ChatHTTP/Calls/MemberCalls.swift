// Who is in a conversation: list, add, change roles, remove, join, leave.
import ChatCore
import ChatProtocol
import HTTPTypes

struct MemberCalls: Sendable {
    let chat: Chat

    func add(to routes: inout Routes) {
        let members = "/v1/conversations/{id}/members"
        routes.signedIn(.get, members, form: { try ListForm($0) }, use: list)
        routes.signedIn(.put, "\(members)/me", use: join)
        routes.signedIn(.delete, "\(members)/me", use: leave)
        routes.signedIn(.put, "\(members)/{user}", form: { try $0.body(MemberRequest.self) }, use: set)
        routes.signedIn(.delete, "\(members)/{user}", use: remove)
    }

    @Sendable private func list(_ form: ListForm<UserID>, _ call: Call, _ caller: Caller) async throws -> Answer {
        let page = try await chat.members(
            of: try call.id("id"),
            matching: form.query,
            after: form.after,
            limit: form.limit,
            reader: caller.user
        )
        return .json(Cursor.page(page, id: \.user))
    }

    @Sendable private func join(_ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await chat.setMember(caller.user, role: nil, in: try call.id("id"), by: caller.user))
    }

    @Sendable private func leave(_ call: Call, _ caller: Caller) async throws -> Answer {
        try await chat.removeMember(caller.user, from: try call.id("id"), by: caller.user)
        return .nothing
    }

    @Sendable private func set(_ form: MemberRequest, _ call: Call, _ caller: Caller) async throws -> Answer {
        .json(
            try await chat.setMember(try call.id("user"), role: form.role, in: try call.id("id"), by: caller.user)
        )
    }

    @Sendable private func remove(_ call: Call, _ caller: Caller) async throws -> Answer {
        try await chat.removeMember(try call.id("user"), from: try call.id("id"), by: caller.user)
        return .nothing
    }
}
