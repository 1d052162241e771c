// The options of `serve` and of `admin config`: texts as they are typed. What they mean is decided where the environment
// and the file are read too.
import ArgumentParser
import ChatServer

struct ServeOptions: ParsableArguments {
    @Option(name: .customLong(Setting.host.name), help: Setting.host.argumentHelp)
    var host: String?

    @Option(name: .customLong(Setting.port.name), help: Setting.port.argumentHelp)
    var port: String?

    @Option(name: .customLong(Setting.data.name), help: Setting.data.argumentHelp)
    var data: String?

    @Option(name: .customLong(Setting.node.name), help: Setting.node.argumentHelp)
    var node: String?

    @Option(name: .customLong(Setting.store.name), help: Setting.store.argumentHelp)
    var store: String?

    @Option(name: .customLong(Setting.broker.name), help: Setting.broker.argumentHelp)
    var broker: String?

    @Option(name: .customLong(Setting.cache.name), help: Setting.cache.argumentHelp)
    var cache: String?

    @Option(name: .customLong(Setting.adminPort.name), help: Setting.adminPort.argumentHelp)
    var adminPort: String?

    @Option(name: .customLong(Setting.config.name), help: Setting.config.argumentHelp)
    var config: String?

    @Option(name: .customLong(Setting.logLevel.name), help: Setting.logLevel.argumentHelp)
    var logLevel: String?

    @Option(name: .customLong(Setting.limit.name), help: Setting.limit.argumentHelp)
    var limit: [String] = []

    @Option(name: .customLong(Setting.publicURL.name), help: Setting.publicURL.argumentHelp)
    var publicURL: String?

    @Option(name: .customLong(Setting.origin.name), help: Setting.origin.argumentHelp)
    var origin: [String] = []

    @Option(name: .customLong(Setting.proxy.name), help: Setting.proxy.argumentHelp)
    var proxy: [String] = []

    @Option(name: .customLong(Setting.signUp.name), help: Setting.signUp.argumentHelp)
    var signUp: String?

    /// What is in force, from all places.
    func load() throws -> LoadedConfiguration {
        try ConfigurationSources.ofProcess(commandLine: typed).load()
    }

    private var typed: [String: [String]] {
        let single: [(Setting, String?)] = [
            (.host, host), (.port, port), (.data, data), (.node, node), (.store, store), (.broker, broker),
            (.cache, cache), (.adminPort, adminPort), (.config, config), (.logLevel, logLevel),
            (.publicURL, publicURL), (.signUp, signUp),
        ]
        let repeated: [(Setting, [String])] = [(.limit, limit), (.origin, origin), (.proxy, proxy)]
        var typed: [String: [String]] = [:]
        for (setting, text) in single { typed[setting.name] = text.map { [$0] } }
        for (setting, texts) in repeated where !texts.isEmpty { typed[setting.name] = texts }
        return typed
    }
}

extension Setting {
    fileprivate var argumentHelp: ArgumentHelp {
        let environment = variable
        return ArgumentHelp("\(help) [\(environment)] (default: \(fallback))", valueName: placeholder)
    }
}
