// One conversation as somebody sees it, in a form in which what a client holds and what the server says can be compared.
import ChatClient
import ChatFixtures
import ChatProtocol

struct Picture: Equatable {
    var row: Conversation
    var own: OwnState?
    var last: Message?
    var messages: [Message]
    var members: [Member]

    /// What a client holds.
    init(_ replica: ConversationReplica, reader: UserID) {
        self.init(replica.conversation, messages: replica.messages, members: replica.members, reader: reader)
    }

    init(_ conversation: Conversation, messages: [Message], members: [Member], reader: UserID) {
        row = conversation
        row.own = nil
        row.lastMessage = nil
        row.members = nil
        own = conversation.own
        // Live rows do not tell of mentions in sum; the own log and the index do, when they have occasion.
        own?.mentions = 0
        last = conversation.lastMessage
        last?.mine = nil
        let messages = messages.map(Self.plain).sorted { $0.seq < $1.seq }
        self.messages = messages
        self.members = members.map { member in
            var member = member
            // Sending moves the marker, which needs no event of its own; one's own marker is in `own`.
            let sent = messages.last { $0.sender == member.user }?.seq ?? 0
            member.readSeq = member.user == reader ? nil : max(member.readSeq ?? 0, sent)
            return member
        }.sorted { $0.user < $1.user }
    }

    /// No `mine` and an empty one are the same.
    private static func plain(_ message: Message) -> Message {
        var message = message
        if message.mine?.isEmpty == true { message.mine = nil }
        return message
    }

    /// Others' markers are told as they move, and to nobody later: who was away does not know them.
    func withoutMarkers() -> Picture {
        var picture = self
        for index in picture.members.indices { picture.members[index].readSeq = nil }
        return picture
    }

    /// The members of a channel are not told to whoever does not ask for all rows, nor can they be counted then.
    func withoutChannelMembers() -> Picture {
        guard row.kind == .channel else { return self }
        var picture = self
        picture.members = []
        picture.row.memberCount = 0
        return picture
    }

    /// What can be compared with a copy that holds some messages only: those, and `unread` where they are all it counts.
    func restricted(to loaded: [ClosedRange<Int64>]) -> Picture {
        var picture = self
        picture.messages.removeAll { message in !loaded.contains { $0.contains(message.seq) } }
        let tail = loaded.last?.lowerBound ?? row.lastSeq + 1
        if let readSeq = own?.readSeq, tail > readSeq + 1 { picture.own?.unread = 0 }
        return picture
    }

    /// What is different, in words.
    func differences(from truth: Picture) -> String {
        var found: [String] = []
        if row != truth.row { found.append("row: \(row) instead of \(truth.row)") }
        if own != truth.own {
            found.append("own: \(String(describing: own)) instead of \(String(describing: truth.own))")
        }
        if last != truth.last {
            found.append("last: \(String(describing: last)) instead of \(String(describing: truth.last))")
        }
        if members != truth.members { found.append("members: \(members) instead of \(truth.members)") }
        let held = Dictionary(messages.map { ($0.seq, $0) }) { $1 }
        for message in truth.messages where held[message.seq] != message {
            found.append("message: \(String(describing: held[message.seq])) instead of \(message)")
        }
        if messages.count != truth.messages.count {
            found.append("\(messages.count) messages of \(truth.messages.count)")
        }
        return found.joined(separator: "\n")
    }
}

/// Everything that the server says to somebody who asks for it afresh, over HTTP.
struct Truth {
    var conversations: [ConversationID: Picture] = [:]
    /// The same by rows of `changes` alone, paged.
    var paged: [ConversationID: Paged] = [:]

    struct Paged {
        var row: Conversation?
        var messages: [Int64: Message] = [:]
        var members: [UserID: Member] = [:]
        var problems: [String] = []
    }

    static func ask(_ http: ChatHTTPClient, _ person: TestServer.Person) async throws -> Truth {
        var truth = Truth()
        var path = "/v1/conversations?limit=200"
        while true {
            let page = try await http.call("GET", path, token: person.token, as: ListPage<Conversation>.self)
            for conversation in page.items { try await truth.add(conversation, http, person) }
            guard let next = page.next else { return truth }
            path = "/v1/conversations?limit=200&cursor=\(next)"
        }
    }

    private mutating func add(
        _ conversation: Conversation,
        _ http: ChatHTTPClient,
        _ person: TestServer.Person
    ) async throws {
        let base = "/v1/conversations/\(conversation.id)"
        var messages: [Message] = []
        while true {
            let page = try await http.call(
                "GET",
                "\(base)/messages?after=\(messages.last?.seq ?? 0)&limit=200",
                token: person.token,
                as: HistoryPage.self
            )
            messages += page.messages
            guard page.more else { break }
        }
        var members: [Member] = []
        var path = "\(base)/members?limit=200"
        while true {
            let page = try await http.call("GET", path, token: person.token, as: ListPage<Member>.self)
            members += page.items
            guard let next = page.next else { break }
            path = "\(base)/members?limit=200&cursor=\(next)"
        }
        conversations[conversation.id] = Picture(conversation, messages: messages, members: members, reader: person.id)
        paged[conversation.id] = try await Self.page(base, http, person)
    }

    /// From 0 to the head, seven rows at a time.
    private static func page(_ base: String, _ http: ChatHTTPClient, _ person: TestServer.Person) async throws -> Paged
    {
        var paged = Paged()
        var since: Int64 = 0
        while true {
            let page = try await http.call(
                "GET",
                "\(base)/changes?since=\(since)&limit=7",
                token: person.token,
                as: ChangesPage.self
            )
            paged.take(page, since: since, limit: 7)
            since = page.upTo
            guard page.more else { return paged }
        }
    }
}

extension Truth.Paged {
    /// Takes a page as a client must, and notes what the protocol does not allow.
    mutating func take(_ page: ChangesPage, since: Int64, limit: Int) {
        let revs = page.messages.map(\.rev) + page.members.map(\.rev) + (page.row.map { [$0.rev] } ?? [])
        if revs.count > limit { problems.append("\(revs.count) rows where \(limit) were asked for") }
        if Set(revs).count != revs.count { problems.append("two rows with one rev: \(revs.sorted())") }
        if revs.contains(where: { $0 <= since || $0 > page.upTo }) {
            problems.append("rows outside \(since)…\(page.upTo)")
        }
        if page.more, page.upTo != revs.max() { problems.append("upTo \(page.upTo) is not the last row's rev") }
        if !page.more, page.upTo != page.head { problems.append("upTo \(page.upTo) is not the head \(page.head)") }
        for message in page.messages where message.rev >= messages[message.seq]?.rev ?? 0 {
            messages[message.seq] = message
        }
        for member in page.members where member.rev >= members[member.user]?.rev ?? 0 { members[member.user] = member }
        if let row = page.row, row.rev >= self.row?.rev ?? 0 { self.row = row }
    }
}
