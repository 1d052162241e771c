// The numbers under which the protocol's words are stored (docs/schema.md).
import ChatProtocol

extension ConversationKind {
    var code: Int64 {
        switch self {
        case .direct: 0
        case .group: 1
        case .channel: 2
        }
    }

    init(code: Int64) throws {
        switch code {
        case 0: self = .direct
        case 1: self = .group
        case 2: self = .channel
        default: throw UnknownCode(code: code)
        }
    }
}

extension Role {
    var code: Int64 {
        switch self {
        case .reader: 0
        case .member: 1
        case .admin: 2
        case .owner: 3
        }
    }

    init(code: Int64) throws {
        switch code {
        case 0: self = .reader
        case 1: self = .member
        case 2: self = .admin
        case 3: self = .owner
        default: throw UnknownCode(code: code)
        }
    }
}

extension NotificationLevel {
    var code: Int64 {
        switch self {
        case .all: 0
        case .mentions: 1
        case .none: 2
        }
    }

    init(code: Int64) throws {
        switch code {
        case 0: self = .all
        case 1: self = .mentions
        case 2: self = .none
        default: throw UnknownCode(code: code)
        }
    }
}

extension LeaveReason {
    var code: Int64 {
        switch self {
        case .left: 0
        case .removed: 1
        case .banned: 2
        case .deleted: 3
        }
    }

    init(code: Int64) throws {
        switch code {
        case 0: self = .left
        case 1: self = .removed
        case 2: self = .banned
        case 3: self = .deleted
        default: throw UnknownCode(code: code)
        }
    }
}

/// A number that stands for no word this server knows.
struct UnknownCode: Error {
    var code: Int64
}
