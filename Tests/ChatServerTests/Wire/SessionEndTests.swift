// What ends a session closes its connections, and no others: 4101. And what ends a connection of a full house: 4010.
import ChatClient
import ChatFixtures
import ChatProtocol
import ChatServer
import Testing

@Suite("The end of sessions")
struct SessionEndTests {
    /// Somebody with three sessions, each with two connections.
    private struct House {
        var person: TestServer.Person
        var sessions: [SessionGrant]
        var wires: [[Wire]]
        let http: ChatHTTPClient

        static func build(_ server: TestServer) async throws -> House {
            let person = try await server.signUp()
            let http = server.http()
            var sessions = [person.session]
            for device in ["two", "three"] {
                let signIn = SignInRequest(login: person.user.handle, password: TestServer.password, device: device)
                sessions.append(try await http.signIn(signIn).session)
            }
            var wires: [[Wire]] = []
            for session in sessions {
                var pair: [Wire] = []
                for _ in 0..<2 { pair.append(try await Wire.open(server, Hello(token: session.accessToken)).wire) }
                wires.append(pair)
            }
            return House(person: person, sessions: sessions, wires: wires, http: http)
        }

        func call(_ session: Int, _ method: String, _ path: String, _ body: JSON? = nil) async throws -> HTTPAnswer {
            let token = sessions[session].accessToken
            guard let body else { return try await http.request(method, path, token: token) }
            return try await http.request(method, path, json: body, token: token)
        }

        /// The connections of these sessions are closed with 4101, the others go on.
        func expect(ended: Set<Int>, server: TestServer, sourceLocation: SourceLocation = #_sourceLocation) async throws
        {
            for (number, pair) in wires.enumerated() {
                for wire in pair {
                    if ended.contains(number) {
                        #expect(try await wire.closeCode() == 4101, sourceLocation: sourceLocation)
                    } else {
                        #expect(try await wire.ask(.ping)["now"] != nil, sourceLocation: sourceLocation)
                    }
                }
                guard ended.contains(number) else { continue }
                let again = try await Wire.connect(server)
                let hello = Hello(token: sessions[number].accessToken)
                #expect(
                    try await again.refusal(of: .hello(hello))?.code == .unauthenticated,
                    sourceLocation: sourceLocation
                )
                #expect(try await again.closeCode() == 4101, sourceLocation: sourceLocation)
            }
        }
    }

    @Test("signing out")
    func signOut() async throws {
        try await TestServer.with { server in
            let house = try await House.build(server)
            #expect(try await house.call(1, "DELETE", "/v1/sessions/current").status == 204)
            try await house.expect(ended: [1], server: server)
        }
    }

    @Test("ending another device's session")
    func other() async throws {
        try await TestServer.with { server in
            let house = try await House.build(server)
            #expect(try await house.call(0, "DELETE", "/v1/sessions/\(house.sessions[2].id)").status == 204)
            try await house.expect(ended: [2], server: server)
            let stranger = try await server.signUp()
            let answer = try await house.http.request(
                "DELETE",
                "/v1/sessions/\(house.sessions[1].id)",
                token: stranger.token
            )
            #expect(answer.status == 404)
            try await house.expect(ended: [2], server: server)
        }
    }

    @Test("a new password ends the others")
    func password() async throws {
        try await TestServer.with { server in
            let house = try await House.build(server)
            let change = PasswordChange(password: TestServer.password, newPassword: "another battery staple")
            let body = try JSONParser.parse(change.encoded())
            #expect(try await house.call(0, "POST", "/v1/me/password", body).status == 204)
            try await house.expect(ended: [1, 2], server: server)
        }
    }

    @Test("a refresh token used again, much later, ends the session")
    func refresh() async throws {
        try await TestServer.with { server in
            let house = try await House.build(server)
            let refreshed = try await house.http.refresh(house.sessions[1].refreshToken ?? "")
            let again = try await house.http.refresh(house.sessions[1].refreshToken ?? "")
            #expect(again.accessToken == refreshed.accessToken)
            // The former access token lives on for a while: nobody is thrown out by a refresh.
            try await house.expect(ended: [], server: server)
            let (wire, _) = try await Wire.open(server, Hello(token: refreshed.accessToken))
            #expect(try await wire.ask(.ping)["now"] != nil)
        }
    }

    @Test("the erasure of the account ends all")
    func erasure() async throws {
        try await TestServer.with { server in
            let house = try await House.build(server)
            #expect(try await house.call(0, "DELETE", "/v1/me").status == 204)
            try await house.expect(ended: [0, 1, 2], server: server)
        }
    }

    @Test("4010: one too many takes the place of the longest-idle one")
    func tooMany() async throws {
        try await TestServer.with {
            $0.limits.connectionsPerUser = 3
        } _: { server in
            let anna = try await server.signUp()
            let stranger = try await Wire.open(server, try await server.signUp()).wire
            var wires: [Wire] = []
            for _ in 0..<3 { wires.append(try await Wire.open(server, anna).wire) }
            // The node counts milliseconds: each step must be more than one later than the one before.
            for number in [1, 0, 2] {
                let before = try PingAnswer(json: try await stranger.ask(.ping)).now
                while try PingAnswer(json: try await stranger.ask(.ping)).now <= before + 1 {}
                _ = try await wires[number].ask(.ping)
            }
            wires.append(try await Wire.open(server, anna).wire)
            #expect(try await wires[1].closeCode() == 4010)
            wires.append(try await Wire.open(server, anna).wire)
            #expect(try await wires[0].closeCode() == 4010)
            for wire in [wires[2], wires[3], wires[4], stranger] { #expect(try await wire.ask(.ping)["now"] != nil) }
        }
    }
}
