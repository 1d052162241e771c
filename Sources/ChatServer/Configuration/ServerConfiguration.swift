// What an operator can choose, with its defaults.
package import ChatCore
package import ChatGateway
package import ChatProtocol
package import Logging

/// The configuration of a node. Read from the command line, then the environment, then a file, then these defaults.
package struct ServerConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0: any free one.
    package var port = 8080
    package var data = "./data"
    /// The node's name in logs and in `hello`.
    package var node = "node"
    /// `sqlite`
    package var store = "sqlite"
    /// `memory`
    package var broker = "memory"
    /// `memory`
    package var cache = "memory"
    /// Health, readiness and metrics; `nil`: no admin listener. 0: any free one.
    package var adminPort: Int?
    package var logLevel = Logger.Level.info
    package var limits = Limits()
    /// Where people reach the server, if not at its own address: scheme, host and port.
    package var publicURL: String?
    /// Origins of other pages that may talk to the server.
    package var origins: [String] = []
    /// Proxies whose `X-Forwarded-For` is believed.
    package var proxies: [String] = []
    /// `nil`: open on a loopback address, elsewhere by invitation after the first account.
    package var signUp: SignUpPolicy?
    /// How long things may take. No option: tests shorten it.
    package var times = Gateway.Times()

    package init() {}
}
