// The four places a value comes from: the command line, the environment, a file, the defaults.
package import Configuration

/// What is wrong with a configuration: all of it at once, a line each.
package struct ConfigurationProblems: Error, Sendable, Equatable {
    package let lines: [String]

    package init(_ lines: [String]) {
        self.lines = lines
    }
}

/// A configuration with where each value came from.
package struct LoadedConfiguration: Sendable {
    package let configuration: ServerConfiguration
    /// What is suspicious but not wrong, a line each.
    package let warnings: [String]

    /// Every key with its value and where that comes from; secrets hidden.
    package func describe() -> String { "" }
}

extension ServerConfiguration {
    package init(reader: ConfigReader) throws(ConfigurationProblems) {
        self.init()
    }
}
