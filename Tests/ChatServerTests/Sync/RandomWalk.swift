// What one person does at random, on random devices, and what their markers must be afterwards. The model knows nothing of
// how the server counts: it is the person's own memory.
import ChatClient
import ChatProtocol
import Synchronization
import Testing

/// What everybody knows of the messages that were acknowledged.
final class Acknowledged: Sendable {
    private let newest = Mutex<[ConversationID: Int64]>([:])

    func note(_ seq: Int64, in conversation: ConversationID) {
        newest.withLock { $0[conversation] = max($0[conversation] ?? 0, seq) }
    }

    func newest(of conversation: ConversationID) -> Int64 { newest.withLock { $0[conversation] ?? 0 } }
}

/// One person's walk through their conversations.
struct RandomWalk: Sendable {
    /// Where a person stands in a conversation they are in.
    struct Standing: Sendable, Equatable {
        var readSeq: Int64
        var unreadFrom: Int64?
    }

    let person: UserID
    let devices: [ChatClient]
    let acknowledged: Acknowledged
    /// May be left and joined at will.
    let channel: ConversationID
    var conversations: [ConversationID]
    var random: SplitMix
    /// By conversation that the person is in.
    var standings: [ConversationID: Standing] = [:]

    private static let emoji = ["👍", "🎈", "🌍", "☕️"]

    /// One step. One person's steps follow one another; what others do meanwhile does not matter to the model.
    mutating func step() async throws {
        let client = devices.randomElement(using: &random) ?? devices[0]
        if Int.random(in: 0..<40, using: &random) == 0 { try await client.drop() }
        let conversation = conversations.randomElement(using: &random) ?? channel
        guard standings[conversation] != nil else {
            if conversation == channel { try await join(client) }
            return
        }
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<8: try await send(client, conversation)
        case 8..<11: try await read(client, conversation)
        case 11: try await markUnread(client, conversation)
        case 12..<14: try await edit(client, conversation)
        case 14..<16: try await delete(client, conversation)
        case 16..<19: try await react(client, conversation)
        default: if conversation == channel { try await leave(client) }
        }
    }

    private mutating func send(_ client: ChatClient, _ conversation: ConversationID) async throws {
        var thread: Int64?
        if Int.random(in: 0..<4, using: &random) == 0 { thread = try await anyMessage(client, conversation)?.seq }
        let root = thread
        let body = "\(person) says \(random.next())"
        let nonce = "\(random.next())"
        let reply = try await persist {
            try await client.send(body, to: conversation, thread: root, nonce: nonce)
        }
        guard let reply else { return }
        acknowledged.note(reply.seq, in: conversation)
        // Sending moves the marker to one's own message and clears the mark.
        standings[conversation] = Standing(readSeq: max(standings[conversation]?.readSeq ?? 0, reply.seq))
    }

    private mutating func read(_ client: ChatClient, _ conversation: ConversationID) async throws {
        let newest = acknowledged.newest(of: conversation)
        let seq = Int64.random(in: 0...newest, using: &random)
        guard let state = try await persist({ try await client.read(conversation, .upTo(seq)) }) else { return }
        let readSeq = max(standings[conversation]?.readSeq ?? 0, seq)
        standings[conversation] = Standing(readSeq: readSeq)
        #expect(state.readSeq == readSeq)
        #expect(state.unreadFrom == nil)
    }

    private mutating func markUnread(_ client: ChatClient, _ conversation: ConversationID) async throws {
        let newest = acknowledged.newest(of: conversation)
        guard newest > 0 else { return }
        let seq = Bool.random(using: &random) ? Int64.random(in: 1...newest, using: &random) : nil
        guard let state = try await persist({ try await client.read(conversation, .unreadFrom(seq)) }) else { return }
        standings[conversation]?.unreadFrom = seq
        #expect(state.unreadFrom == seq)
        #expect(state.readSeq == standings[conversation]?.readSeq)
    }

    private mutating func edit(_ client: ChatClient, _ conversation: ConversationID) async throws {
        guard let message = try await anyMessage(client, conversation), message.sender == person else { return }
        let body = "edited to \(random.next())"
        _ = try await persist { try await client.edit(message.seq, in: conversation, body: body) }
    }

    private mutating func delete(_ client: ChatClient, _ conversation: ConversationID) async throws {
        guard let message = try await anyMessage(client, conversation) else { return }
        _ = try await persist { try await client.delete(message.seq, in: conversation) }
    }

    private mutating func react(_ client: ChatClient, _ conversation: ConversationID) async throws {
        guard let message = try await anyMessage(client, conversation) else { return }
        let emoji = Self.emoji.randomElement(using: &random) ?? "👍"
        let isAdding = Int.random(in: 0..<3, using: &random) > 0
        _ = try await persist {
            if isAdding { return try await client.react(emoji, to: message.seq, in: conversation) }
            return try await client.unreact(emoji, to: message.seq, in: conversation)
        }
    }

    private mutating func leave(_ client: ChatClient) async throws {
        let channel = channel
        // If the answer was lost and the person is out already, it was done.
        _ = try await persist { try await client.leave(channel) }
        standings[channel] = nil
    }

    private mutating func join(_ client: ChatClient) async throws {
        let channel = channel
        let before = acknowledged.newest(of: channel)
        guard let joined = try await persist({ try await client.join(channel) }) else { return }
        let readSeq = joined.own?.readSeq ?? -1
        // At the newest message at that time, which others move on.
        #expect(readSeq >= before && readSeq <= joined.lastSeq)
        #expect(joined.own?.unreadFrom == nil)
        standings[channel] = Standing(readSeq: readSeq)
    }

    private mutating func anyMessage(_ client: ChatClient, _ conversation: ConversationID) async throws -> Message? {
        let choice = random.next()
        return try await client.read { machine in
            guard let messages = machine.replica(of: conversation)?.messages, !messages.isEmpty else { return nil }
            return messages[Int(choice % UInt64(messages.count))]
        }
    }

    /// Asks until there is an answer, whatever becomes of the connection. - Returns: `nil` if the answer is a refusal
    /// that others' doings explain.
    private func persist<Value>(_ body: () async throws -> Value) async throws -> Value? {
        while true {
            do {
                return try await body()
            } catch CommandFailure.lost {
                continue
            } catch CommandFailure.refused(let error) {
                switch error.code {
                case .unavailable, .unknown: continue
                case .gone, .notFound, .forbidden: return nil
                default:
                    Issue.record("unexpected: \(error)")
                    return nil
                }
            }
        }
    }
}
