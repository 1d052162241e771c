// People with their devices on one server, for tests that watch all of them.
import ChatClient
import ChatFixtures
import ChatProtocol
import Synchronization

/// A device: a client, and the rows of the user's own log as events have told them.
final class Device: Sendable {
    private let mirror: OwnMirror
    let client: ChatClient
    /// Whether it holds all rows from the first on.
    let holdsEverything: Bool

    private init(_ client: ChatClient, _ mirror: OwnMirror, holdsEverything: Bool) {
        self.client = client
        self.mirror = mirror
        self.holdsEverything = holdsEverything
    }

    /// Connects, and reads the own log from its beginning; from there on, it is told.
    static func connect(
        _ server: TestServer,
        _ person: TestServer.Person,
        configuration: ClientConfiguration = ClientConfiguration()
    ) async throws -> Device {
        let mirror = OwnMirror()
        let client = try await server.connect(person, configuration: configuration) { event in
            switch event {
            case .own(let rows): mirror.take(rows)
            case .reset: mirror.clear()
            default: break
            }
        }
        var since: Int64 = 0
        while true {
            let page = try await client.syncOwn(since: since, limit: 50)
            since = page.upTo
            guard page.more else { break }
        }
        return Device(client, mirror, holdsEverything: configuration.bootstrap == .everything)
    }

    /// Rows of the own log that are not over.
    var ownRows: [OwnKey: OwnRow] { mirror.rows }
}

/// What names a row of the own log.
enum OwnKey: Hashable {
    case membership(ConversationID)
    case settings
    case session(SessionID)
    case reaction(ConversationID, Int64)

    init(_ row: OwnRow) {
        switch row {
        case .membership(let row): self = .membership(row.conversation)
        case .settings: self = .settings
        case .session(let row): self = .session(row.id)
        case .reaction(let row): self = .reaction(row.conversation, row.seq)
        }
    }
}

/// Rows of an own log, merged as a client must: the higher `rev` wins.
final class OwnMirror: Sendable {
    private let state = Mutex<[OwnKey: OwnRow]>([:])

    func take(_ rows: [OwnRow]) {
        state.withLock { state in
            for row in rows where row.rev > state[OwnKey(row)]?.rev ?? 0 { state[OwnKey(row)] = row }
        }
    }

    func clear() { state.withLock { $0 = [:] } }

    var rows: [OwnKey: OwnRow] {
        state.withLock { state in
            state.filter { _, row in
                switch row {
                case .membership(let row): !row.left
                case .session(let row): !row.ended
                case .settings, .reaction: true
                }
            }
        }
    }
}

/// Somebody with devices.
struct Watched: Sendable {
    var person: TestServer.Person
    var devices: [Device]
    var id: UserID { person.id }
    var client: ChatClient { devices[0].client }
    var second: ChatClient { devices[devices.count - 1].client }
}

/// Everybody.
struct Crowd: Sendable {
    let server: TestServer
    var people: [Watched]
    let http: ChatHTTPClient

    /// - Parameter devices: how many devices each person has. The last of several holds all rows from the first on; the
    ///   others what a client holds without being told otherwise.
    static func gather(_ server: TestServer, devices: [Int]) async throws -> Crowd {
        var people: [Watched] = []
        for count in devices {
            let person = try await server.signUp()
            var connected: [Device] = []
            for number in 0..<count {
                var configuration = ClientConfiguration()
                if number > 0, number == count - 1 { configuration.bootstrap = .everything }
                connected.append(try await Device.connect(server, person, configuration: configuration))
            }
            people.append(Watched(person: person, devices: connected))
        }
        return Crowd(server: server, people: people, http: server.http())
    }

    subscript(index: Int) -> Watched { people[index] }

    /// A call over HTTP by somebody.
    @discardableResult
    func call<Value: JSONDecodable>(
        _ person: Int,
        _ method: String,
        _ path: String,
        _ body: (any JSONEncodable)? = nil,
        as type: Value.Type = JSON.self
    ) async throws -> Value {
        let json = try body.map { try JSONParser.parse($0.encoded()) }
        return try await http.call(method, path, body: json, token: people[person].person.token, as: type)
    }

    /// A call over HTTP that leaves nothing to show.
    func delete(_ person: Int, _ path: String) async throws {
        let answer = try await http.request("DELETE", path, token: people[person].person.token)
        guard answer.status == 204 else { throw try answer.decode(Problem.self) }
    }
}
