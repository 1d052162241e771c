// A connection by hand: says commands, and keeps everything that it hears in order. For one task at a time.
import ChatClient
import ChatFixtures
import ChatProtocol
import Synchronization
import Testing

/// What a connection has said of itself by ending.
struct WireEnded: Error, CustomStringConvertible {
    var code: UInt16?
    var description: String { "the connection has ended with \(code.map(String.init) ?? "no code")" }
}

final class Wire: Sendable {
    private struct State {
        var lastID: Int64 = 0
        var events: [Event] = []
        /// How far the intervals of each conversation reach.
        var reach: [ConversationID: Int64] = [:]
        var replies: [Int64: Result<JSON, ErrorBody>] = [:]
        var repeatedReplies: [Int64] = []
        var hasEnded = false
        var code: UInt16?
        var reason = ""
    }

    let socket: RawWebSocket
    private let state = Mutex(State())
    /// Long enough for a busy machine: nothing is measured by it.
    private static let patience: Duration = .seconds(60)

    init(_ socket: RawWebSocket) { self.socket = socket }

    /// A connection before `hello`.
    static func connect(_ server: TestServer, headers: [(String, String)] = []) async throws -> Wire {
        Wire(try await server.rawSocket(headers: headers))
    }

    /// A connection after `hello`.
    static func open(_ server: TestServer, _ hello: Hello) async throws -> (wire: Wire, reply: HelloReply) {
        let wire = try await connect(server)
        return (wire, try HelloReply(json: try await wire.ask(.hello(hello))))
    }

    static func open(_ server: TestServer, _ person: TestServer.Person) async throws -> (wire: Wire, reply: HelloReply)
    {
        try await open(server, Hello(token: person.token))
    }

    // MARK: - Saying

    /// Says a command. - Returns: its id.
    @discardableResult
    func say(_ command: Command) async throws -> Int64 {
        let id = nextID()
        try await socket.send(.init(opcode: 1, payload: CommandFrame(id: id, command: command).encoded()))
        return id
    }

    /// Says many commands in one write. - Returns: their ids.
    func say(all commands: [Command]) async throws -> [Int64] {
        var bytes: [UInt8] = []
        let ids = commands.map { command in
            let id = nextID()
            bytes += RawFrame.text(CommandFrame(id: id, command: command).encoded())
            return id
        }
        try await socket.send(bytes: bytes)
        return ids
    }

    /// Says a command and waits for its answer. - Throws: `ErrorBody`, as the server gave it.
    @discardableResult
    func ask(_ command: Command) async throws -> JSON {
        try await answer(to: try await say(command)).get()
    }

    /// The refusal of a command.
    func refusal(of command: Command) async throws -> ErrorBody? {
        if case .failure(let error) = try await answer(to: try await say(command)) { return error }
        return nil
    }

    func nextID() -> Int64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    // MARK: - Hearing

    /// Everything that happened, in order.
    var events: [Event] { state.withLock { $0.events } }

    /// Ids that were answered more than once.
    var repeatedReplies: [Int64] { state.withLock { $0.repeatedReplies } }

    var closeReason: String { state.withLock { $0.reason } }

    func answer(to id: Int64) async throws -> Result<JSON, ErrorBody> {
        while true {
            if let result = state.withLock({ $0.replies[id] }) { return result }
            guard try await hear() else { throw WireEnded(code: state.withLock { $0.code }) }
        }
    }

    func answers(to ids: [Int64]) async throws -> [Result<JSON, ErrorBody>] {
        var answers: [Result<JSON, ErrorBody>] = []
        for id in ids { answers.append(try await answer(to: id)) }
        return answers
    }

    /// Reads on until the events of a conversation reach a position.
    func hear(_ conversation: ConversationID, upTo rev: Int64) async throws {
        while state.withLock({ $0.reach[conversation] ?? 0 }) < rev {
            guard try await hear() else { throw WireEnded(code: state.withLock { $0.code }) }
        }
    }

    /// Reads on until what was heard is as wanted.
    func hear(until isEnough: ([Event]) -> Bool) async throws {
        // Looked at in place: a copy would make every event after it cost as much as all before it.
        while !state.withLock({ isEnough($0.events) }) {
            guard try await hear() else { throw WireEnded(code: state.withLock { $0.code }) }
        }
    }

