// What a row of the own log is about: of two rows of one key, the one with the higher `rev` counts.

import ChatProtocol

extension OwnRow {
    /// What a row is about.
    enum Key: Hashable {
        case membership(ConversationID)
        case reaction(ConversationID, seq: Int64)
        case session(SessionID)
        case settings
    }

    var key: Key {
        switch self {
        case .membership(let row): .membership(row.conversation)
        case .reaction(let row): .reaction(row.conversation, seq: row.seq)
        case .session(let row): .session(row.id)
        case .settings: .settings
        }
    }
}
