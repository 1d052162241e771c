// `vibetalk echo`: the WebSocket layer alone, for conformance suites.
import ArgumentParser
import ChatServer

struct EchoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo",
        abstract: "Send back what comes over a WebSocket, for conformance suites: no hello, no accounts, any path."
    )

    @Option(name: .customLong("host"), help: ArgumentHelp("The address to listen on.", valueName: "ADDRESS"))
    var host = "127.0.0.1"

    @Option(name: .customLong("port"), help: ArgumentHelp("The port; 0 takes a free one.", valueName: "N"))
    var port: Int

    @Option(
        name: .customLong("max-frame"),
        help: ArgumentHelp("The largest frame and message; over it, close 1009.", valueName: "BYTES")
    )
    var maxFrame = 65_536

    func validate() throws {
        guard (0...65_535).contains(port) else {
            throw ValidationError("--port: \"\(port)\" is not a whole number from 0 to 65535")
        }
        guard (1...1_073_741_824).contains(maxFrame) else {
            throw ValidationError("--max-frame: \"\(maxFrame)\" is not a whole number from 1 to 1073741824")
        }
    }

    mutating func run() async throws {
        try await EchoNode.run(host: host, port: port, maxFrameBytes: maxFrame) { StandardStreams.output($0 + "\n") }
    }
}
