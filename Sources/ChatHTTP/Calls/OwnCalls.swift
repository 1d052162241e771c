// What is the caller's own in a conversation: the read marker, settings, the draft.
import ChatCore
import ChatProtocol
import HTTPTypes

struct OwnCalls: Sendable {
    let chat: Chat

    func add(to routes: inout Routes) {
        let conversation = "/v1/conversations/{id}"
        routes.signedIn(.put, "\(conversation)/read", form: { try $0.body(ReadMark.self) }, use: read)
        routes.signedIn(.put, "\(conversation)/settings", form: { try $0.body(SettingsPatch.self) }, use: settings)
        routes.signedIn(.put, "\(conversation)/draft", form: draft, use: draft)
    }

    @Sendable private func read(_ mark: ReadMark, _ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await chat.mark(mark, in: try call.id("id"), by: caller.user))
    }

    @Sendable private func settings(_ patch: SettingsPatch, _ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await chat.configure(try call.id("id"), patch, by: caller.user))
    }

    @Sendable private func draft(_ call: Call) throws -> DraftRequest {
        try chat.checked(try call.body(DraftRequest.self))
    }

    @Sendable private func draft(_ draft: DraftRequest, _ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await chat.setDraft(draft, in: try call.id("id"), by: caller.user))
    }
}
