// Short fingerprints that are stored instead of the thing itself.

/// The first 16 bytes of a SHA-256.
package struct Hash16: Sendable, Hashable {
    package var high: UInt64
    package var low: UInt64

    /// Takes the first 16 bytes; fewer are padded with zeros.
    package init(_ bytes: some Sequence<UInt8>) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var count = 0
        for byte in bytes.prefix(16) {
            if count < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
            count += 1
        }
        if count < 8 {
            high <<= UInt64(8 * (8 - count))
        } else if count < 16 {
            low <<= UInt64(8 * (16 - count))
        }
        self.high = high
        self.low = low
    }

    /// 16 bytes, most significant first.
    package var bytes: [UInt8] {
        (0..<16).map { index in
            let word = index < 8 ? high : low
            return UInt8(truncatingIfNeeded: word >> UInt64(8 * (7 - index % 8)))
        }
    }
}
