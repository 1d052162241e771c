// Everything that an operator can choose, in one table. The option of the command line, the key of the file, the variable
// of the environment, the help, the checks of the file and the description of what is in force are made from it.
package import ChatProtocol
import Configuration

/// One thing that an operator can choose.
package struct Setting: Sendable {
    /// What values there are.
    package enum Kind: Sendable, Equatable {
        case text
        case number(ClosedRange<Int>)
        /// Repeated on the command line, an array in the file, separated by commas in the environment.
        case list
    }

    /// How much of a value may be shown.
    package enum Secrecy: Sendable {
        /// Everything.
        case none
        /// What comes before the first sign that is neither letter nor digit: the rest of an address may hold a password.
        case behindScheme
        /// Nothing.
        case whole
    }

    /// The option's name without its dashes; also the key in the file. A limit's is `limit.NAME`.
    package let name: String
    package let kind: Kind
    /// What stands for the value in the help.
    package let placeholder: String
    package let help: String
    /// What is in force without it, for people.
    package let fallback: String
    /// Who may see the value.
    package let secrecy: Secrecy

    package init(
        _ name: String,
        _ kind: Kind,
        _ placeholder: String,
        _ help: String,
        fallback: String,
        secrecy: Secrecy = .none
    ) {
        self.name = name
        self.kind = kind
        self.placeholder = placeholder
        self.help = help
        self.fallback = fallback
        self.secrecy = secrecy
    }

    /// Whether the value is shown to nobody, whatever it is.
    var isSecret: Bool { secrecy == .whole }

    /// The option as it is typed; a limit is set by `--limit`.
    package var option: String { "--" + name.prefix { $0 != "." } }

    /// The environment's variable; one for each limit.
    package var variable: String {
        if name == Self.limit.name { return Self.variablePrefix + "LIMIT_<NAME>" }
        return Self.variablePrefix + name.uppercased().replacing("-", with: "_").replacing(".", with: "_")
    }

    package static let variablePrefix = "VIBETALK_"

    var key: ConfigKey { ConfigKey(name.split(separator: ".").map(String.init)) }

    /// What a right value is, for the line that refuses a wrong one.
    var expectation: String {
        switch kind {
        case .text: "text"
        case .number(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .list: "an array of texts"
        }
    }

    // MARK: - The table

    package static let host = Setting(
        "host",
        .text,
        "ADDRESS",
        "The address to listen on.",
        fallback: "127.0.0.1"
    )
    package static let port = Setting(
        "port",
        .number(0...65_535),
        "N",
        "The port for HTTP and WebSocket; 0 takes a free one.",
        fallback: "8080"
    )
    package static let data = Setting(
        "data",
        .text,
        "FOLDER",
        "Where everything is kept; made if it is missing, used by one node at a time.",
        fallback: "./data"
    )
    package static let node = Setting(
        "node",
        .text,
        "NAME",
        "The node's name in logs and in hello: 1 to 64 letters, digits, dots, dashes, underscores.",
        fallback: "the host's name"
    )
    package static let store = Setting(
        "store",
        .text,
        "STORE",
        "Where messages are kept: sqlite, in the data folder.",
        fallback: "sqlite",
        secrecy: .behindScheme
    )
    package static let broker = Setting(
        "broker",
        .text,
        "BROKER",
        "What connects nodes: memory, within the process.",
        fallback: "memory",
        secrecy: .behindScheme
    )
    package static let cache = Setting(
        "cache",
        .text,
        "CACHE",
        "What nodes share in memory: memory, within the process.",
        fallback: "memory",
        secrecy: .behindScheme
    )
    package static let adminPort = Setting(
        "admin-port",
        .number(0...65_535),
        "N",
        "A second port for /healthz, /readyz and /metrics; 0 takes a free one. Keep strangers away from it.",
        fallback: "none"
    )
    package static let config = Setting(
        "config",
        .text,
        "FILE",
        "A JSON file with these options as keys, without the dashes.",
        fallback: "none"
    )
    package static let logLevel = Setting(
        "log-level",
        .text,
        "LEVEL",
        "trace, debug, info, notice, warning, error or critical.",
        fallback: "info"
    )
    package static let limit = Setting(
        "limit",
        .list,
        "NAME=VALUE",
        "One limit of the protocol; 0 switches a rate or a count off. Repeatable.",
        fallback: "the protocol's"
    )
    package static let publicURL = Setting(
        "public-url",
        .text,
        "URL",
        "Where browsers reach the server, if not at its own address: http or https, host, perhaps a port.",
        fallback: "none"
    )
    package static let origin = Setting(
        "origin",
        .list,
        "URL",
        "Another origin whose pages may connect, compared exactly. Repeatable.",
        fallback: "none"
    )
    package static let proxy = Setting(
        "proxy",
        .list,
        "ADDRESS",
        "A reverse proxy whose X-Forwarded-For is believed; an address, not a range. Repeatable.",
        fallback: "none"
    )
    package static let signUp = Setting(
        "sign-up",
        .text,
        "POLICY",
        "Who may create an account: open, invite or closed.",
        fallback: "open on a loopback address, elsewhere invite"
    )

    /// All options of `serve`, in the order in which they are told.
    package static let options = [
        host, port, data, node, store, broker, cache, adminPort, config, logLevel, limit, publicURL, origin, proxy,
        signUp,
    ]

    /// One limit.
    package static func limit(_ limit: Limit) -> Setting {
        Setting(
            "limit.\(limit.name)",
            .number((limit.zeroIsOff ? 0 : 1)...Int(limit.maximum)),
            "VALUE",
            limit.text,
            fallback: String(limit.defaultValue)
        )
    }

    /// Everything that has one value of its own: all options but the two that only lead to others, and each limit.
    static let values = options.filter { $0.name != config.name && $0.name != limit.name } + Limits.all.map(limit)
}
