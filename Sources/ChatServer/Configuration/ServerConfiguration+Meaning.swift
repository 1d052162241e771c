// What follows from several values together.
package import ChatCore
import Glibc

extension ServerConfiguration {
    /// Whether people reach the server over HTTPS: then cookies are only for HTTPS, and browsers are told to stay with it.
    package var isSecure: Bool { publicURL?.hasPrefix("https:") ?? false }

    /// Who may create an account: without a choice, whoever can reach a loopback address; elsewhere by invitation after
    /// the first account.
    package var signUpPolicy: SignUpPolicy { signUp ?? (Self.isLoopback(host) ? .open : .invite) }

    /// What is allowed but perhaps not meant, a line each.
    var doubts: [String] {
        var doubts: [String] = []
        let publicHost = publicURL.flatMap { WebOrigin($0)?.host }
        if signUp == nil, signUpPolicy == .open, let publicHost, !Self.isLoopback(publicHost) {
            doubts.append(
                "everybody who reaches --public-url may create an account, since --host is a loopback address; "
                    + "say --sign-up open if that is meant, else --sign-up invite"
            )
        }
        if !isSecure, !Self.isLoopback(host) {
            doubts.append("passwords travel in the clear: --host is no loopback address, and --public-url is not https")
        }
        return doubts
    }

    /// Whether only this machine can reach an address or a name.
    static func isLoopback(_ host: String) -> Bool {
        var address = in_addr()
        if inet_pton(AF_INET, host, &address) == 1 { return host.hasPrefix("127.") }
        return ["localhost", "::1"].contains(host)
    }
}
