// A seed repeats a run exactly: in this process, and in every other one (Swift's dictionaries are seeded per process).
import ChatFixtures
import Testing

@Suite struct DeterminismTests {
    @Test(arguments: [UInt64(3), 11, 42])
    func aSeedRepeatsItself(_ seed: UInt64) {
        let first = Simulation.run(seed: seed)
        let second = Simulation.run(seed: seed)
        #expect(first.traceHash == second.traceHash)
        #expect(first.violations.map(\.description) == second.violations.map(\.description))
        #expect(Simulation.run(seed: seed + 1).traceHash != first.traceHash)
    }
}
