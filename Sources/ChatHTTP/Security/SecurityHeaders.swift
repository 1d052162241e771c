// The fields that every response has, errors included.
package import HTTPTypes

/// What browsers are told to forbid.
package struct SecurityHeaders: Sendable {
    package let fields: HTTPFields

    /// - Parameter isSecure: whether people reach the server over HTTPS; only then browsers may be told to insist on it.
    package init(isSecure: Bool) {
        var fields: HTTPFields = [
            .contentSecurityPolicy: Self.policy,
            .xContentTypeOptions: "nosniff",
        ]
        for (name, value) in Self.others { fields[name] = value }
        if isSecure { fields[.strictTransportSecurity] = "max-age=31536000; includeSubDomains" }
        self.fields = fields
    }

    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "media-src 'self' blob:",
        "font-src 'self'", "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "object-src 'none'",
        "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    ].joined(separator: "; ")

    private static let others: [(HTTPField.Name, String)] = [
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        (
            "Permissions-Policy",
            "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"
        ),
    ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
}
