// Short ways to say identifiers, rows and answers in tests.

import ChatProtocol
import Testing

/// A small seeded generator (SplitMix64): a failing seed repeats.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

    mutating func pick<Element>(_ list: [Element]) -> Element? { list.isEmpty ? nil : list[below(list.count)] }
}

func conversationID(_ number: UInt64) -> ConversationID {
    guard let id = ConversationID(rawValue: number) else { preconditionFailure("Test identifiers are small.") }
    return id
}

func userID(_ number: UInt64) -> UserID {
    guard let id = UserID(rawValue: number) else { preconditionFailure("Test identifiers are small.") }
    return id
}

func sessionID(_ number: UInt64) -> SessionID {
    guard let id = SessionID(rawValue: number) else { preconditionFailure("Test identifiers are small.") }
    return id
}

/// What a value looks like after the wire.
func json(_ value: some JSONEncodable) -> JSON {
    do {
        return try JSONParser.parse(value.encoded())
    } catch {
        preconditionFailure("What the protocol writes it must read: \(error)")
    }
}

let alice = userID(1)
let bob = userID(2)
let room = conversationID(10)
let otherRoom = conversationID(11)

func message(
    _ seq: Int64,
    rev: Int64,
    in conversation: ConversationID = room,
    from sender: UserID = bob,
    nonce: String? = nil,
    body: String? = nil,
    isDeleted: Bool = false,
    mine: [String]? = nil
) -> Message {
    Message(
        conversation: conversation,
        seq: seq,
        rev: rev,
        sender: sender,
        nonce: nonce ?? "n\(seq)",
        body: isDeleted ? "" : body ?? "message \(seq)",
        sentAt: 1_000 + seq,
        isDeleted: isDeleted,
        mine: mine
    )
}

func messageEvent(_ seq: Int64, after: Int64, rev: Int64, in conversation: ConversationID = room) -> Event {
    .message(conversation: conversation, after: after, rev: rev, message: message(seq, rev: rev, in: conversation))
}

func member(_ user: UserID, rev: Int64, leftAt: Int64? = nil, in conversation: ConversationID = room) -> Member {
    Member(conversation: conversation, user: user, role: .member, joinedAt: 1, leftAt: leftAt, rev: rev)
}

func ownState(readSeq: Int64 = 0, unread: Int64 = 0, unreadFrom: Int64? = nil) -> OwnState {
    OwnState(role: .member, readSeq: readSeq, unreadFrom: unreadFrom, unread: unread, mentions: 0)
}

func row(
    _ conversation: ConversationID = room,
    rev: Int64 = 1,
    head: Int64 = 5,
    lastSeq: Int64 = 3,
    name: String = "Room",
    own: OwnState? = ownState(),
    members: [Member]? = nil
) -> Conversation {
    Conversation(
        id: conversation,
        kind: .group,
        name: name,
        createdAt: 1,
        rev: rev,
        head: head,
        lastSeq: lastSeq,
        memberCount: Int64(members?.count ?? 2),
        own: own,
        members: members
    )
}

func entry(
    _ conversation: ConversationID = room,
    head: Int64,
    lastSeq: Int64 = 3,
    readSeq: Int64 = 0,
    unread: Int64 = 0
) -> IndexEntry {
    IndexEntry(
        conversation: conversation,
        head: head,
        lastSeq: lastSeq,
        readSeq: readSeq,
        unread: unread,
        mentions: 0,
        unreadFrom: 0
    )
}

func helloReply(
    epoch: String = "e1",
    own: Int64 = 0,
    index: [IndexEntry] = [],
    more: Bool = false,
    changes: [ChangesPage]? = nil,
    gone: [ConversationID]? = nil,
    limits: [String: Int64] = [:]
) -> HelloReply {
    HelloReply(
        user: User(id: alice, handle: "alice", name: "Alice"),
        session: sessionID(7),
        connection: "c1",
        node: "n1",
        heartbeatMs: 25_000,
        features: [],
        limits: limits,
        epoch: epoch,
        own: own,
        index: index,
        more: more,
        changes: changes,
        gone: gone
    )
}

/// `#expect` for conditions that change something on the way.
func expect(_ condition: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, sourceLocation: sourceLocation)
}
