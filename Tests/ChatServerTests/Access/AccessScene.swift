// A conversation with somebody of every standing, for the access matrix. Scenes are used up by calls that succeed.
import ChatClient
import ChatFixtures
import ChatProtocol
import Testing

/// Where a caller stands. The order is that of the columns.
enum AccessRole: String, CaseIterable, Sendable {
    case anonymous
    case stranger
    case exMember
    case reader
    case member
    case admin
    case owner
}

/// What the call is about. The order is that of the columns.
enum AccessKind: String, CaseIterable, Sendable {
    case direct
    case group
    case privateChannel
    case publicChannel

    /// Direct conversations have two members and nobody ever leaves them.
    func has(_ role: AccessRole) -> Bool {
        self != .direct || [.anonymous, .stranger, .member].contains(role)
    }
}

/// The people of the matrix, signed in and connected.
final class AccessCast: Sendable {
    let server: TestServer
    let people: [AccessRole: TestServer.Person]
    let sockets: [AccessRole: CommandSocket]
    /// A plain member in every conversation but the direct one.
    let bystander: TestServer.Person
    let bystanderSocket: CommandSocket
    /// A member in none.
    let guest: TestServer.Person
    /// Who stays out of everything; for the other half of a direct conversation.
    let friend: TestServer.Person

    init(_ server: TestServer) async throws {
        self.server = server
        var people: [AccessRole: TestServer.Person] = [:]
        var sockets: [AccessRole: CommandSocket] = [:]
        for role in AccessRole.allCases where role != .anonymous {
            let person = try await server.signUp()
            people[role] = person
            sockets[role] = try await CommandSocket.connect(port: server.port, token: person.token)
        }
        self.people = people
        self.sockets = sockets
        bystander = try await server.signUp()
        bystanderSocket = try await CommandSocket.connect(port: server.port, token: bystander.token)
        guest = try await server.signUp()
        friend = try await server.signUp()
    }

    func person(_ role: AccessRole) throws -> TestServer.Person { try #require(people[role]) }
    func socket(_ role: AccessRole) throws -> CommandSocket { try #require(sockets[role]) }

    func close() async {
        for socket in sockets.values { await socket.close() }
        await bystanderSocket.close()
    }
}

/// One conversation of the matrix.
struct AccessScene: Sendable {
    let conversation: String
    /// Everybody's own message, written while they were members.
    private(set) var ownSeq: [AccessRole: Int64] = [:]
    /// A message of somebody else.
    private(set) var otherSeq: Int64 = 0

    init(_ kind: AccessKind, _ cast: AccessCast) async throws {
        self = kind == .direct ? try await Self.direct(cast) : try await Self.open(kind, cast)
    }

    private init(conversation: String) {
        self.conversation = conversation
    }

    private static func direct(_ cast: AccessCast) async throws -> AccessScene {
        let member = try cast.socket(.member)
        // There is one direct conversation of two people for ever: a new friend makes a new one.
        let friend = try await cast.server.signUp()
        let socket = try await CommandSocket.connect(port: cast.server.port, token: friend.token)
        let made = try await member.done("create", "\"kind\":\"direct\",\"members\":[\"\(friend.id)\"]")
        var scene = AccessScene(conversation: try id(of: made))
        scene.ownSeq[.member] = try await scene.post(member)
        scene.otherSeq = try await scene.post(socket)
        await socket.close()
        return scene
    }

    private static func open(_ kind: AccessKind, _ cast: AccessCast) async throws -> AccessScene {
        let inside: [AccessRole] = [.exMember, .reader, .member, .admin]
        let members = try inside.map { try cast.person($0).id } + [cast.bystander.id]
        let owner = try cast.socket(.owner)
        let list = members.map { "\"\($0)\"" }.joined(separator: ",")
        let word = kind == .group ? "group" : "channel"
        let visible = kind == .publicChannel ? ",\"public\":true" : ""
        let made = try await owner.done(
            "create",
            "\"kind\":\"\(word)\",\"name\":\"scene\",\"members\":[\(list)]\(visible)"
        )
        var scene = AccessScene(conversation: try id(of: made))
        for role in inside + [.owner] { scene.ownSeq[role] = try await scene.post(try cast.socket(role)) }
        scene.otherSeq = try await scene.post(cast.bystanderSocket)
        for role in [AccessRole.reader, .admin] {
            let user = try cast.person(role).id
            _ = try await owner.done("member", "\(scene.field),\"user\":\"\(user)\",\"role\":\"\(role.rawValue)\"")
        }
        _ = try await owner.done("remove", "\(scene.field),\"user\":\"\(try cast.person(.exMember).id)\"")
        return scene
    }

    /// The conversation as a command's field.
    var field: String { "\"conversation\":\"\(conversation)\"" }

    private func post(_ socket: CommandSocket) async throws -> Int64 {
        let reply = try await socket.done("send", "\(field),\"nonce\":\"scene\",\"body\":\"b\"")
        return try #require(reply["seq"]?.integer)
    }

    private static func id(of reply: JSON) throws -> String { try #require(reply["conversation"]?["id"]?.string) }
}
