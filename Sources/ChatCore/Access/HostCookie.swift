// The cookies of the web client. Their names say how they may travel.

/// Name, attributes and parsing of a cookie that belongs to this server alone.
package struct HostCookie: Sendable, Equatable {
    private let baseName: String
    /// Whether people reach the server over HTTPS.
    private let isSecure: Bool

    /// By which the web client is signed in.
    package static func session(isSecure: Bool) -> HostCookie { HostCookie(baseName: "session", isSecure: isSecure) }

    /// By which a browser shows that its user signed in on it before; it opens nothing.
    package static func device(isSecure: Bool) -> HostCookie { HostCookie(baseName: "device", isSecure: isSecure) }

    /// Browsers take a `__Host-` cookie only over HTTPS, for this host alone and for all paths.
    package var name: String { isSecure ? "__Host-\(baseName)" : baseName }

    /// The token in the value of `Cookie` fields (joined by `; `); `nil` if there is none.
    package func token(in header: String?) -> String? {
        guard let header else { return nil }
        for pair in header.split(separator: ";") {
            let pair = pair.trimmingPrefix { $0 == " " || $0 == "\t" }
            guard let equals = pair.firstIndex(of: "="), pair[..<equals] == name else { continue }
            let value = pair[pair.index(after: equals)...]
            return value.isEmpty ? nil : String(value)
        }
        return nil
    }

    /// The value of a `Set-Cookie` field.
    package func setting(_ token: String, maxAgeSeconds: Int64) -> String {
        "\(name)=\(token); Max-Age=\(maxAgeSeconds); \(attributes)"
    }

    /// The value of a `Set-Cookie` field that removes the cookie.
    package var removal: String { "\(name)=; Max-Age=0; \(attributes)" }

    private var attributes: String { "Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")" }
}
