// How long sessions and what belongs to them live.

/// Lifetimes of sessions, in milliseconds, and how many there may be.
package enum SessionLifetime {
    /// An access token opens a session for so long.
    package static let accessMs: Int64 = 3_600_000
    /// A session that nobody uses for so long is over.
    package static let idleMs: Int64 = 7 * 86_400_000
    /// A session is over after so long, used or not.
    package static let absoluteMs: Int64 = 30 * 86_400_000
    /// "Last seen" is written at most so often.
    package static let seenEveryMs: Int64 = 300_000
    /// What is left of ended sessions (their tokens' hashes) is kept for so long: who comes with one is told that it ended.
    package static let rememberedMs: Int64 = 30 * 86_400_000
    /// Live sessions of one user.
    package static let perUser = 100
    /// Devices of one user that are remembered after signing out.
    package static let devicesPerUser = 20
    /// A device's mark lives for so long, in the browser and in the store.
    package static let deviceMs: Int64 = 365 * 86_400_000
}
