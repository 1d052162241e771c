// Randomness that a seed repeats exactly, in every process and on every machine.

/// SplitMix64, with the few draws that the simulator needs.
package struct SimRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// 0 ..< bound; 0 for bounds below 1.
    package mutating func below(_ bound: Int) -> Int {
        let value = next()
        return bound < 1 ? 0 : Int(value % UInt64(bound))
    }

    package mutating func within(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    package mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    package mutating func pick<Choices: RandomAccessCollection>(_ choices: Choices) -> Choices.Element? {
        let index = below(choices.count)
        return choices.isEmpty ? nil : choices[choices.index(choices.startIndex, offsetBy: index)]
    }

    /// Another source, independent of how much of this one is used later.
    package mutating func fork() -> SimRandom { SimRandom(seed: next()) }
}
