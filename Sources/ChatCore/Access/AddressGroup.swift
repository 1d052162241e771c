// Whose address it is, for limits: one household has many IPv6 addresses, but one /64.

/// The key under which limits count an address.
package enum AddressGroup {
    /// IPv4 as it is (also when mapped into IPv6), IPv6 as its /64; anything else as it is.
    package static func of(_ address: String) -> String {
        let plain = address.prefix { $0 != "%" }
        guard plain.contains(":"), let groups = groups(of: plain) else { return String(plain) }
        if groups.prefix(5).allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
            let bytes = [groups[6] >> 8, groups[6] & 255, groups[7] >> 8, groups[7] & 255]
            return bytes.map(String.init).joined(separator: ".")
        }
        return groups.prefix(4).map { String($0, radix: 16) }.joined(separator: ":") + "::/64"
    }

    /// The eight groups of an IPv6 address.
    private static func groups(of address: Substring) -> [Int]? {
        let halves = split(address)
        guard let head = numbers(halves.0) else { return nil }
        guard let rest = halves.1 else { return head.count == 8 ? head : nil }
        guard let tail = numbers(rest), head.count + tail.count < 8 else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func split(_ address: Substring) -> (Substring, Substring?) {
        var index = address.startIndex
        while index < address.endIndex {
            let next = address.index(after: index)
            if address[index] == ":", next < address.endIndex, address[next] == ":" {
                return (address[..<index], address[address.index(after: next)...])
            }
            index = next
        }
        return (address, nil)
    }

    /// Groups of hexadecimal digits, the last perhaps an IPv4 address.
    private static func numbers(_ text: Substring) -> [Int]? {
        guard !text.isEmpty else { return [] }
        var result: [Int] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            if part.contains(".") {
                let bytes = part.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) ?? 256 }
                guard bytes.count == 4, bytes.allSatisfy((0...255).contains) else { return nil }
                result += [bytes[0] << 8 | bytes[1], bytes[2] << 8 | bytes[3]]
            } else {
                guard part.utf8.count <= 4, let number = Int(part, radix: 16), number >= 0 else { return nil }
                result.append(number)
            }
        }
        return result.count <= 8 ? result : nil
    }
}
