// Which web pages may use the session cookie: those of the server itself and those that the operator named. The same rule
// for WebSockets and for calls over HTTP.

/// Judges the `Origin` of a request.
package struct OriginPolicy: Sendable, Equatable {
    /// Scheme, host and port of the public URL, if the operator gave one.
    package let publicOrigin: String?
    /// Further origins that the operator allows.
    package let others: Set<String>
    /// Whether people reach the server over HTTPS.
    package let isSecure: Bool

    /// - Parameters:
    ///   - publicURL: where people reach the server; its path does not count.
    ///   - others: origins, compared exactly.
    ///   - isSecure: whether people reach the server over HTTPS; with a public URL its scheme says it.
    package init(publicURL: String? = nil, others: [String] = [], isSecure: Bool = false) {
        self.publicOrigin = publicURL.flatMap(Self.origin(of:))
        self.others = Set(others).subtracting(["null"])
        self.isSecure = publicOrigin.map { $0.hasPrefix("https:") } ?? isSecure
    }

    /// Whether a page of this origin (as sent, compared exactly; `null` never) may use the cookie. `host` is the request's
    /// `Host`; it counts only without a public URL.
    package func allows(_ origin: String, host: String?) -> Bool {
        if origin.isEmpty || origin == "null" { return false }
        if others.contains(origin) { return true }
        if let publicOrigin { return origin == publicOrigin }
        guard let host, !host.isEmpty else { return false }
        return origin == Self.origin(scheme: isSecure ? "https" : "http", authority: host)
    }

    /// The origin of a URL with scheme and host; `nil` if it has none.
    package static func origin(of url: String) -> String? {
        let parts = url.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[1].hasPrefix("//") else { return nil }
        let authority = parts[1].dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        return origin(scheme: parts[0].lowercased(), authority: authority.lowercased())
    }

    /// Browsers leave out the port that the scheme implies.
    private static func origin(scheme: String, authority: String) -> String {
        let implied = scheme == "https" ? ":443" : ":80"
        return "\(scheme)://\(authority.hasSuffix(implied) ? String(authority.dropLast(implied.count)) : authority)"
    }
}
