// Which pages may open a WebSocket here (protocol.md, section 2; CWE-1385).

/// Compares origins exactly, as browsers send them.
package struct OriginPolicy: Sendable {
    private let publicOrigin: String?
    private let others: Set<String>

    /// - Parameters:
    ///   - publicOrigin: scheme, host and port of `--public-url`; `nil`: that of the request's `Host`.
    ///   - others: those of `--origin`.
    package init(publicOrigin: String?, others: [String]) {
        self.publicOrigin = publicOrigin
        self.others = Set(others)
    }

    /// Whether a page of this origin may talk to this server. Without an origin there is no page to judge.
    package func allows(_ origin: String?, host: String) -> Bool {
        guard let origin else { return true }
        guard origin != "null" else { return false }
        if others.contains(origin) { return true }
        if let publicOrigin { return origin == publicOrigin }
        return origin == "http://\(host)" || origin == "https://\(host)"
    }
}
