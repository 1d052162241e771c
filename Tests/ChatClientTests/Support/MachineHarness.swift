// Drives one state machine by hand: inputs in, actions collected and sorted by what they are.

import ChatProtocol

@testable import ChatClient

/// A state machine with a clock and a generator that the test holds.
struct MachineHarness {
    var machine: ClientStateMachine
    var now: Int64 = 0
    var random: SeededGenerator
    /// What the last input led to.
    var actions: [ClientAction] = []
    /// Everything that was ever sent, newest last.
    var sent: [CommandFrame] = []
    private var lastTicket: Ticket = 0

    init(
        _ configuration: ClientConfiguration = ClientConfiguration(),
        seed: UInt64 = 1,
        snapshot: ClientSnapshot? = nil
    ) {
        machine = ClientStateMachine(configuration: configuration, snapshot: snapshot)
        random = SeededGenerator(seed: seed)
    }

    /// A client that is online.
    static func online(
        _ configuration: ClientConfiguration = ClientConfiguration(),
        reply: HelloReply = helloReply()
    ) -> MachineHarness {
        var harness = MachineHarness(configuration)
        harness.take(.connect(token: "token"))
        harness.greet(reply)
        return harness
    }

    /// A client that is online and knows a conversation at a head, with its newest messages loaded.
    static func following(
        head: Int64 = 5,
        lastSeq: Int64 = 3,
        configuration: ClientConfiguration = ClientConfiguration()
    ) -> MachineHarness {
        var harness = online(configuration, reply: helloReply(index: [entry(head: head, lastSeq: lastSeq)]))
        harness.answerAll(rows: [
            row(head: head, lastSeq: lastSeq, members: [member(alice, rev: 1), member(bob, rev: 2)])
        ])
        return harness
    }

    var socket: SocketID { machine.lastSocket }

    mutating func take(_ input: ClientInput) {
        actions = machine.handle(input, now: now, random: &random)
        for case .send(_, let frame) in actions { sent.append(frame) }
    }

    mutating func wait(_ milliseconds: Int64) {
        now += milliseconds
        take(.wake)
    }

    mutating func event(_ event: Event) { take(.frame(socket, .event(event))) }

    mutating func answer(_ id: Int64, _ value: some JSONEncodable) {
        take(.frame(socket, .reply(ReplyFrame(re: id, result: .success(json(value))))))
    }

    mutating func refuse(_ id: Int64, _ code: ErrorCode, retryAfterMs: Int64? = nil) {
        let error = ErrorBody(code: code, message: "", retryAfterMs: retryAfterMs)
        take(.frame(socket, .reply(ReplyFrame(re: id, result: .failure(error)))))
    }

    mutating func close(_ code: UInt16?, reason: String = "") {
        take(.closed(socket, code: code.map(CloseCode.init(rawValue:)), reason: reason))
    }

    /// Opens the socket that was asked for and answers `hello`.
    mutating func greet(_ reply: HelloReply) {
        take(.opened(socket))
        answer(machine.lastCommand, reply)
    }

    /// A command of the app; answers its ticket.
    @discardableResult
    mutating func command(_ command: Command) -> Ticket {
        lastTicket += 1
        take(.command(lastTicket, command))
        return lastTicket
    }

    @discardableResult
    mutating func send(_ body: String, to conversation: ConversationID = room, nonce: String? = nil) -> Ticket {
        command(.send(Send(conversation: conversation, nonce: nonce ?? body, body: body)))
    }

    /// Answers everything that is in flight, as a server with these rows and no more messages would, until it is quiet.
    mutating func answerAll(rows: [Conversation], history: [Message]? = nil) {
        while let (id, command) = machine.inFlight.min(by: { $0.key < $1.key }).map({ ($0.key, $0.value.command) }) {
            switch command {
            case .conversations(let ids):
                answer(id, ConversationsAnswer(conversations: rows.filter { ids.contains($0.id) }))
            case .history(let conversation, _, let limit):
                let lastSeq = rows.first { $0.id == conversation }?.lastSeq ?? 0
                let all = lastSeq == 0 ? [] : (1...lastSeq).map { message($0, rev: $0 + 1, in: conversation) }
                answer(id, HistoryPage(messages: history ?? all.suffix(Int(limit ?? 50)), more: false))
            case .sync(let conversation, let since, _):
                let head = rows.first { $0.id == conversation }?.head ?? since
                answer(id, ChangesPage(conversation: conversation, upTo: head, head: head))
            default:
                answer(id, EmptyAnswer())
            }
        }
    }

    // MARK: What came out

    var commands: [Command] {
        actions.compactMap { if case .send(_, let frame) = $0 { frame.command } else { nil } }
    }

    var delivered: [ClientEvent] {
        actions.compactMap { if case .deliver(let event) = $0 { event } else { nil } }
    }

    var opened: Bool { actions.contains { if case .open = $0 { true } else { false } } }

    var closedWith: CloseCode? {
        for case .close(_, let code) in actions { return code }
        return nil
    }

    func result(of ticket: Ticket) -> Result<JSON, CommandFailure>? {
        for case .result(ticket, let result) in actions { return result }
        return nil
    }

    /// The command in flight of a kind.
    func inFlight(_ isWanted: (Command) -> Bool) -> Int64? {
        machine.inFlight.filter { isWanted($0.value.command) }.keys.min()
    }

    var syncInFlight: Int64? { inFlight { if case .sync = $0 { true } else { false } } }
    var sendInFlight: Int64? { inFlight { if case .send = $0 { true } else { false } } }

    var replica: ConversationReplica? { machine.replica(of: room) }
}
