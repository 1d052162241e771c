// Everything that is one's own, as one JSON object, in pieces: profile, sessions, conversations with their settings and
// drafts, and one's messages in them. However much it is, one page of it is in memory at a time.
package import ChatProtocol

/// Writes `{"profile", "sessions", "conversations": [{"conversation", "messages"}]}` piece by piece.
package struct AccountExport: Sendable {
    private enum Step {
        case begin
        case conversations(after: ConversationID?)
        case messages(of: Conversation, after: Int64, rest: [Conversation], isFirst: Bool)
        case end
    }

    private static let page = FixedLimits.pageMaximum

    private let stores: Stores
    private let user: UserID
    private var step = Step.begin
    private var hasConversation = false

    init(stores: Stores, user: UserID) {
        self.stores = stores
        self.user = user
    }

    /// The next piece of the text; `nil` after the last. A piece may be empty.
    package mutating func next() async throws(ChatError) -> [UInt8]? {
        switch step {
        case .begin: return try await begin()
        case .conversations(let after): return try await conversations(after: after)
        case .messages(let conversation, let after, let rest, let isFirst):
            return try await messages(of: conversation, after: after, rest: rest, isFirst: isFirst)
        case .end: return nil
        }
    }

    private mutating func begin() async throws(ChatError) -> [UInt8] {
        let profile = try await stores.accounts.profile(of: user)
        let sessions = try await stores.sessions.sessions(of: user)
        var text = Array("{\"profile\":".utf8) + profile.encoded() + Array(",\"sessions\":[".utf8)
        for (index, session) in sessions.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text += SessionInfo(session, current: nil).encoded()
        }
        step = .conversations(after: nil)
        return text + Array("],\"conversations\":[".utf8)
    }

    private mutating func conversations(after: ConversationID?) async throws(ChatError) -> [UInt8] {
        let found = try await stores.conversations.conversations(of: user, after: after, limit: Self.page)
        guard let first = found.first else {
            step = .end
            return Array("]}".utf8)
        }
        return open(first, rest: Array(found.dropFirst()))
    }

    private mutating func open(_ conversation: Conversation, rest: [Conversation]) -> [UInt8] {
        let comma = hasConversation ? "," : ""
        hasConversation = true
        step = .messages(of: conversation, after: 0, rest: rest, isFirst: true)
        return Array("\(comma){\"conversation\":".utf8) + conversation.encoded() + Array(",\"messages\":[".utf8)
    }

    private mutating func messages(
        of conversation: Conversation,
        after: Int64,
        rest: [Conversation],
        isFirst: Bool
    ) async throws(ChatError) -> [UInt8] {
        let page = try await page(of: conversation.id, after: after)
        let own = page.filter { $0.sender == user && !$0.isDeleted }
        var text: [UInt8] = []
        for message in own {
            if !isFirst || !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text += message.encoded()
        }
        if let last = page.last {
            step = .messages(of: conversation, after: last.seq, rest: rest, isFirst: isFirst && own.isEmpty)
            return text
        }
        text += Array("]}".utf8)
        if let next = rest.first { return text + open(next, rest: Array(rest.dropFirst())) }
        step = .conversations(after: conversation.id)
        return text
    }

    /// Of a conversation that one has left meanwhile nothing more comes.
    private func page(of conversation: ConversationID, after: Int64) async throws(ChatError) -> [Message] {
        do throws(ChatError) {
            return try await stores.messages.history(
                conversation: conversation,
                bound: .after(after),
                limit: Self.page,
                reader: user
            ).messages
        } catch {
            guard error.code == .notFound else { throw error }
            return []
        }
    }
}

extension Accounts {
    /// All own data, to be written piece by piece. - Throws: `rate_limited` more often than six times an hour.
    package func export(_ user: UserID) throws(ChatError) -> AccountExport {
        let retryAfterMs = rates.take(.costly(user), rate: .perHour(6), burst: 3, now: environment.monotonic())
        if let retryAfterMs {
            throw ChatError(.rateLimited, "This was asked for a moment ago; wait.", retryAfterMs: retryAfterMs)
        }
        return AccountExport(stores: stores, user: user)
    }
}
