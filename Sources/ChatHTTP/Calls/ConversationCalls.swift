// Conversations and public channels: create, list, look, change, delete.
import ChatCore
import ChatProtocol
import HTTPTypes

struct ConversationCalls: Sendable {
    let chat: Chat

    func add(to routes: inout Routes) {
        routes.signedIn(.post, "/v1/conversations", form: create, use: create)
        routes.signedIn(.get, "/v1/conversations", form: { try ListForm($0, searches: false) }, use: list)
        routes.signedIn(.get, "/v1/channels", form: { try ListForm($0) }, use: channels)
        routes.signedIn(.get, "/v1/conversations/{id}", use: look)
        routes.signedIn(.patch, "/v1/conversations/{id}", form: patch, use: update)
        routes.signedIn(.delete, "/v1/conversations/{id}", use: delete)
    }

    @Sendable private func create(_ call: Call) throws -> NewConversation {
        try chat.checked(try call.body(NewConversation.self))
    }

    @Sendable private func create(_ new: NewConversation, _ call: Call, _ caller: Caller) async throws -> Answer {
        let (conversation, isNew) = try await chat.create(new, by: caller.user)
        return .json(conversation, status: isNew ? .created : .ok)
    }

    @Sendable private func list(
        _ form: ListForm<ConversationID>,
        _ call: Call,
        _ caller: Caller
    ) async throws -> Answer {
        let page = try await chat.conversations(of: caller.user, after: form.after, limit: form.limit)
        return .json(Cursor.page(page, id: \.id))
    }

    @Sendable private func channels(
        _ form: ListForm<ConversationID>,
        _ call: Call,
        _ caller: Caller
    ) async throws -> Answer {
        let page = try await chat.channels(matching: form.query, after: form.after, limit: form.limit)
        return .json(Cursor.page(page, id: \.id))
    }

    @Sendable private func look(_ call: Call, _ caller: Caller) async throws -> Answer {
        switch try await chat.look(at: try call.id("id"), reader: caller.user) {
        case .whole(let conversation): .json(conversation)
        case .summary(let channel): .json(channel)
        }
    }

    @Sendable private func patch(_ call: Call) throws -> ConversationPatch {
        try chat.checked(try call.body(ConversationPatch.self))
    }

    @Sendable private func update(_ patch: ConversationPatch, _ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await chat.update(try call.id("id"), patch, by: caller.user))
    }

    @Sendable private func delete(_ call: Call, _ caller: Caller) async throws -> Answer {
        try await chat.delete(try call.id("id"), by: caller.user)
        return .nothing
    }
}
