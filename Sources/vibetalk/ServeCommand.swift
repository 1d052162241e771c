// `vibetalk serve`: runs a node until it is told to end.
import ArgumentParser
import ChatServer

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run a node.",
        discussion: """
            Values come from the command line, else from the environment (in brackets), else from the file of --config, \
            else they are the defaults. When the node is ready it prints "listening on http://HOST:PORT" on standard \
            output; log lines go to standard error. SIGTERM or SIGINT ends it in order.
            """
    )

    @OptionGroup var options: ServeOptions

    mutating func run() async throws {
        let loaded = try options.load()
        try await Node.run(loaded.configuration, logger: loaded.makeLogger()) { StandardStreams.output($0 + "\n") }
    }
}
