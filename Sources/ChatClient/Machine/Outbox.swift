// Messages on their way: in order per conversation, kept until the server has answered for good, over any number of
// connections; then until their rows have come.

public import ChatProtocol
import DequeModule

/// A message that is not matched with a row yet.
public struct PendingMessage: Sendable, Equatable {
    /// The message as the app gave it.
    public var message: Send
    /// The server's answer; `nil` while it waits or is on its way.
    public var reply: SendReply?
}

/// The queues of messages to send, one per conversation.
struct Outbox: Sendable {
    struct Entry: Sendable, Equatable {
        var send: Send
        var ticket: Ticket?
        /// The command that carries it now.
        var command: Int64?
        /// How often it was sent.
        var attempts = 0
        /// Whether a try ended without an answer that says that nothing was stored.
        var mayBeStored = false
        /// Set when the row was seen before the answer.
        var seen: SendReply?
    }

    private struct Queue: Sendable {
        var entries: Deque<Entry> = []
        var inFlight = 0
        /// After a temporary refusal nothing of this conversation is sent before this time.
        var notBefore: Int64 = 0
    }

    private struct Acknowledged: Sendable {
        var send: Send
        var reply: SendReply
    }

    private var queues: [ConversationID: Queue] = [:]
    /// Conversations with messages, in the order of their turn.
    private var turns: Deque<ConversationID> = []
    private var acknowledged: [ConversationID: [Acknowledged]] = [:]
    private(set) var count = 0
    /// After `rate_limited`, which counts per user, nothing at all is sent before this time.
    private var notBefore: Int64 = 0
    /// How many messages may be on their way: one after `rate_limited`, growing with each acknowledgement.
    private var window = Int.max
    private var inFlight = 0

    /// All messages without an answer, each conversation's in order.
    var sends: [Send] { turns.sorted().flatMap { queues[$0]?.entries.map(\.send) ?? [] } }

    func pending(in conversation: ConversationID) -> [PendingMessage] {
        (acknowledged[conversation] ?? []).map { PendingMessage(message: $0.send, reply: $0.reply) }
            + (queues[conversation]?.entries ?? []).map { PendingMessage(message: $0.send, reply: nil) }
    }

    /// - Parameter mayBeStored: Whether it was sent in a former life.
    mutating func append(_ send: Send, ticket: Ticket?, mayBeStored: Bool = false) {
        if queues[send.conversation] == nil { turns.append(send.conversation) }
        queues[send.conversation, default: Queue()].entries.append(
            Entry(send: send, ticket: ticket, attempts: mayBeStored ? 1 : 0, mayBeStored: mayBeStored)
        )
        count += 1
    }

    // MARK: Sending

    /// The next message that may be sent; conversations take turns.
    mutating func next(now: Int64, perConversation: Int) -> Send? {
        guard count > inFlight, notBefore <= now, inFlight < window else { return nil }
        for _ in 0..<turns.count {
            guard let conversation = turns.popFirst() else { return nil }
            turns.append(conversation)
            guard let queue = queues[conversation], queue.notBefore <= now, queue.inFlight < perConversation,
                let entry = queue.entries.first(where: { $0.command == nil })
            else { continue }
            return entry.send
        }
        return nil
    }

    /// When something may be sent that time holds up now.
    func nextTry(now: Int64) -> Int64? {
        guard count > inFlight else { return nil }
        if notBefore > now { return notBefore }
        var next: Int64?
        for conversation in turns {
            guard let queue = queues[conversation], queue.notBefore > now else { continue }
            next = min(next ?? .max, queue.notBefore)
        }
        return next
    }

    mutating func sent(_ conversation: ConversationID, nonce: String, as command: Int64) {
        guard
            let index = queues[conversation]?.entries.firstIndex(where: { $0.command == nil && $0.send.nonce == nonce })
        else { return }
        queues[conversation]?.entries[index].command = command
        queues[conversation]?.entries[index].attempts += 1
        queues[conversation]?.inFlight += 1
        inFlight += 1
    }

    // MARK: Answers

    /// The server has answered for good: the message leaves the queue.
    mutating func finish(_ conversation: ConversationID, command: Int64) -> Entry? {
        guard let index = index(of: command, in: conversation) else { return nil }
        let entry = queues[conversation]?.entries[index]
        ended(conversation)
        remove(at: index, of: conversation)
        if window < Int.max { window += 1 }
        return entry
    }

    /// The server has refused for a while: the message stays first, and nothing overtakes it.
    mutating func hold(_ conversation: ConversationID, command: Int64, until time: Int64, mayBeStored: Bool) {
        guard let index = index(of: command, in: conversation) else { return }
        if mayBeStored { queues[conversation]?.entries[index].mayBeStored = true }
        queues[conversation]?.entries[index].command = nil
        queues[conversation]?.notBefore = time
        ended(conversation)
    }

