// `vibetalk admin`: what an operator does besides running nodes.
import ArgumentParser
import ChatServer

struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "Look after an installation.",
        subcommands: [AdminConfigCommand.self]
    )
}

struct AdminConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print what is in force with the same options, and where it comes from; secrets are hidden."
    )

    @OptionGroup var options: ServeOptions

    mutating func run() async throws {
        let loaded = try options.load()
        StandardStreams.output(loaded.describe())
        for warning in loaded.warnings { StandardStreams.error("vibetalk: \(warning)\n") }
    }
}
