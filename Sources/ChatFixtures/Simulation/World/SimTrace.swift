// Everything that happens, as one number: two runs are the same if and only if their numbers are.

/// A running hash (FNV-1a over 64-bit words) of a run, and its text if somebody wants to read it.
final class SimTrace {
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var lines: [String] = []
    let isKept: Bool

    init(isKept: Bool) { self.isKept = isKept }

    func note(_ time: Int64, _ kind: UInt64, _ bytes: [UInt8] = [], _ text: @autoclosure () -> String) {
        mix(UInt64(bitPattern: time))
        mix(kind)
        var word: UInt64 = 0
        var count = 0
        for byte in bytes {
            word = word << 8 | UInt64(byte)
            count += 1
            if count % 8 == 0 { mix(word) }
        }
        mix(word)
        mix(UInt64(count))
        if isKept { lines.append("\(time) \(text())") }
    }

    private func mix(_ word: UInt64) {
        hash = (hash ^ word) &* 0x0000_0100_0000_01B3
        hash ^= hash >> 29
    }
}
