// What a client asks for on its own account, to make and keep its copy complete.

import ChatProtocol
import DequeModule

/// Something that the client asks for on its own account. `born` tells memberships apart.
enum Job: Sendable, Equatable {
    /// The next page of the index.
    case index(after: ConversationID)
    /// A page of the own log.
    case own
    /// Rows of conversations not known yet.
    case fetch([ConversationID])
    /// A page of changes.
    case sync(ConversationID, born: UInt64)
    /// The newest messages of a conversation.
    case history(ConversationID, born: UInt64)
}

/// Jobs that wait, and how fast they may go.
struct JobQueue: Sendable {
    /// Conversations asked for at once. The server takes 200, but 200 whole ones could exceed its largest frame.
    static let fetchLimit = 20

    private(set) var waiting: Deque<Job> = []
    private(set) var unknown: Deque<ConversationID> = []
    private(set) var inFlight = 0
    private(set) var pausedUntil: Int64 = 0
    private(set) var failures = 0
    var pacer = Pacer()

    /// Whether nothing waits and nothing is in flight.
    var isIdle: Bool { inFlight == 0 && waiting.isEmpty && unknown.isEmpty }

    mutating func append(_ job: Job, first: Bool = false) {
        if first { waiting.prepend(job) } else { waiting.append(job) }
    }

    mutating func fetch(_ conversation: ConversationID, first: Bool = false) {
        if first { unknown.prepend(conversation) } else { unknown.append(conversation) }
    }

    /// The conversation on the screen goes first.
    mutating func prefer(_ conversation: ConversationID) {
        if let index = unknown.firstIndex(of: conversation) { unknown.prepend(unknown.remove(at: index)) }
        let preferred = waiting.filter { $0.conversation == conversation }
        guard !preferred.isEmpty else { return }
        waiting.removeAll { $0.conversation == conversation }
        waiting.prepend(contentsOf: preferred)
    }

    /// The next job, if it is time for one.
    mutating func next(now: Int64) -> Job? {
        guard pausedUntil <= now, !waiting.isEmpty || !unknown.isEmpty, pacer.take(now: now) else { return nil }
        // Unknown conversations first: the app cannot show what it does not know of.
        guard unknown.isEmpty else {
            let batch = Array(unknown.prefix(Self.fetchLimit))
            unknown.removeFirst(batch.count)
            return .fetch(batch)
        }
        return waiting.popFirst()
    }

    mutating func began() { inFlight += 1 }

    mutating func ended() {
        inFlight = max(0, inFlight - 1)
        failures = 0
    }

    /// A job has to be tried again, not before a time.
    mutating func failed(_ job: Job, until time: Int64) {
        inFlight = max(0, inFlight - 1)
        failures += 1
        pausedUntil = max(pausedUntil, time)
        if case .fetch(let conversations) = job {
            for conversation in conversations.reversed() { unknown.prepend(conversation) }
        } else {
            waiting.prepend(job)
        }
    }

    mutating func pause(until time: Int64) { pausedUntil = max(pausedUntil, time) }

    /// When the next job may go, if it is time that holds it up.
    func due(now: Int64) -> Int64? {
        guard !waiting.isEmpty || !unknown.isEmpty else { return nil }
        let ready = max(pausedUntil, pacer.readyAt(now: now))
        return ready > now ? ready : nil
    }

    mutating func clear() {
        waiting = []
        unknown = []
        inFlight = 0
        pausedUntil = 0
        failures = 0
        pacer = Pacer()
    }
}

extension Job {
    /// The conversation that the job is about.
    var conversation: ConversationID? {
        switch self {
        case .sync(let conversation, _), .history(let conversation, _): conversation
        case .index, .own, .fetch: nil
        }
    }
}
