// A configuration together with where its values came from, as `vibetalk admin config` prints it.
import ChatCore
import ChatProtocol
package import Logging

/// A configuration that is right.
package struct LoadedConfiguration: Sendable {
    /// One value in force.
    package struct Entry: Sendable, Equatable {
        package let name: String
        /// Hidden if it is a secret.
        package let value: String
        /// The option, variable or key that decided, or `default`.
        package let place: String
    }

    package let configuration: ServerConfiguration
    /// Everything, in the order of the options, then the limits.
    package let entries: [Entry]
    /// What is suspicious but not wrong, a line each.
    package let warnings: [String]

    init(_ configuration: ServerConfiguration, origins: ValueOrigins, warnings: [String]) {
        self.configuration = configuration
        self.warnings = configuration.doubts + warnings
        entries = Setting.values.map { setting in
            Entry(
                name: setting.name,
                value: origins.isSecret(setting) ? Redaction.hidden : configuration.shown(setting),
                place: origins.place(setting) ?? "default"
            )
        }
    }

    /// The node's logger, of the chosen level; its first lines are the warnings.
    package func makeLogger() -> Logger {
        let logger = LineLogHandler.logger(level: configuration.logLevel)
        for warning in warnings { logger.warning("\(warning)") }
        return logger
    }

    /// Every key with its value and where that comes from, in columns; secrets hidden.
    package func describe() -> String {
        let names = entries.map(\.name.count).max() ?? 0
        let values = min(entries.map(\.value.count).max() ?? 0, 40)
        return entries.map { entry in
            entry.name.padded(to: names) + "  " + entry.value.padded(to: values) + "  " + entry.place + "\n"
        }
        .joined()
    }
}

extension ServerConfiguration {
    /// The value in force, for people.
    fileprivate func shown(_ setting: Setting) -> String {
        switch setting.name {
        case Setting.host.name: host
        case Setting.port.name: String(port)
        case Setting.data.name: data
        case Setting.node.name: node
        case Setting.store.name: Redaction.shown(store, setting.secrecy)
        case Setting.broker.name: Redaction.shown(broker, setting.secrecy)
        case Setting.cache.name: Redaction.shown(cache, setting.secrecy)
        case Setting.adminPort.name: adminPort.map(String.init) ?? "none"
        case Setting.logLevel.name: logLevel.rawValue
        case Setting.publicURL.name: publicURL ?? "none"
        case Setting.origin.name: origins.isEmpty ? "none" : origins.joined(separator: ", ")
        case Setting.proxy.name: proxies.isEmpty ? "none" : proxies.joined(separator: ", ")
        case Setting.signUp.name: signUpPolicy.rawValue
        default: limits[name: String(setting.name.dropFirst("limit.".count))].map { String($0) } ?? "none"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
