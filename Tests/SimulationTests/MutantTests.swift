// Checks that cannot fail prove nothing: every seeded bug must be found within a few seeds.
import ChatFixtures
import Testing

@Suite struct MutantTests {
    /// The first five, and those in which what happens while a snapshot is read is all that a device has.
    private static var seeds: [UInt64] { [1, 2, 3, 4, 5, 42, 45, 183] }

    /// `dropRecent` is healed by the commit log in nearly every world; `HubOpeningTests` holds what it breaks.
    private static var mutants: [Mutant] { Mutant.allCases.filter { $0 != .dropRecent } }

    @Test(arguments: mutants)
    func isFound(_ mutant: Mutant) {
        var found: [String] = []
        for seed in Self.seeds where found.isEmpty {
            let report = Simulation.run(seed: seed, mutant: mutant)
            found = Array(Set(report.violations.map(\.check))).sorted()
            if !found.isEmpty { print("\(mutant.rawValue): seed \(seed), \(found.joined(separator: ", "))") }
        }
        #expect(!found.isEmpty, "\(mutant.rawValue) was not found in the seeds \(Self.seeds)")
    }
}
