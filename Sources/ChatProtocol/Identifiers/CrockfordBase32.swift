// Crockford base 32, upper case, fixed at 13 characters for 64 bits (https://www.crockford.com/base32.html).

/// The text form of identifiers.
public enum CrockfordBase32 {
    private static let digits: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for value in 0..<32 { table[Int(digit(UInt64(value)))] = UInt8(value) }
        return table
    }()

    /// The digit of the lowest five bits.
    @inline(__always)
    private static func digit(_ value: UInt64) -> UInt8 { digits.utf8Start[Int(value & 31)] }

    /// 13 characters, most significant first.
    public static func encode(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 13) { buffer in
            var rest = value
            for position in stride(from: 12, through: 0, by: -1) {
                buffer[position] = digit(rest)
                rest >>= 5
            }
            return 13
        }
    }

    /// Appends the 13 characters, most significant first.
    public static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var space: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &space) { buffer in
            var rest = value
            for position in stride(from: 12, through: 0, by: -1) {
                buffer[position] = digit(rest)
                rest >>= 5
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<13]))
        }
    }

    /// The value of 13 upper-case digits; `nil` for any other spelling and for values of 2^63 and above.
    public static func decode(_ text: some Sequence<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        var count = 0
        for byte in text {
            let digit = values[Int(byte)]
            guard digit != 0xFF, count < 13 else { return nil }
            // The first digit holds the top three of 63 bits.
            if count == 0, digit > 7 { return nil }
            value = value << 5 | UInt64(digit)
            count += 1
        }
        return count == 13 ? value : nil
    }
}
