// Who may do what: every call and every command, asked by everybody, in every kind of conversation, against the table that is
// checked in beside this file. A call or command without a row fails; a row without a call or command fails.
import ChatClient
import ChatCore
import ChatFixtures
import ChatGateway
import ChatHTTP
import ChatProtocol
import ChatServer
import Foundation
import Testing

@Suite("The access matrix")
struct AccessMatrixTests {
    /// The rows of access-matrix.txt: a name, and the letters of its columns.
    private static func table() throws -> [(name: String, cells: [String])] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "access-matrix.txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            line in
            let parts = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            return (parts[0], parts.dropFirst().flatMap { $0.split(separator: " ").map(String.init) })
        }
    }

    @Test("has a row for every call and every command, and no other")
    func isWhole() async throws {
        let names = try Self.table().map(\.name)
        #expect(Set(names).count == names.count, "a row is there twice")
        let subjects = Set(names.map { String($0.prefix { $0 != "(" }).trimmingCharacters(in: .whitespaces) })
        try await HTTPWorld.with { world in
            let routes = Set(world.routes.map(\.description))
            let commands = Set(NodeMetrics.commandNames.map { "ws \($0)" })
            #expect(subjects == routes.union(commands))
        }
        let rows = Set(names)
        for operation in AccessOperation.inConversation { #expect(rows.contains(operation.name), "\(operation.name)") }
    }

    @Test("holds in every kind of conversation, for everybody", arguments: AccessKind.allCases)
    func conversations(kind: AccessKind) async throws {
        let rows = Dictionary(try Self.table().map { ($0.name, $0.cells) }, uniquingKeysWith: { first, _ in first })
        let column = try #require(AccessKind.allCases.firstIndex(of: kind))
        try await TestServer.with(Self.patient) { server in
            let cast = try await AccessCast(server)
            var scene = try await AccessScene(kind, cast)
            for operation in AccessOperation.inConversation {
                var found = ""
                for role in AccessRole.allCases {
                    guard kind.has(role) else {
                        found += "-"
                        continue
                    }
                    let letter = try await Self.ask(operation, role, scene, cast)
                    found += letter
                    if letter == "y", !operation.isReading { scene = try await AccessScene(kind, cast) }
                }
                let cells = rows[operation.name] ?? []
                let expected = column < cells.count ? cells[column] : "none"
                #expect(found == expected, "\(operation.name) in \(kind.rawValue)")
            }
            await cast.close()
        }
    }

    @Test("holds for everything else: without a session, and with one")
    func others() async throws {
        try await TestServer.with { server in
            let probe = HTTPProbe(port: server.port)
            for (name, cells) in try Self.table() where cells.count == 2 {
                // Some calls end a session or an account: everybody is asked once.
                let person = try await server.signUp()
                let words = name.split(separator: " ", maxSplits: 1).map(String.init)
                var found: [String] = []
                for who in [nil, person] {
                    if words[0] == "ws" {
                        found.append(try await Self.command(words[1], who, server))
                        continue
                    }
                    var headers = [("Content-Type", "application/json")]
                    if let who { headers.append(("Authorization", "Bearer \(who.token)")) }
                    let path = words[1].replacing("/sessions/{id}", with: "/sessions/\(person.session.id)")
                        .replacing("/users/{id}", with: "/users/\(person.id)")
                    let body = words[0] == "GET" ? nil : Array(Self.body(name, person).utf8)
                    found.append(Self.letter(try await probe.call(words[0], path, headers: headers, body: body)))
                }
                #expect(found == cells, "\(name)")
            }
        }
    }

    /// The sockets here answer no pings: on a slow machine theirs must not come before the end.
    private static func patient(_ configuration: inout ServerConfiguration) {
        configuration.times.heartbeatMs = 600_000
    }

    // MARK: - Asking

    private static func ask(
        _ operation: AccessOperation,
        _ role: AccessRole,
        _ scene: AccessScene,
        _ cast: AccessCast
    ) async throws -> String {
        let cell = AccessCell(
            scene: scene,
            role: role,
            guest: cast.guest.id.description,
            bystander: cast.bystander.id.description
        )
        switch operation.request {
        case .call(let method, let path, let body):
            var headers: [(String, String)] = []
            if role != .anonymous { headers.append(("Authorization", "Bearer \(try cast.person(role).token)")) }
            let json = body(cell)
            if json != nil { headers.append(("Content-Type", "application/json")) }
            let probe = HTTPProbe(port: cast.server.port)
            return letter(try await probe.call(method, path(cell), headers: headers, body: json.map { Array($0.utf8) }))
        case .command(let fields):
            let isAnonymous = role == .anonymous
            let socket =
                isAnonymous
                ? try await CommandSocket.connect(port: cast.server.port, token: nil) : try cast.socket(role)
            let command = String(operation.subject.dropFirst("ws ".count))
            let outcome = try await socket.ask(command, fields(cell))
            if isAnonymous { await socket.close() }
            return letter(outcome)
        }
    }

    private static func command(_ name: String, _ who: TestServer.Person?, _ server: TestServer) async throws -> String
    {
        let command = String(name.prefix { $0 != " " })
        var fields = AccessOperation.otherCommands.first { $0.name == name }?.fields ?? "none"
        // A second hello would be refused for being one.
        let isHello = command == "hello"
        if isHello, let who { fields = "\"token\":\"\(who.token)\"" }
        let socket = try await CommandSocket.connect(port: server.port, token: isHello ? nil : who?.token)
        let outcome = try await socket.ask(command, fields)
        await socket.close()
        return letter(outcome)
    }

    private static func letter(_ answer: HTTPProbe.Answer) -> String {
        answer.status < 300 ? "y" : letter(answer.code)
    }

    private static func letter(_ outcome: CommandSocket.Outcome) -> String {
        switch outcome {
        // What one may not see is left out of this answer.
        case .ok(let json): json["conversations"]?.array?.isEmpty == true ? "n" : "y"
        case .error(let code): letter(code)
        case .closed(4001): "x"
        case .closed: "?"
        }
    }

    private static func letter(_ code: String?) -> String {
        switch code {
        case "unauthenticated": "u"
        case "forbidden": "f"
        case "not_found": "n"
        case "conflict": "c"
        case "invalid": "i"
        default: "?"
        }
    }

    /// A well-formed body for a call that is about no conversation.
    private static func body(_ name: String, _ person: TestServer.Person) -> String {
        switch name {
        case "POST /v1/accounts":
            #"{"email":"e\#(UUID())@example.org","handle":"h\#(UInt32.random(in: 0 ... .max))","name":"N","password":"\#(TestServer.password)"}"#
        case "POST /v1/sessions": #"{"handle":"\#(person.user.handle)","password":"\#(TestServer.password)"}"#
        case "POST /v1/sessions/refresh": #"{"refreshToken":"\#(person.session.refreshToken ?? "")"}"#
        case "POST /v1/me/password": #"{"password":"\#(TestServer.password)","newPassword":"\#(TestServer.password)"}"#
        case "POST /v1/conversations": #"{"kind":"group"}"#
        default: "{}"
        }
    }
}
