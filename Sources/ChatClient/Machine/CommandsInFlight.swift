// What is asked for and not answered yet, what waits to be asked for, and what holds for every connection.

import ChatProtocol
import DequeModule

/// A command without its answer.
struct InFlight: Sendable {
    /// Who wants the answer.
    enum Origin: Sendable, Equatable {
        /// The app.
        case app(Ticket)
        /// The outbox.
        case outbox
        /// The client itself, to keep its copy complete.
        case job(Job)
        /// Nobody: it repeats a standing wish on a new connection.
        case wish
    }

    var origin: Origin
    var command: Command
    /// The input at which it was sent.
    var serial: UInt64
}

/// When a command was sent; kept in that order.
struct SentCommand: Sendable, Equatable {
    var id: Int64
    var at: Int64
}

/// A command of the app that waits for the connection or for its turn.
struct WaitingCommand: Sendable, Equatable {
    var ticket: Ticket
    var command: Command
}

/// What a server forgets with the connection and must be told again.
struct StandingWishes: Sendable, Equatable {
    /// How many conversations that were on the screen are remembered for the order of `resume`.
    static let recentLimit = 16

    private(set) var open: ConversationID?
    private(set) var watched: [UserID]?
    private(set) var presence: PresenceState?
    private(set) var isActive: Bool?
    /// Conversations that were on the screen, the last one first.
    private(set) var recent: [ConversationID] = []

    mutating func note(_ command: Command) {
        switch command {
        case .open(let conversation):
            open = conversation
            guard let conversation else { return }
            recent.removeAll { $0 == conversation }
            recent.insert(conversation, at: 0)
            if recent.count > Self.recentLimit { recent.removeLast() }
        case .presence(let watch, let set):
            if let watch { watched = watch }
            if let set { presence = set }
        case .state(let active):
            isActive = active
        default: break
        }
    }

    /// The commands that tell a new connection.
    var commands: [Command] {
        var commands: [Command] = []
        if isActive == false { commands.append(.state(active: false)) }
        if watched?.isEmpty == false || presence != nil { commands.append(.presence(watch: watched, set: presence)) }
        if let open { commands.append(.open(conversation: open)) }
        return commands
    }
}
