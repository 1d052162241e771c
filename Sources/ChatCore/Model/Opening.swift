// What a `hello` reads from the store: everything in one snapshot.
package import ChatProtocol

/// One `hello` of a batch.
package struct OpenRequest: Sendable {
    /// SHA-256 of the token or cookie.
    package var tokenHash: [UInt8]
    /// Whether it came as a cookie.
    package var isCookie: Bool
    package init(tokenHash: [UInt8], isCookie: Bool) {
        self.tokenHash = tokenHash
        self.isCookie = isCookie
    }
}

/// Who it is, and where all of their conversations stand.
package struct Opening: Sendable {
    package var user: User
    package var session: SessionID
    package var epoch: String
    /// The head of the own log.
    package var own: Int64
    /// All conversations of the user, by id.
    package var entries: [Entry]

    package struct Entry: Sendable, Equatable {
        package var index: IndexEntry
        package var memberCount: Int64
        package init(index: IndexEntry, memberCount: Int64) {
            self.index = index
            self.memberCount = memberCount
        }
    }

    package init(user: User, session: SessionID, epoch: String, own: Int64, entries: [Entry]) {
        self.user = user
        self.session = session
        self.epoch = epoch
        self.own = own
        self.entries = entries
    }
}