    /// Reads on until an event of a kind comes; those that came before count too.
    @discardableResult
    func find<Value>(_ pick: (Event) -> Value?) async throws -> Value {
        var looked = 0
        while true {
            let fresh = state.withLock { Array($0.events[looked...]) }
            for event in fresh { if let value = pick(event) { return value } }
            looked += fresh.count
            guard try await hear() else { throw WireEnded(code: state.withLock { $0.code }) }
        }
    }

    /// Reads on until the end. - Returns: the code of the close frame.
    func closeCode() async throws -> UInt16? {
        while try await hear() {}
        return state.withLock { $0.code }
    }

    /// Takes the next frame. - Returns: false when there is none any more.
    private func hear() async throws -> Bool {
        guard !state.withLock({ $0.hasEnded }) else { return false }
        guard let frame = try await socket.next(timeout: Self.patience) else {
            state.withLock { $0.hasEnded = true }
            return false
        }
        switch frame.opcode {
        case 1: try take(frame.payload)
        case 8:
            state.withLock { state in
                state.hasEnded = true
                state.code = frame.closeCode
                state.reason = frame.closeReason
            }
            await socket.close()
            return false
        case 9: try await socket.send(.init(opcode: 10, payload: frame.payload))
        default: break
        }
        return true
    }

    private func take(_ payload: [UInt8]) throws {
        let frame = try ServerFrame(bytes: payload)
        state.withLock { state in
            switch frame {
            case .event(let event):
                state.events.append(event)
                if let interval = event.interval {
                    state.reach[interval.conversation] = max(state.reach[interval.conversation] ?? 0, interval.rev)
                }
            case .reply(let reply):
                if state.replies.updateValue(reply.result, forKey: reply.re) != nil {
                    state.repeatedReplies.append(reply.re)
                }
            }
        }
    }

    func close() async { await socket.close() }
}

extension Event {
    /// The interval that an event covers, if it covers one.
    var interval: (conversation: ConversationID, after: Int64, rev: Int64)? {
        switch self {
        case .message(let conversation, let after, let rev, _), .member(let conversation, let after, let rev, _),
            .conversation(let conversation, let after, let rev, _),
            .changes(let conversation, let after, let rev, _, _, _),
            .skip(let conversation, let after, let rev):
            (conversation, after, rev)
        default: nil
        }
    }

    /// Rows of messages that an event brings.
    var messages: [Message] {
        switch self {
        case .message(_, _, _, let message): [message]
        case .changes(_, _, _, let messages, _, _): messages
        default: []
        }
    }

    /// Rows of memberships that an event brings.
    var members: [Member] {
        switch self {
        case .member(_, _, _, let member): [member]
        case .changes(_, _, _, _, let members, _): members
        default: []
        }
    }
}

extension [Event] {
    /// The intervals of one conversation, as they came.
    func intervals(of conversation: ConversationID) -> [(after: Int64, rev: Int64)] {
        compactMap { event in
            guard let interval = event.interval, interval.conversation == conversation else { return nil }
            return (interval.after, interval.rev)
        }
    }

    /// Whether the intervals of a conversation join end to end from a position on. - Returns: where they end; `nil`
    /// where there is a gap or an overlap.
    func end(of conversation: ConversationID, from position: Int64) -> Int64? {
        var position = position
        for interval in intervals(of: conversation) {
            guard interval.after == position, interval.rev > interval.after else { return nil }
            position = interval.rev
        }
        return position
    }
}

/// Frames of a client as bytes.
enum RawFrame {
    private static let mask: [UInt8] = [0x11, 0x22, 0x33, 0x44]

    static func text(_ payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x81]
        if payload.count < 126 {
            bytes.append(0x80 | UInt8(payload.count))
        } else if payload.count < 65_536 {
            bytes += [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        } else {
            bytes.append(0xFF)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        bytes += mask
        bytes.reserveCapacity(bytes.count + payload.count)
        for (index, byte) in payload.enumerated() { bytes.append(byte ^ mask[index & 3]) }
        return bytes
    }
}
