// The command `vibetalk`: parses, calls into ChatServer, and tells in one line what went wrong.
import ArgumentParser
import ChatServer
import Glibc

struct VibeTalk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vibetalk",
        abstract: "A self-hosted chat server.",
        version: VibeTalkVersion.current,
        subcommands: [ServeCommand.self, AdminCommand.self, LoadCommand.self, EchoCommand.self]
    )
}

@main
enum Main {
    static func main() async {
        // A reader of standard output or a peer that goes away is an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // What people write is nobody else's on this machine, also in a folder that others may look into.
        umask(0o077)
        LineLogHandler.becomeDefault()
        do {
            var command = try VibeTalk.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Tells what is wrong, a line for each thing, and ends the process with the status that says of which kind it is.
    private static func end(with error: any Error) -> Never {
        if let problems = error as? ConfigurationProblems {
            for line in problems.lines { complain(line) }
            exit(problems.exitCode)
        }
        switch VibeTalk.exitCode(for: error) {
        case .success:
            // Help or the version was asked for.
            StandardStreams.output(VibeTalk.fullMessage(for: error) + "\n")
            exit(EXIT_SUCCESS)
        case .validationFailure:
            complain(VibeTalk.message(for: error) + " (vibetalk --help tells more)")
            exit(ExitCode.validationFailure.rawValue)
        default:
            complain(StartFailure(explaining: error).line)
            exit(EXIT_FAILURE)
        }
    }

    private static func complain(_ text: String) {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        StandardStreams.error("vibetalk: \(line)\n")
    }
}
