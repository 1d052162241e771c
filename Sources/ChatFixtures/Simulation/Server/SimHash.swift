// Fingerprints without cryptography: the simulator needs them equal for equals, different for others, and fast.
import ChatCore

enum SimHash {
    static func of(_ text: String) -> Hash16 {
        var high: UInt64 = 0xCBF2_9CE4_8422_2325
        var low: UInt64 = 0x9E37_79B9_7F4A_7C15
        for byte in text.utf8 {
            high = (high ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
            low = (low ^ UInt64(byte)) &* 0xBF58_476D_1CE4_E5B9
            low ^= low >> 27
        }
        let bytes = [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
        return Hash16(bytes)
    }
}
