// Seeded bugs: each is switched on in the simulated glue or store, never in the code under test, and must be caught.

/// A bug that the checks must find.
package enum Mutant: String, Sendable, CaseIterable {
    /// Sends are answered before the store has them.
    case ackBeforeCommit
    /// Events go out before the store has them.
    case publishBeforeCommit
    /// Nonces are not compared.
    case noIdempotency
    /// Events begin one too early after `hello`.
    case resumeInclusive
    /// An answer to `resume` leaves out a row.
    case resumeSkip
    /// Gaps in a feed are never repaired.
    case noGapRepair
    /// Loops do not learn that somebody is out.
    case staleMembership
    /// What happens between a snapshot and the listening is missed.
    case dropRecent
    /// The commit log is not read.
    case noCommitLog
    /// The own log is not told.
    case ownLost
    /// Sending does not move the marker: one's own messages count as unread.
    case unreadOwn
    /// A stored message is answered `unavailable`.
    case falseRefusal
    /// Two frames of a socket change places.
    case reorderSocket
    /// A page of history leaves out a message.
    case historyHole
    /// An event goes to somebody else's connection.
    case crossWire
    /// `left` and what comes after it go on.
    case noLeft
    /// A connection that was behind goes on without what it missed.
    case behindForgotten
    /// The clock decides the order of `sentAt`.
    case sentAtByClock
    /// Whoever is added is not told.
    case noJoined
}
