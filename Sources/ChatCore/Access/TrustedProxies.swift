// Whose request it is, for limits by address: the peer, or what a trusted proxy says of the peer.

/// The peers that may say for whom they speak.
package struct TrustedProxies: Sendable, Equatable {
    private let addresses: Set<String>

    package init(_ addresses: [String] = []) {
        self.addresses = Set(addresses.map(Self.canonical))
    }

    /// The client's address: the last hop of `X-Forwarded-For` where the peer is a trusted proxy, else the peer.
    package func clientAddress(peer: String?, forwardedFor: String?) -> String {
        let peer = Self.canonical(peer ?? "unknown")
        guard addresses.contains(peer), let forwardedFor else { return peer }
        let hop = forwardedFor.split(separator: ",", omittingEmptySubsequences: false).last ?? ""
        return Self.address(inHop: hop.trimmingPrefix { $0 == " " || $0 == "\t" }) ?? peer
    }

    /// IPv4 inside IPv6 is the same machine as IPv4.
    private static func canonical(_ address: String) -> String {
        let address = address.lowercased()
        guard address.hasPrefix("::ffff:"), address.contains(".") else { return address }
        return String(address.dropFirst("::ffff:".count))
    }

    /// An address, perhaps with a port: `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]:80`.
    private static func address(inHop hop: Substring) -> String? {
        var text = hop
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        if text.first == "[", let end = text.firstIndex(of: "]") {
            text = text[text.index(after: text.startIndex)..<end]
        } else if text.contains("."), let colon = text.firstIndex(of: ":"), text[..<colon].contains(".") {
            text = text[..<colon]
        }
        let isAddress = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: ":"): true
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
            default: false
            }
        }
        guard isAddress, (2...45).contains(text.utf8.count) else { return nil }
        return canonical(String(text))
    }
}
