// The form of what people send, apart from who they are and what exists: faces that must tell what is malformed before they
// ask who is there check it first; the use cases check it again.
package import ChatProtocol

extension Chat {
    /// A conversation to create, with its name and topic normalised.
    package func checked(_ new: NewConversation) throws(ChatError) -> NewConversation {
        var new = new
        if let nonce = new.nonce { try TextRules.checkNonce(nonce, limits: limits) }
        new.topic = try topic(new.topic)
        switch new.kind {
        case .direct:
            guard new.name == nil, new.topic == nil else { throw .invalid("name: a direct conversation has none.") }
            guard new.members.count <= 1 else { throw .invalid("members: name one other person, or none.") }
        case .group:
            if let name = new.name { new.name = try displayName(name) }
        case .channel:
            guard let name = new.name else { throw .invalid("name: a channel needs one.") }
            new.name = try displayName(name)
        }
        guard new.isPublic != true || new.kind == .channel else {
            throw .invalid("public: only channels can be public.")
        }
        return new
    }

    /// A change of a conversation, with its name and topic normalised.
    package func checked(_ patch: ConversationPatch) throws(ChatError) -> ConversationPatch {
        var patch = patch
        if let name = patch.name { patch.name = try displayName(name) }
        if case .set(let text) = patch.topic {
            patch.topic = try topic(text).map { $0.isEmpty ? .clear : .set($0) } ?? .clear
        }
        return patch
    }

    /// A draft, which may be as long as a message.
    package func checked(_ draft: DraftRequest) throws(ChatError) -> DraftRequest {
        try checkSize(draft.body)
        return draft
    }

    /// A message, or the new text of one (which has no nonce).
    package func checkForm(nonce: String? = nil, body: String) throws(ChatError) {
        if let nonce { try TextRules.checkNonce(nonce, limits: limits) }
        try checkSize(body)
        guard !body.isEmpty else { throw .invalid("body: write something.") }
    }

    private func checkSize(_ body: String) throws(ChatError) {
        guard body.utf8.count <= limits.bodyBytes else {
            throw ChatError(.tooLarge, "body: at most \(limits.bodyBytes) bytes.")
        }
    }

    private func displayName(_ name: String) throws(ChatError) -> String {
        try DisplayName.normalised(name, limit: limits.nameCharacters, field: "name")
    }

    private func topic(_ topic: String?) throws(ChatError) -> String? {
        guard let topic, !topic.isEmpty else { return topic }
        return try DisplayName.normalised(topic, limit: limits.topicCharacters, field: "topic", mayBeEmpty: true)
    }
}
