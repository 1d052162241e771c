// The way in: one seed is one world, from its beginning to its judgment.

/// A deterministic simulation of clients, nodes and a store under faults.
package enum Simulation {
    /// Runs a seed and judges what happened.
    /// - Parameters:
    ///   - mutant: a bug to switch on; the checks must find it.
    ///   - keepsTrace: whether the report tells every frame.
    package static func run(seed: UInt64, mutant: Mutant? = nil, keepsTrace: Bool = false) -> SimReport {
        let world = SimWorld(seed: seed, mutant: mutant, keepsTrace: keepsTrace)
        defer { world.end() }
        world.run()
        let evidence = SimEvidence(world)
        return SimReport(
            seed: seed,
            mutant: mutant,
            violations: SimChecks.judge(evidence),
            traceHash: world.trace.hash,
            trace: world.trace.lines,
            counts: SimCounts(evidence)
        )
    }
}

/// What a run was like, and what was wrong with it.
package struct SimReport: Sendable, CustomStringConvertible {
    package var seed: UInt64
    package var mutant: Mutant?
    package var violations: [SimViolation]
    /// Of everything that happened: the same for the same seed, in every process.
    package var traceHash: UInt64
    package var trace: [String]
    package var counts: SimCounts

    package var description: String {
        let bug = mutant.map { " with the bug \($0.rawValue)" } ?? ""
        let replay = "replay with SIM_SEED=\(seed) swift test --filter Simulation"
        return (["seed \(seed)\(bug): \(violations.count) violations; \(replay)"] + violations.map { "  \($0)" })
            .joined(separator: "\n")
    }
}
