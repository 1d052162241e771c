// Changes of a message that is already there.
package import ChatProtocol

/// What is done to a message.
package enum MessageChange: Sendable, Equatable {
    /// Replaces the body; the mentions are those of the new one.
    case edit(body: String, ifRev: Int64?, mentions: [UserID], mentionsAll: Bool)
    case delete
    case react(emoji: String)
    case unreact(emoji: String)
    case pin
    case unpin
}
