// The one place that grants access. Stores call it inside their transactions, on what the transaction itself sees;
// nothing else in the system decides who may do what.
package import ChatProtocol

/// What somebody wants to do in a conversation.
package enum Action: Sendable, Equatable {
    /// See that it exists (its summary).
    case look
    /// Read messages, members and changes; keep settings and drafts; type.
    case read
    case markRead
    case react
    case post
    /// `<@all>` in a message that may be posted.
    case mentionAll
    case edit(sender: UserID)
    case delete(sender: UserID)
    case pin
    /// Name, topic, visibility.
    case rename
    case join
    case leave
    /// Add somebody who is no member, with a role.
    case add(role: Role)
    case setRole(of: UserID, from: Role, to: Role)
    case remove(UserID, role: Role)
    case deleteConversation
}

/// Where somebody stands in a conversation, as the deciding transaction sees it.
package struct Standing: Sendable, Equatable {
    package var user: UserID
    /// `nil`: not a member.
    package var role: Role?
    package var kind: ConversationKind
    package var isPublic: Bool

    package init(user: UserID, role: Role?, kind: ConversationKind, isPublic: Bool) {
        self.user = user
        self.role = role
        self.kind = kind
        self.isPublic = isPublic
    }
}

package enum Access {
    /// Whether somebody may do something: `nil` grants it, else the refusal to answer with.
    ///
    /// Whoever is no member learns nothing (`not_found`), except that public channels may be looked at and joined.
    /// A conversation that does not exist is `not_found` before this is asked.
    package static func refusal(_ standing: Standing, _ action: Action) -> ChatError? {
        guard let role = standing.role else {
            let isOpen = standing.kind == .channel && standing.isPublic
            return isOpen && (action == .look || action == .join) ? nil : .notFound
        }
        return mayMember(standing.user, role, standing.kind, action) ? nil : .forbidden
    }

    /// Throws the refusal, if there is one.
    package static func check(_ standing: Standing, _ action: Action) throws(ChatError) {
        if let refusal = refusal(standing, action) { throw refusal }
    }

    private static func mayMember(_ user: UserID, _ role: Role, _ kind: ConversationKind, _ action: Action) -> Bool {
        switch action {
        case .look, .read, .markRead, .react:
            return true
        case .post, .pin:
            return role >= .member
        case .edit(let sender):
            return role >= .member && sender == user
        case .delete(let sender):
            return role >= .member && sender == user || role >= .admin
        case .mentionAll:
            return role >= (kind == .channel ? .admin : .member)
        case .rename:
            return role >= .admin && kind != .direct
        case .join, .leave:
            // Joining again changes nothing.
            return kind != .direct
        case .add(let given):
            switch kind {
            case .direct: return false
            case .group: return role >= .member && (given <= .member || mayGive(role, given))
            case .channel: return role >= .admin && mayGive(role, given)
            }
        case .setRole(let target, let from, let to):
            guard kind != .direct else { return false }
            if target == user { return to <= role }
            return role >= .admin && (from < role || role == .owner) && mayGive(role, to)
        case .remove(let target, let targetRole):
            guard kind != .direct else { return false }
            return target == user || role >= .admin && (targetRole < role || role == .owner)
        case .deleteConversation:
            return role == .owner && kind != .direct
        }
    }

    private static func mayGive(_ role: Role, _ given: Role) -> Bool {
        given < role || role == .owner
    }
}
