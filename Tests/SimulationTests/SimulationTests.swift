// Whole worlds under faults: seeds that must be clean, seeds that must repeat themselves, and bugs that must be found.
//
// SIM_SEED=7 swift test --filter Simulation      one seed; with SIM_TRACE=<file> everything that happened in it
// SIM_SEEDS=10000 swift test --filter Simulation more seeds than usual; SIM_FIRST=<seed> says where to begin
import ChatFixtures
import Foundation
import Testing

@Suite struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment

    private static func number(_ name: String) -> UInt64? { environment[name].flatMap { UInt64($0) } }

    private static var seeds: [UInt64] {
        if let seed = number("SIM_SEED") { return [seed] }
        let first = number("SIM_FIRST") ?? 1
        return Array(first..<first + (number("SIM_SEEDS") ?? 200))
    }

    @Test func seedsAreClean() throws {
        var totals: [String: Int] = [:]
        var failed: [String] = []
        let begin = ContinuousClock.now
        for seed in Self.seeds {
            let report = Simulation.run(seed: seed, keepsTrace: Self.environment["SIM_TRACE"] != nil)
            for (name, count) in report.counts.faults { totals[name, default: 0] += count }
            totals["acknowledged", default: 0] += report.counts.acknowledged
            totals["delivered", default: 0] += report.counts.delivered
            totals["connections", default: 0] += report.counts.connections
            totals["behind", default: 0] += report.counts.behind
            totals["joined", default: 0] += report.counts.joined
            totals["left", default: 0] += report.counts.left
            totals["syncs", default: 0] += report.counts.syncs
            totals["quiet", default: 0] += report.counts.quiet
            totals["refused", default: 0] += report.counts.refused
            if let path = Self.environment["SIM_TRACE"] {
                try Data(report.trace.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
            }
            if !report.violations.isEmpty { failed.append(report.description) }
        }
        print("\(Self.seeds.count) seeds in \(ContinuousClock.now - begin): \(totals.sorted { $0.key < $1.key })")
        for text in failed.prefix(10) { print(text) }
        #expect(failed.isEmpty, "\(failed.count) seeds failed; the first: \(failed.first ?? "")")
    }
}
