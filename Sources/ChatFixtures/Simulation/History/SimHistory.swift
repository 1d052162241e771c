// What happened in a run, as the checks read it: what people asked for and were told, every frame that reached a device,
// and what the store committed (the truth). Times are the world's.
import ChatClient
import ChatCore
import ChatProtocol

struct SimHistory {
    /// One thing asked for.
    struct Operation {
        var device: Int
        var user: UserID
        var ticket: Ticket
        var command: Command
        var at: Int64
        var endedAt: Int64?
        var result: Result<JSON, CommandFailure>?
        /// The app was killed before it was told.
        var isAbandoned = false
    }

    /// A message named by sender, conversation and nonce, however often it was sent.
    struct SendKey: Hashable {
        var user: UserID
        var conversation: ConversationID
        var nonce: String
    }

    enum Content {
        case frame(ServerFrame)
        case malformed
    }

    /// A frame that was handed to a client, with what it answers.
    struct Received {
        var at: Int64
        var content: Content
        var command: Command?
        var askedAt: Int64 = 0
    }

    /// One WebSocket as its device saw it.
    struct Connection {
        var number: Int
        var device: Int
        var user: UserID
        var node: Int
        var openedAt: Int64
        var closedAt: Int64?
        var received: [Received] = []
        var sent: [(at: Int64, frame: CommandFrame)] = []
        fileprivate var commands: [Int64: (command: Command, at: Int64)] = [:]
    }

    /// How unkind the run was.
    struct Faults {
        var crashes = 0
        var pauses = 0
        var cuts = 0
        var stalls = 0
        var congestions = 0
        var lostAnswers = 0
        var lostPublished = 0
        var restarts = 0
        var outages = 0
        var clockJumps = 0
    }

    private(set) var operations: [Operation] = []
    private var places: [OperationKey: Int] = [:]
    private(set) var connections: [Connection] = []
    private var byLink: [Int: Int] = [:]
    private(set) var commits: [(at: Int64, commit: Commit)] = []
    /// Messages acknowledged by the outbox, though whoever wrote them is not there any more to be told.
    private(set) var outbox: [(device: Int, change: OutboxChange, at: Int64)] = []
    var faults = Faults()
    /// Messages that were sent into a silence, in the middle of a fault.
    var quiet: [SendKey] = []

    private struct OperationKey: Hashable {
        var device: Int
        var ticket: Ticket
    }

    // MARK: - Recording

    mutating func invoked(device: Int, _ user: UserID, _ ticket: Ticket, _ command: Command, at time: Int64) {
        places[OperationKey(device: device, ticket: ticket)] = operations.count
        operations.append(Operation(device: device, user: user, ticket: ticket, command: command, at: time))
    }

    mutating func ended(device: Int, _ ticket: Ticket, _ result: Result<JSON, CommandFailure>, at time: Int64) {
        guard let place = places[OperationKey(device: device, ticket: ticket)] else { return }
        operations[place].endedAt = time
        operations[place].result = result
    }

    mutating func restarted(device: Int, at time: Int64) {
        faults.restarts += 1
        for index in operations.indices where operations[index].device == device && operations[index].result == nil {
            operations[index].isAbandoned = true
        }
    }

    mutating func opened(link: Int, device: Int, _ user: UserID, node: Int, at time: Int64) {
        byLink[link] = connections.count
        connections.append(Connection(number: link, device: device, user: user, node: node, openedAt: time))
    }

    mutating func closed(link: Int, at time: Int64) {
        guard let place = byLink[link], connections[place].closedAt == nil else { return }
        connections[place].closedAt = time
    }

    mutating func sent(_ frame: CommandFrame, link: Int, at time: Int64) {
        guard let place = byLink[link] else { return }
        connections[place].commands[frame.id] = (frame.command, time)
        connections[place].sent.append((time, frame))
    }

    mutating func received(_ content: Content, link: Int, at time: Int64) {
        guard let place = byLink[link] else { return }
        var received = Received(at: time, content: content)
        if case .frame(.reply(let reply)) = content, let asked = connections[place].commands[reply.re] {
            received.command = asked.command
            received.askedAt = asked.at
        }
        connections[place].received.append(received)
    }

    mutating func delivered(device: Int, _ event: ClientEvent, at time: Int64) {
        if case .outbox(let change) = event { outbox.append((device, change, time)) }
    }

    mutating func stored(_ commit: Commit, at time: Int64) {
        if !commit.isEmpty { commits.append((time, commit)) }
    }

    // MARK: - What was done

    /// A message, as all its sendings together tell.
    struct Sending {
        var key: SendKey
        /// What was first sent, and what was tried later under the same nonce.
        var sends: [Send]
        var firstAt: Int64
        var acknowledged: [(at: Int64, reply: SendReply)] = []
        var refused: [ErrorCode] = []
        /// Some sending has no definite end.
        var isUncertain = false
    }

    /// All messages, in the order of their first sending.
    func sendings() -> [Sending] {
        var order: [Sending] = []
        var places: [SendKey: Int] = [:]
        for operation in operations {
            guard case .send(let send) = operation.command else { continue }
            let key = SendKey(user: operation.user, conversation: send.conversation, nonce: send.nonce)
            let place: Int
            if let known = places[key] {
                place = known
                order[known].sends.append(send)
            } else {
                place = order.count
                places[key] = place
                order.append(Sending(key: key, sends: [send], firstAt: operation.at))
            }
            switch operation.result {
            case .success(let json):
                // An answer that cannot be read acknowledges nothing.
                if let reply = try? SendReply(json: json), let at = operation.endedAt {
                    order[place].acknowledged.append((at, reply))
                } else {
                    order[place].isUncertain = true
                }
            case .failure(.refused(let error)): order[place].refused.append(error.code)
            case .failure, nil: order[place].isUncertain = true
            }
        }
        return order
    }
}
