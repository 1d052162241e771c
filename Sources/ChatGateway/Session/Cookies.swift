// Reading a cookie from a request's `Cookie` fields (RFC 6265, section 4.2).

enum Cookies {
    /// The first value of a name.
    static func value(of name: String, in header: String) -> String? {
        for pair in header.split(separator: ";") {
            let pair = pair.drop { $0 == " " || $0 == "\t" }
            guard let separator = pair.firstIndex(of: "="), pair[..<separator] == name else { continue }
            let value = pair[pair.index(after: separator)...]
            return value.isEmpty ? nil : String(value)
        }
        return nil
    }
}
