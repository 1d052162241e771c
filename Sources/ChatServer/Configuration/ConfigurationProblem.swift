// What is wrong with a configuration: all of it at once, a line each, each line saying where the value came from.

/// One thing that is wrong.
package struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// The option, the variable or the key in a file; before that is known, the setting's name.
    package var place: String
    /// What is wrong with it there.
    package var text: String
    /// Whether it was typed on the command line.
    package var isUsage = false

    package init(_ place: String, _ text: String, isUsage: Bool = false) {
        self.place = place
        self.text = text
        self.isUsage = isUsage
    }

    package var description: String { "\(place): \(text)".split(whereSeparator: \.isNewline).joined(separator: " ") }
}

/// Everything that is wrong.
package struct ConfigurationProblems: Error, Sendable, Equatable {
    package var all: [ConfigurationProblem]

    package init(_ all: [ConfigurationProblem]) {
        self.all = all
    }

    package var lines: [String] { all.map(\.description) }

    /// The status with which the process ends: 64 (usage) where the command line is wrong, else 78 (configuration).
    package var exitCode: Int32 { all.contains(where: \.isUsage) ? 64 : 78 }
}
