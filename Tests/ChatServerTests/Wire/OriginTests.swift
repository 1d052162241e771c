// Which pages may open a WebSocket, and which may do so with the session cookie alone.
import ChatClient
import ChatFixtures
import ChatProtocol
import ChatServer
import Testing

@Suite("Origins")
struct OriginTests {
    private static let public1 = "https://chat.example.org"

    @Test("4003 is for pages that are not allowed, before anything is read")
    func refused() async throws {
        try await TestServer.with {
            $0.publicURL = Self.public1
            $0.origins = ["https://other.example.org", "null"]
        } _: { server in
            let anna = try await server.signUp()
            let refused = [
                "null", "https://chat.example.org.evil.org", "https://evil.org/https://chat.example.org",
                "https://chat.example.org:8443", "http://chat.example.org", "https://chat.example.org/",
                "https://Chat.example.org", "https://chat.example.or", "https://sub.chat.example.org",
                "https://chat.example.org@evil.org", "http://\(server.host):\(server.port)", "file://", "*",
                "https://other.example.org:443", "https://other.example.org https://chat.example.org",
            ]
            for origin in refused {
                let wire = try await Wire.connect(server, headers: [("Origin", origin)])
                #expect(wire.socket.handshake.status == 101, "\(origin)")
                #expect(try await wire.closeCode() == 4003, "\(origin)")
            }
            for origin in [Self.public1, "https://other.example.org"] {
                let wire = try await Wire.connect(server, headers: [("Origin", origin)])
                let reply = try HelloReply(json: try await wire.ask(.hello(Hello(token: anna.token))))
                #expect(reply.user.id == anna.id, "\(origin)")
            }
            let plain = try await Wire.connect(server)
            #expect(try HelloReply(json: try await plain.ask(.hello(Hello(token: anna.token)))).user.id == anna.id)
        }
    }

    @Test("without a public URL, the server's own origin is its Host's")
    func ownHost() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            let own = "http://\(server.host):\(server.port)"
            for (origin, isAllowed) in [
                (own, true), ("http://localhost:\(server.port)", false),
                ("https://\(server.host):\(server.port)", false),
                ("http://\(server.host):\(server.port + 1)", false), ("http://\(server.host)", false), ("null", false),
                (own + ".evil.org", false),
            ] {
                let wire = try await Wire.connect(server, headers: [("Origin", origin)])
                if isAllowed {
                    #expect(
                        try HelloReply(json: try await wire.ask(.hello(Hello(token: anna.token)))).user.id == anna.id
                    )
                } else {
                    #expect(try await wire.closeCode() == 4003, "\(origin)")
                }
            }
        }
    }

    @Test("the cookie counts with an origin only; a token beside it is what counts")
    func cookie() async throws {
        try await TestServer.with { server in
            let own = ("Origin", "http://\(server.host):\(server.port)")
            let (anna, bert) = (try await server.signUp(), try await server.signUp())
            let http = server.http()
            let answer = try await http.request(
                "POST",
                "/v1/sessions",
                json: SignInRequest(login: anna.user.handle, password: TestServer.password, cookie: true),
                headers: [own]
            )
            #expect(answer.status == 201)
            let cookies = answer.headers.filter { $0.name.lowercased() == "set-cookie" }.map(\.value)
            let session = try #require(cookies.first { $0.hasPrefix("session=") }?.prefix { $0 != ";" })
            let cookie = ("Cookie", "theme=dark; \(session)")

            let page = try await Wire.connect(server, headers: [own, cookie])
            #expect(try HelloReply(json: try await page.ask(.hello(Hello(token: nil)))).user.id == anna.id)

            let program = try await Wire.connect(server, headers: [cookie])
            #expect(try await program.refusal(of: .hello(Hello(token: nil)))?.code == .unauthenticated)
            #expect(try await program.closeCode() == 4100)

            let both = try await Wire.connect(server, headers: [own, cookie])
            #expect(try HelloReply(json: try await both.ask(.hello(Hello(token: bert.token)))).user.id == bert.id)

            // A cookie's secret is no bearer token, nor the other way round.
            let value = String(session.dropFirst("session=".count))
            let asToken = try await Wire.connect(server)
            #expect(try await asToken.refusal(of: .hello(Hello(token: value)))?.code == .unauthenticated)
            let asCookie = try await Wire.connect(server, headers: [own, ("Cookie", "session=\(anna.token)")])
            #expect(try await asCookie.refusal(of: .hello(Hello(token: nil)))?.code == .unauthenticated)
        }
    }

    @Test("the handshake: subprotocol, version, method")
    func handshake() async throws {
        try await TestServer.with { server in
            let fine = try await server.rawSocket(headers: [("Sec-WebSocket-Protocol", "chat, vibetalk.v1")])
            #expect(fine.handshake.status == 101)
            #expect(fine.handshake.headers["sec-websocket-protocol"] == "vibetalk.v1")
            #expect(fine.handshake.headers["sec-websocket-extensions"] == nil)
            for header in ["", "chat", "vibetalk.v2"] {
                let socket = try await server.rawSocket(headers: [("Sec-WebSocket-Protocol", header)])
                #expect(socket.handshake.status == 400, "\(header)")
            }
            for version in ["8", "14"] {
                let socket = try await server.rawSocket(headers: [("Sec-WebSocket-Version", version)])
                #expect(socket.handshake.status == 426, "\(version)")
                #expect(socket.handshake.headers["sec-websocket-version"] == "13")
            }
        }
    }
}
