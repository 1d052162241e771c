// What the checks judge: the recorded history, the truth that the store's commits tell, and what is left at the end.
import ChatClient
import ChatCore
import ChatProtocol

struct SimEvidence {
    struct RowKey: Hashable {
        var conversation: ConversationID
        var seq: Int64
        var rev: Int64
    }

    struct MemberKey: Hashable {
        var conversation: ConversationID
        var user: UserID
    }

    /// One time of being in. `leftRev` is `nil` while it goes on.
    struct Stay {
        var joinedAt: Int64
        var leftRev: Int64?
    }

    let world: SimWorld
    let history: SimHistory
    let log: MemoryLog
    let devices: [SimDevice]
    let sendings: [SimHistory.Sending]
    /// Every state of every message that was ever committed.
    private(set) var rows: [RowKey: Message] = [:]
    /// When each message was stored, and as what.
    private(set) var posted: [ConversationID: [(at: Int64, message: Message)]] = [:]
    private(set) var stays: [MemberKey: [Stay]] = [:]

    init(_ world: SimWorld) {
        self.world = world
        history = world.history
        log = world.store.log
        devices = world.devices
        sendings = world.history.sendings()
        for (at, commit) in history.commits {
            for event in commit.events { note(event, at) }
        }
    }

    private mutating func note(_ event: LogEvent, _ at: Int64) {
        for message in event.messages {
            rows[RowKey(conversation: event.conversation, seq: message.seq, rev: message.rev)] = message
            if message.seq == Int64(posted[event.conversation]?.count ?? 0) + 1 {
                posted[event.conversation, default: []].append((at, message))
            }
        }
        for departure in event.departures {
            let key = MemberKey(conversation: event.conversation, user: departure.user)
            let rev = event.members.first { $0.user == departure.user }?.rev ?? event.rev
            if let last = stays[key]?.indices.last { stays[key]?[last].leftRev = rev }
        }
        for user in event.arrivals {
            let key = MemberKey(conversation: event.conversation, user: user)
            stays[key, default: []].append(Stay(joinedAt: at))
        }
    }

    /// Whether somebody may see what has a number, at a time: in the log's order, not the clock's.
    func maySee(_ user: UserID, _ conversation: ConversationID, rev: Int64, at time: Int64) -> Bool {
        (stays[MemberKey(conversation: conversation, user: user)] ?? []).contains { stay in
            stay.joinedAt <= time && rev <= stay.leftRev ?? .max
        }
    }

    /// When a message was stored.
    func postedAt(_ conversation: ConversationID, _ seq: Int64) -> Int64? {
        guard let list = posted[conversation], seq >= 1, seq <= list.count else { return nil }
        return list[Int(seq) - 1].at
    }
}

/// A frame that reached a device, read as far as checks need it.
enum SimSeen {
    case hello(HelloReply)
    case event(Event)
    case changes(ChangesPage)
    case history(HistoryPage, HistoryBound, ConversationID, limit: Int64?)
    case message(Message)
    case sent(SendReply, Send)
    case other
    case unreadable

    init(_ received: SimHistory.Received) {
        switch received.content {
        case .malformed: self = .unreadable
        case .frame(.event(let event)): self = .event(event)
        case .frame(.reply(let reply)):
            guard case .success(let json) = reply.result, let command = received.command else {
                self = .other
                return
            }
            do throws(WireError) {
                self = try SimSeen(json, command)
            } catch {
                self = .unreadable
            }
        }
    }

    private init(_ json: JSON, _ command: Command) throws(WireError) {
        switch command {
        case .hello: self = .hello(try HelloReply(json: json))
        case .sync: self = .changes(try ChangesPage(json: json))
        case .history(let conversation, let bound, let limit):
            self = .history(try HistoryPage(json: json), bound, conversation, limit: limit)
        case .edit, .delete, .react, .unreact, .pin, .unpin: self = .message(try MessageAnswer(json: json).message)
        case .send(let send): self = .sent(try SendReply(json: json), send)
        default: self = .other
        }
    }

    /// Every message in it.
    var messages: [Message] {
        switch self {
        case .hello(let reply): reply.changes?.flatMap(\.messages) ?? []
        case .event(.message(_, _, _, let message)): [message]
        case .event(.changes(_, _, _, let messages, _, _)): messages
        case .event(.joined(_, let row)): row.lastMessage.map { [$0] } ?? []
        case .changes(let page): page.messages
        case .history(let page, _, _, _): page.messages
        case .message(let message): [message]
        default: []
        }
    }

    /// Every membership in it.
    var members: [Member] {
        switch self {
        case .hello(let reply): reply.changes?.flatMap(\.members) ?? []
        case .event(.member(_, _, _, let member)): [member]
        case .event(.changes(_, _, _, _, let members, _)): members
        case .changes(let page): page.members
        default: []
        }
    }
}
