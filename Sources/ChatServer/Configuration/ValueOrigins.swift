// Remembers who answered: swift-configuration tells each access, and with it the provider that had the value.
import Configuration
import Synchronization

/// Where each value came from, by the setting's name.
final class ValueOrigins: AccessReporter {
    static let commandLine = "command line"
    static let file = "file"

    private struct Access {
        var provider: String
        var encodedKey: String?
        var isSecret: Bool
    }

    private let accesses = Mutex<[String: Access]>([:])
    private let path: String

    /// With the path of the configuration file, if there is one.
    init(file path: String?) {
        self.path = path ?? ""
    }

    func report(_ event: AccessEvent) {
        // The last provider asked is the one that had the value, or could not read the one it had.
        guard let last = event.providerResults.last else { return }
        let name = event.metadata.key.components.joined(separator: ".")
        switch last.result {
        case .success(let lookup):
            guard let value = lookup.value else { return }
            accesses.withLock {
                $0[name] = Access(provider: last.providerName, encodedKey: lookup.encodedKey, isSecret: value.isSecret)
            }
        case .failure:
            accesses.withLock { accesses in
                if accesses[name] == nil { accesses[name] = Access(provider: last.providerName, isSecret: false) }
            }
        }
    }

    /// The option, variable or key that decided; `nil` for the default.
    func place(_ setting: Setting) -> String? {
        guard let access = accesses.withLock({ $0[setting.name] }) else { return nil }
        if access.provider.contains("[\(Self.commandLine)]") { return setting.option }
        if access.provider.contains("[\(Self.file)]") { return ConfigurationFile.place(setting.name, in: path) }
        return setting.variable
    }

    /// Whether whoever gave the value, or whoever asked for it, called it a secret.
    func isSecret(_ setting: Setting) -> Bool {
        setting.isSecret || accesses.withLock { $0[setting.name]?.isSecret ?? false }
    }

    /// The problem with the place that people know in place of the setting's name.
    func placed(_ problem: ConfigurationProblem) -> ConfigurationProblem {
        guard let setting = Setting.values.first(where: { $0.name == problem.place }), var place = place(setting) else {
            return problem
        }
        let isUsage = place.hasPrefix("--")
        if isUsage, setting.name != setting.option.dropFirst(2) {
            place += " " + setting.name.drop { $0 != "." }.dropFirst()
        }
        return ConfigurationProblem(place, problem.text, isUsage: isUsage)
    }
}
