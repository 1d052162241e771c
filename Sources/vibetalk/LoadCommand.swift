// `vibetalk load`: puts a node under load over the wire, and says what it did.
import ArgumentParser
import ChatLoad
import ChatServer

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Put a running node under load, and check what it stored.",
        discussion: """
            The node must be run with limits that let one address do this, for example: \
            --limit messagesPerSecond=0 --limit commandsPerSecond=0 --limit connectionsPerAddress=0 \
            --limit handshakesPerSecondPerAddress=0 --limit accountsPerHourPerAddress=0
            """,
        subcommands: [SendLoad.self, IdleLoad.self]
    )
}

/// The node that every scenario needs.
struct TargetOptions: ParsableArguments {
    @Option(help: "The node's address.")
    var host = "127.0.0.1"

    @Option(help: "The node's port.")
    var port: Int

    @Option(help: "The node's admin port, for its own figures.")
    var adminPort: Int?

    @Option(help: "The node's process on this machine, for memory and CPU.")
    var pid: Int32?

    var target: LoadTarget { LoadTarget(host: host, port: port, adminPort: adminPort, processID: pid) }
}

struct SendLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Connections that send as fast as answers come, in pairs."
    )

    @OptionGroup var target: TargetOptions

    @Option(help: "How many connections.")
    var connections = 64

    @Option(help: "For how long, in seconds.")
    var seconds = 10.0

    @Option(help: "Bytes of each message.")
    var bytes = 120

    func validate() throws {
        guard connections >= 2, seconds > 0, bytes > 0 else {
            throw ValidationError("at least 2 connections, and more than 0 seconds and bytes")
        }
    }

    mutating func run() async throws {
        let scenario = SendScenario(connections: connections, seconds: seconds, bodyBytes: bytes)
        let report = try await scenario.run(target.target) { StandardStreams.error("\($0)\n") }
        for line in report.lines { StandardStreams.output(line + "\n") }
    }
}

struct IdleLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle",
        abstract: "Connections that are open and say nothing."
    )

    @OptionGroup var target: TargetOptions

    @Option(help: "How many connections.")
    var connections = 10_000

    @Option(help: "Of how many people.")
    var users = 1_000

    @Option(help: "In how many conversations each of them is.")
    var conversations = 20

    @Option(help: "How many people a conversation has.")
    var size = 50

    @Option(help: "How many connections are opened per second.")
    var pace = 500

    @Option(help: "How long they are held, in seconds.")
    var seconds = 10.0

    func validate() throws {
        guard connections > 0, users > 0, conversations >= 0, size > 1, pace > 0, seconds >= 0 else {
            throw ValidationError("the numbers must be above 0")
        }
    }

    mutating func run() async throws {
        let scenario = IdleScenario(
            connections: connections,
            users: users,
            conversations: conversations,
            groupSize: size,
            pace: pace,
            seconds: seconds
        )
        let report = try await scenario.run(target.target) { StandardStreams.error("\($0)\n") }
        for line in report.lines { StandardStreams.output(line + "\n") }
    }
}
