// The four places a value comes from: the command line, the environment, a file, the defaults.
import ChatProtocol
import Configuration
import Foundation

/// What an operator gave, before it is understood.
package struct ConfigurationSources: Sendable {
    /// By option without dashes, in the order typed; of one that does not repeat, the last counts.
    package var commandLine: [String: [String]]
    package var environment: [String: String]

    package init(commandLine: [String: [String]] = [:], environment: [String: String] = [:]) {
        self.commandLine = commandLine
        // An empty variable is one that a script left out.
        self.environment = environment.filter { $0.key.hasPrefix(Setting.variablePrefix) && !$0.value.isEmpty }
    }

    /// What was typed, and the environment of this process.
    package static func ofProcess(commandLine: [String: [String]]) -> ConfigurationSources {
        ConfigurationSources(commandLine: commandLine, environment: ProcessInfo.processInfo.environment)
    }

    /// Reads all places and puts them together.
    ///
    /// - Parameter hostName: makes the node's name where none is given.
    /// - Returns: what is in force.
    /// - Throws: ``ConfigurationProblems`` with everything that is wrong in any place.
    package func load(
        hostName: String = ServerConfiguration.hostName()
    ) throws(ConfigurationProblems) -> LoadedConfiguration {
        let typed = commandLineValues()
        let file = readFile()
        var problems = typed.problems + unknownLimits() + file.problems
        let origins = ValueOrigins(file: file.path)
        let reader = ConfigReader(
            providers: [
                InMemoryProvider(name: ValueOrigins.commandLine, values: typed.values),
                EnvironmentVariablesProvider(environmentVariables: environment)
                    .prefixKeys(with: ConfigKey([String(Setting.variablePrefix.dropLast())]))
                    // The names of limits are one word there, `BODYBYTES`.
                    .mapKeys { AbsoluteConfigKey($0.components.map { $0.lowercased() }) },
                InMemoryProvider(name: ValueOrigins.file, values: file.values),
            ],
            accessReporter: origins
        )
        var configuration: ServerConfiguration?
        do throws(ConfigurationProblems) {
            configuration = try ServerConfiguration(reader: reader, hostName: hostName)
        } catch {
            // The reader knows keys; people know what they typed.
            problems += error.all.map(origins.placed)
        }
        guard let configuration, problems.isEmpty else { throw ConfigurationProblems(problems) }
        return LoadedConfiguration(configuration, origins: origins, warnings: unknownVariables())
    }

    // MARK: - Command line

    private func commandLineValues() -> (values: [AbsoluteConfigKey: ConfigValue], problems: [ConfigurationProblem]) {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        var problems: [ConfigurationProblem] = []
        func set(_ setting: Setting, _ texts: [String]) {
            guard let text = texts.last else { return }
            values[AbsoluteConfigKey(setting.key.components)] = ConfigValue(
                Self.content(texts, last: text, setting.kind),
                isSecret: setting.isSecret
            )
        }
        for setting in Setting.options where setting.name != Setting.limit.name {
            set(setting, commandLine[setting.name] ?? [])
        }
        for text in commandLine[Setting.limit.name] ?? [] {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count != 2 {
                problems.append(ConfigurationProblem("--limit \(text)", "write it as NAME=VALUE", isUsage: true))
            } else if let limit = Limit.named(parts[0]) {
                set(.limit(limit), [parts[1]])
            } else {
                problems.append(ConfigurationProblem("--limit \(text)", "there is no such limit", isUsage: true))
            }
        }
        return (values, problems)
    }

    /// What is typed is text; a number only if it is one.
    private static func content(_ texts: [String], last: String, _ kind: Setting.Kind) -> ConfigContent {
        switch kind {
        case .text: .string(last)
        case .number: Int(last).map { .int($0) } ?? .string(last)
        case .list: .stringArray(texts)
        }
    }

    // MARK: - Environment

    /// What would be passed over in silence: a limit is refused as everywhere else.
    private func unknownLimits() -> [ConfigurationProblem] {
        let prefix = Setting.variablePrefix + "LIMIT_"
        let known = Set(Limits.all.map { Setting.limit($0).variable })
        return environment.keys.sorted().filter { $0.hasPrefix(prefix) && !known.contains($0) }
            .map { ConfigurationProblem($0, "there is no such limit") }
    }

    /// Other names may be somebody else's (a cluster manager's, say), so they are only worth a warning.
    private func unknownVariables() -> [String] {
        let known = Set((Setting.values + [.config]).map(\.variable))
        return environment.keys.sorted().filter { !known.contains($0) }.map { "\($0) is no setting and was ignored" }
    }

    // MARK: - File

    private func readFile() -> (
        path: String?, values: [AbsoluteConfigKey: ConfigValue], problems: [ConfigurationProblem]
    ) {
        let typed = commandLine[Setting.config.name]?.last
        guard let path = typed ?? environment[Setting.config.variable] else { return (nil, [:], []) }
        switch ConfigurationFile.read(path) {
        case .success(let text):
            let file = ConfigurationFile(path: path, text: text)
            return (path, file.values, file.problems)
        case .failure(let reason):
            let place = typed == nil ? "\(Setting.config.variable)=\(path)" : "--config \(path)"
            return (path, [:], [ConfigurationProblem(place, reason.text, isUsage: typed != nil)])
        }
    }
}
