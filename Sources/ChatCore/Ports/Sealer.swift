// Sealing of message bodies before they reach the store.
package import ChatProtocol

/// Seals and opens bodies. Adapters call it just before they bind and just after they read.
package protocol Sealer: Sendable {
    /// Seals a body. `keyID` is stored beside it; 0 means plain.
    func seal(_ body: [UInt8], _ context: SealContext) throws -> (keyID: Int64, bytes: [UInt8])
    /// Opens what ``seal(_:_:)`` made.
    func open(_ bytes: [UInt8], keyID: Int64, _ context: SealContext) throws -> [UInt8]
}

/// What a sealed body is tied to.
package struct SealContext: Sendable {
    package var conversation: ConversationID
    package var sender: UserID
    package var nonceHash: Hash16
    package init(conversation: ConversationID, sender: UserID, nonceHash: Hash16) {
        self.conversation = conversation
        self.sender = sender
        self.nonceHash = nonceHash
    }
}

/// Stores bodies as they are.
package struct PlainSealer: Sealer {
    package init() {}
    package func seal(_ body: [UInt8], _ context: SealContext) throws -> (keyID: Int64, bytes: [UInt8]) { (0, body) }
    package func open(_ bytes: [UInt8], keyID: Int64, _ context: SealContext) throws -> [UInt8] { bytes }
}
