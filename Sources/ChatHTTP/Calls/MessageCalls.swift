// One message at a time: post, read, edit, delete, react, pin.
import ChatCore
import ChatProtocol
import HTTPTypes

struct MessageCalls: Sendable {
    let chat: Chat

    func add(to routes: inout Routes) {
        let messages = "/v1/conversations/{id}/messages"
        let message = "\(messages)/{seq}"
        routes.signedIn(.post, messages, form: post, use: post)
        routes.signedIn(.get, message, form: { try $0.seq() }, use: read)
        routes.signedIn(.patch, message, form: edit, use: edit)
        change(&routes, .delete, message) { _ in .delete }
        change(&routes, .put, "\(message)/reactions/{emoji}") { .react(emoji: try $0.emoji()) }
        change(&routes, .delete, "\(message)/reactions/{emoji}") { .unreact(emoji: try $0.emoji()) }
        change(&routes, .put, "\(message)/pin") { _ in .pin }
        change(&routes, .delete, "\(message)/pin") { _ in .unpin }
    }

    @Sendable private func post(_ call: Call) throws -> SendRequest {
        let form = try call.body(SendRequest.self)
        try chat.checkForm(nonce: form.nonce, body: form.body)
        return form
    }

    @Sendable private func post(_ form: SendRequest, _ call: Call, _ caller: Caller) async throws -> Answer {
        let appended = try await chat.send(form.send(to: try call.id("id")), by: caller.user)
        return .json(appended.message, status: appended.isNew ? .created : .ok)
    }

    @Sendable private func read(_ seq: Int64, _ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await chat.message(try call.id("id"), seq: seq, reader: caller.user))
    }

    @Sendable private func edit(_ call: Call) throws -> (Int64, EditRequest) {
        let form = try call.body(EditRequest.self)
        try chat.checkForm(body: form.body)
        return (try call.seq(), form)
    }

    @Sendable private func edit(_ form: (Int64, EditRequest), _ call: Call, _ caller: Caller) async throws -> Answer {
        let (seq, edit) = form
        return .json(
            try await chat.edit(try call.id("id"), seq: seq, body: edit.body, ifRev: edit.ifRev, by: caller.user)
        )
    }

    /// A call that changes the message and answers it.
    private func change(
        _ routes: inout Routes,
        _ method: HTTPRequest.Method,
        _ template: String,
        _ change: @escaping @Sendable (Call) throws -> MessageChange
    ) {
        routes.signedIn(method, template) { call in
            _ = try call.body(NoFields.self)
            return (try call.seq(), try change(call))
        } use: { form, call, caller in
            .json(try await chat.change(form.1, try call.id("id"), seq: form.0, by: caller.user))
        }
    }
}