    /// The user sends too fast: one message at a time until the server takes them again.
    mutating func slowDown(until time: Int64) {
        notBefore = max(notBefore, time)
        window = 1
    }

    /// How often the message that a command carries was sent.
    func attempts(_ conversation: ConversationID, command: Int64) -> Int {
        index(of: command, in: conversation).flatMap { queues[conversation]?.entries[$0].attempts } ?? 0
    }

    /// The connection is gone: what was on its way is sent again, but not what was seen to be stored.
    mutating func connectionLost() -> [Entry] {
        var stored: [Entry] = []
        for conversation in turns {
            guard var queue = queues[conversation] else { continue }
            queue.inFlight = 0
            for index in queue.entries.indices where queue.entries[index].command != nil {
                queue.entries[index].command = nil
                queue.entries[index].mayBeStored = true
            }
            stored += queue.entries.filter { $0.seen != nil }
            count -= queue.entries.count
            queue.entries.removeAll { $0.seen != nil }
            count += queue.entries.count
            queues[conversation] = queue.entries.isEmpty ? nil : queue
        }
        let left = queues
        turns.removeAll { left[$0] == nil }
        inFlight = 0
        return stored
    }

    /// The app takes a message back; only if it was never sent.
    mutating func withdraw(_ conversation: ConversationID, nonce: String) -> Entry? {
        guard let entries = queues[conversation]?.entries,
            let index = entries.firstIndex(where: { $0.send.nonce == nonce }), entries[index].attempts == 0
        else { return nil }
        remove(at: index, of: conversation)
        return entries[index]
    }

    // MARK: Rows

    /// Whether a row of the user's may match something.
    func awaitsRows(in conversation: ConversationID) -> Bool {
        acknowledged[conversation] != nil || queues[conversation] != nil
    }

    mutating func awaitRow(_ send: Send, _ reply: SendReply) {
        acknowledged[send.conversation, default: []].append(Acknowledged(send: send, reply: reply))
    }

    /// A row of the user's has come. Answers the change, and an entry that needs not be sent (again).
    mutating func match(_ message: Message) -> (change: OutboxChange?, stored: Entry?) {
        let conversation = message.conversation
        if let index = acknowledged[conversation]?.firstIndex(where: { $0.send.nonce == message.nonce }) {
            let send = removeAcknowledged(at: index, of: conversation)
            return (send.map { .matched($0, seq: message.seq) }, nil)
        }
        guard let entries = queues[conversation]?.entries,
            let index = entries.firstIndex(where: { $0.send.nonce == message.nonce }),
            entries[index].seen == nil, entries[index].send.isStored(as: message)
        else { return (nil, nil) }
        var entry = entries[index]
        entry.seen = SendReply(seq: message.seq, rev: message.rev, sentAt: message.sentAt)
        if entry.command == nil {
            remove(at: index, of: conversation)
            return (.matched(entry.send, seq: message.seq), entry)
        }
        queues[conversation]?.entries[index] = entry
        return (.matched(entry.send, seq: message.seq), nil)
    }

    /// The position has passed these acknowledged messages: their rows have come, wherever they went.
    mutating func passed(_ position: Int64, in conversation: ConversationID) -> [OutboxChange] {
        guard let list = acknowledged[conversation] else { return [] }
        let left = list.filter { $0.reply.rev > position }
        acknowledged[conversation] = left.isEmpty ? nil : left
        return list.filter { $0.reply.rev <= position }.map { .matched($0.send, seq: $0.reply.seq) }
    }

    mutating func forgetAcknowledged(in conversation: ConversationID) { acknowledged[conversation] = nil }

    mutating func forgetAcknowledged() { acknowledged = [:] }

    private func index(of command: Int64, in conversation: ConversationID) -> Int? {
        queues[conversation]?.entries.firstIndex { $0.command == command }
    }

    private mutating func ended(_ conversation: ConversationID) {
        queues[conversation]?.inFlight -= 1
        inFlight -= 1
    }

    private mutating func remove(at index: Int, of conversation: ConversationID) {
        queues[conversation]?.entries.remove(at: index)
        count -= 1
        guard queues[conversation]?.entries.isEmpty == true else { return }
        queues[conversation] = nil
        turns.removeAll { $0 == conversation }
    }

    private mutating func removeAcknowledged(at index: Int, of conversation: ConversationID) -> Send? {
        let send = acknowledged[conversation]?.remove(at: index).send
        if acknowledged[conversation]?.isEmpty == true { acknowledged[conversation] = nil }
        return send
    }
}

extension Send {
    /// Whether a row is this message, never changed since.
    func isStored(as message: Message) -> Bool {
        !message.isDeleted && message.editedAt == nil && message.body == body && message.replyTo == replyTo
            && message.thread == thread && message.attachments.map(\.id) == attachments
    }
}
