// Keeps secrets out of lines for people.

enum Redaction {
    /// What is shown in place of a secret.
    static let hidden = "(hidden)"

    /// A URL without its user and password, and without its query: databases take passwords there too.
    static func withoutCredentials(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://") else { return text }
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let hasQuery = rest.contains("?")
        guard let at = authority.lastIndex(of: "@") else {
            return hasQuery ? text[..<scheme.upperBound] + rest.prefix { $0 != "?" } + "?\(hidden)" : text
        }
        let behind = rest[at...].prefix { $0 != "?" }
        return text[..<scheme.upperBound] + hidden + behind + (hasQuery ? "?\(hidden)" : "")
    }
}
