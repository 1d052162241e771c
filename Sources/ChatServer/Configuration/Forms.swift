// The forms of values: which texts are addresses, names, origins. Each answers with the value or with what is wrong.
import ChatCore
import Glibc
import Logging

enum Forms {
    /// An address or a name to listen on.
    static func host(_ text: String) -> FormResult<String> {
        if text.hasPrefix("[") { return .wrong("has brackets; write an IPv6 address without them") }
        let isFine = !text.isEmpty && text.utf8.count <= 253 && text.utf8.allSatisfy(isHostByte)
        return isFine ? .fine(text) : .wrong("is no address or host name to listen on")
    }

    static func folder(_ text: String) -> FormResult<String> {
        text.isEmpty || text.utf8.contains(0) ? .wrong("is no folder") : .fine(text)
    }

    static func nodeName(_ text: String) -> FormResult<String> {
        let isFine = (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isNameByte)
        return isFine
            ? .fine(text) : .wrong("is no name: 1 to 64 of the letters a-z and A-Z, digits, \".\", \"-\" and \"_\"")
    }

    /// The host's name as far as it makes a node's name.
    static func nodeName(ofHost name: String) -> String {
        let bytes = name.utf8.prefix(64).map { isNameByte($0) ? $0 : UInt8(ascii: "-") }
        return bytes.isEmpty ? "node" : String(decoding: bytes, as: UTF8.self)
    }

    /// One of the words that this build knows.
    static func oneOf(_ words: [String]) -> (String) -> FormResult<String> {
        { text in
            words.contains(text)
                ? .fine(text) : .wrong("is not in this build; there is: \(words.joined(separator: ", "))")
        }
    }

    static func logLevel(_ text: String) -> FormResult<Logger.Level> {
        guard let level = Logger.Level(rawValue: text) else {
            return .wrong("is none of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return .fine(level)
    }

    static func signUp(_ text: String) -> FormResult<SignUpPolicy> {
        guard let policy = SignUpPolicy(rawValue: text) else {
            return .wrong("is none of \(SignUpPolicy.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return .fine(policy)
    }

    /// Scheme, host and perhaps a port; as an origin, in the spelling of browsers. A lone slash behind it is what people
    /// copy from there, and harmless.
    static func publicURL(_ text: String) -> FormResult<String> {
        let url = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let parts = WebOrigin(url), let origin = OriginPolicy.origin(of: url) else {
            return .wrong("is no address like https://chat.example.org or http://10.0.0.1:8080")
        }
        return parts.hasPath ? .wrong("has a path; the server can only be at the root of its host") : .fine(origin)
    }

    /// Compared exactly with what browsers send, so only their spelling makes sense.
    static func origin(_ text: String) -> FormResult<String> {
        guard let parts = WebOrigin(text), let origin = OriginPolicy.origin(of: text) else {
            return .wrong("is no origin like https://app.example.org")
        }
        if parts.hasPath || origin != text { return .wrong("is not what browsers send; write \(origin)") }
        return .fine(text)
    }

    /// An address in the one spelling that comparisons use.
    static func proxy(_ text: String) -> FormResult<String> {
        for (family, length) in [(AF_INET, INET_ADDRSTRLEN), (AF_INET6, INET6_ADDRSTRLEN)] {
            var address = in6_addr()
            var spelling = [CChar](repeating: 0, count: Int(length))
            guard inet_pton(family, text, &address) == 1,
                inet_ntop(family, &address, &spelling, socklen_t(length)) != nil
            else { continue }
            return .fine(String(decoding: spelling.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return .wrong(text.contains("/") ? "is a range; name each address" : "is no IP address")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// Also the colons and the zone of an IPv6 address.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        isNameByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
    }
}

/// A URL with scheme http or https, a host and perhaps a port.
struct WebOrigin {
    /// Without the brackets of an IPv6 address.
    let host: String
    /// Whether something follows the host and port.
    let hasPath: Bool

    init?(_ text: String) {
        guard let separator = text.firstRange(of: "://"),
            ["http", "https"].contains(text[..<separator.lowerBound].lowercased())
        else { return nil }
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        hasPath = authority.endIndex != rest.endIndex
        var host = authority
        // The last colon parts the port, unless it belongs to an IPv6 address in brackets.
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            host = authority[..<colon]
            let port = authority[authority.index(after: colon)...]
            guard port.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains), let number = Int(port),
                (1...65_535).contains(number)
            else { return nil }
        }
        guard Self.isHost(host) else { return nil }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host.lowercased()
    }

    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("["), host.hasSuffix("]") {
            var address = in6_addr()
            return inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1
        }
        // No "%", "@" or spaces; other alphabets are written in their "xn--" form, as browsers send them.
        return !host.isEmpty && host.utf8.count <= 253 && !host.contains(":") && !host.hasPrefix(".")
            && Forms.isHostName(host)
    }
}

extension Forms {
    fileprivate static func isHostName(_ host: Substring) -> Bool { host.utf8.allSatisfy(isNameByte) }
}
