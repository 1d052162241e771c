// Time, randomness, identifiers and fingerprints: parameters everywhere, so that tests and the simulator control them.
package import ChatProtocol

/// What the rules need from the machine.
package struct Environment: Sendable {
    /// Milliseconds since the Unix epoch. For what people see; never for order.
    package var now: @Sendable () -> Milliseconds
    /// A clock that never jumps, milliseconds. For limits and time-outs.
    package var monotonic: @Sendable () -> Int64
    /// Random bytes fit for secrets.
    package var random: @Sendable (_ count: Int) -> [UInt8]
    /// SHA-256.
    package var digest: @Sendable ([UInt8]) -> [UInt8]

    package init(
        now: @escaping @Sendable () -> Milliseconds,
        monotonic: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable (_ count: Int) -> [UInt8],
        digest: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) {
        self.now = now
        self.monotonic = monotonic
        self.random = random
        self.digest = digest
    }

    /// A fresh identifier: 41 bits of milliseconds since 2025-01-01 UTC, 22 random bits.
    package func makeID<ID: EntityID>(_ type: ID.Type = ID.self) -> ID {
        let milliseconds = UInt64(clamping: max(0, now() - 1_735_689_600_000)) & (1 << 41 - 1)
        let noise = random(3).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } & (1 << 22 - 1)
        guard let id = ID(rawValue: milliseconds << 22 | noise) else {
            preconditionFailure("41 and 22 bits are below 2^63")
        }
        return id
    }
}
