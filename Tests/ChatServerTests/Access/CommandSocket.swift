// A WebSocket on which commands are asked one by one and their replies waited for; events are passed over.
import ChatClient
import ChatProtocol
import Synchronization

/// Asks commands.
final class CommandSocket: Sendable {
    private let socket: RawWebSocket
    private let lastID = Mutex<Int64>(0)

    /// What came back for a command.
    enum Outcome: Sendable {
        case ok(JSON)
        case error(String)
        case closed(UInt16?)
    }

    private init(_ socket: RawWebSocket) {
        self.socket = socket
    }

    /// Connects; says hello if there is a token.
    static func connect(port: Int, token: String?) async throws -> CommandSocket {
        let socket = CommandSocket(try await RawWebSocket.connect(host: "127.0.0.1", port: port))
        if let token { _ = try await socket.ask("hello", "\"token\":\"\(token)\"") }
        return socket
    }

    /// Sends a command and waits for its reply. - Parameter fields: JSON fields without braces.
    func ask(_ command: String, _ fields: String = "") async throws -> Outcome {
        let id = lastID.withLock { id in
            id += 1
            return id
        }
        let rest = fields.isEmpty ? "" : ",\(fields)"
        try await socket.send("{\"id\":\(id),\"do\":\"\(command)\"\(rest)}")
        while let frame = try await socket.next() {
            if frame.opcode == 8 { return .closed(frame.closeCode) }
            guard frame.opcode == 1 else { continue }
            let json = try JSONParser.parse(frame.payload)
            guard json["re"]?.integer == id else { continue }
            if let ok = json["ok"] { return .ok(ok) }
            return .error(json["error"]?["code"]?.string ?? "none")
        }
        return .closed(nil)
    }

    /// The same where nothing but success is expected.
    func done(_ command: String, _ fields: String = "") async throws -> JSON {
        guard case .ok(let json) = try await ask(command, fields) else { throw Refused(command: command) }
        return json
    }

    struct Refused: Error {
        var command: String
    }

    func close() async { await socket.close() }
}
