// Whose address counts: the peer's, or behind a trusted proxy the last hop it names.
package import NIOCore

package struct ClientAddress: Sendable {
    private let proxies: Set<String>

    /// - Parameter proxies: addresses of the proxies whose `X-Forwarded-For` is believed.
    package init(proxies: [String]) {
        self.proxies = Set(proxies)
    }

    /// The address limits are counted for.
    package func resolve(peer: SocketAddress?, forwardedFor: String?) -> String {
        resolve(peer: peer?.ipAddress ?? "unknown", forwardedFor: forwardedFor)
    }

    package func resolve(peer: String, forwardedFor: String?) -> String {
        guard proxies.contains(peer), let forwardedFor,
            let last = forwardedFor.split(separator: ",").last
        else { return peer }
        let hop = last.drop { $0 == " " }
        return hop.isEmpty ? peer : String(hop.prefix(64))
    }
}
