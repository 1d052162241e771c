// Checks that cannot fail prove nothing: every seeded bug must be found within five seeds.
import ChatFixtures
import Testing

@Suite struct MutantTests {
    private static var seedsPerMutant: UInt64 { 5 }

    @Test(arguments: Mutant.allCases)
    func isFound(_ mutant: Mutant) {
        var found: [String] = []
        for seed in 1...Self.seedsPerMutant where found.isEmpty {
            let report = Simulation.run(seed: seed, mutant: mutant)
            found = Array(Set(report.violations.map(\.check))).sorted()
            if !found.isEmpty { print("\(mutant.rawValue): seed \(seed), \(found.joined(separator: ", "))") }
        }
        #expect(!found.isEmpty, "\(mutant.rawValue) was not found in \(Self.seedsPerMutant) seeds")
    }
}
