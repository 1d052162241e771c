// Crockford base 32, upper case, fixed at 13 characters for 64 bits (https://www.crockford.com/base32.html).

/// The text form of identifiers.
public enum CrockfordBase32 {
    private static let digits: [UInt8] = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, digit) in digits.enumerated() { table[Int(digit)] = UInt8(value) }
        return table
    }()

    /// 13 characters, most significant first.
    public static func encode(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 13) { buffer in
            var rest = value
            for position in stride(from: 12, through: 0, by: -1) {
                buffer[position] = digits[Int(rest & 31)]
                rest >>= 5
            }
            return 13
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
