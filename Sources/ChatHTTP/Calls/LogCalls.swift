// The log of a conversation: history in pages that clients may keep, and changes above a position.
import ChatCore
import ChatProtocol
import HTTPTypes

struct LogCalls: Sendable {
    let chat: Chat

    func add(to routes: inout Routes) {
        routes.signedIn(.get, "/v1/conversations/{id}/messages", form: { try HistoryForm($0.query) }, use: history)
        routes.signedIn(.get, "/v1/conversations/{id}/changes", form: { try ChangesForm($0.query) }, use: changes)
    }

    @Sendable private func history(_ form: HistoryForm, _ call: Call, _ caller: Caller) async throws -> Answer {
        let id: ConversationID = try call.id("id")
        let page = try await chat.history(id, form.bound, limit: form.limit, reader: caller.user)
        var answer = Answer.json(page)
        let tag = EntityTag.weak(chat.environment.digest(fingerprint(of: page, id, caller.user)))
        answer.headers[.eTag] = tag
        answer.cacheControl = "private, no-cache"
        // The same address with another token is another page.
        answer.headers[.vary] = "Authorization, Cookie"
        return EntityTag.matches(tag, call.headers[.ifNoneMatch]) ? answer.notModified : answer
    }

    /// Every change of a row raises its `rev` above all others, so the highest `rev` and the count tell pages of one address
    /// apart; `more` changes without either.
    private func fingerprint(of page: HistoryPage, _ id: ConversationID, _ reader: UserID) -> [UInt8] {
        let highest = page.messages.lazy.map(\.rev).max() ?? 0
        let facts = "\(chat.stores.epoch) \(id) \(reader) \(highest) \(page.messages.count) \(page.more)"
        return Array(facts.utf8)
    }

    @Sendable private func changes(_ form: ChangesForm, _ call: Call, _ caller: Caller) async throws -> Answer {
        .json(try await chat.changes(try call.id("id"), since: form.since, limit: form.limit, reader: caller.user))
    }
}

/// Which messages of the history.
private struct HistoryForm: Sendable {
    let bound: HistoryBound
    let limit: Int64?

    init(_ query: Query) throws {
        var bounds: [HistoryBound] = []
        if let seq = try query.integer("before") { bounds.append(.before(seq)) }
        if let seq = try query.integer("after") { bounds.append(.after(seq)) }
        if let seq = try query.integer("around") { bounds.append(.around(seq)) }
        if let time = try query.integer("at") { bounds.append(.at(time)) }
        guard bounds.count <= 1 else { throw ChatError.invalid("before, after, around, at: give one of them at most.") }
        bound = bounds.first ?? .newest
        limit = try query.limit()
    }
}

/// From which position on.
private struct ChangesForm: Sendable {
    let since: Int64
    let limit: Int64?

    init(_ query: Query) throws {
        guard let since = try query.integer("since") else { throw ChatError.invalid("since: is missing.") }
        self.since = since
        limit = try query.limit()
    }
}
