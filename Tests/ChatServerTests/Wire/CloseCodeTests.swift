// The close codes of protocol.md, section 5, that a client brings upon itself: bad frames, wrong beginnings, bad tokens.
import ChatClient
import ChatCore
import ChatFixtures
import ChatProtocol
import ChatServer
import Testing

@Suite("Close codes")
struct CloseCodeTests {
    /// Text frames that are not one JSON object by the rules, or have no integer `id` or string `do`.
    static let malformed: [String] = [
        "", "hello", "null", "1", "\"text\"", "[]", "[{\"id\":1,\"do\":\"ping\"}]", "{", "{}", "{\"id\":1}",
        "{\"do\":\"ping\"}", "{\"id\":0,\"do\":\"ping\"}", "{\"id\":-1,\"do\":\"ping\"}",
        "{\"id\":1.0,\"do\":\"ping\"}",
        "{\"id\":1e0,\"do\":\"ping\"}", "{\"id\":9007199254740992,\"do\":\"ping\"}", "{\"id\":\"1\",\"do\":\"ping\"}",
        "{\"id\":null,\"do\":\"ping\"}", "{\"id\":1,\"do\":1}", "{\"id\":1,\"do\":null}", "{\"id\":1,\"do\":\"ping\"}x",
        "{\"id\":1,\"do\":\"ping\"}{\"id\":2,\"do\":\"ping\"}", "{\"id\":1,\"id\":1,\"do\":\"ping\"}",
        "{\"id\":1,\"do\":\"ping\",\"x\":1,\"x\":1}", "{\"id\":1,\"do\":\"ping\",\"x\":\"\\ud800\"}",
        "{\"id\":1,\"do\":\"ping\",\"x\":\"\\u0000\"}", "{\"id\":1,\"do\":\"ping\",\"x\":\"\u{0}\"}",
        "{\"id\":01,\"do\":\"ping\"}", "{\"id\":1,\"do\":\"ping\",}", "{'id':1,'do':'ping'}",
        "{\"id\":1,\"do\":\"ping\"} //",
        "{\"id\":1,\"do\":\"ping\",\"x\":" + String(repeating: "[", count: 16) + String(repeating: "]", count: 16)
            + "}",
    ]

    @Test("4000: a frame that is no command, before hello and after")
    func malformedFrames() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            for text in Self.malformed {
                let early = try await Wire.connect(server)
                try await early.socket.send(text)
                #expect(try await early.closeCode() == 4000, "\(text)")
                let (late, _) = try await Wire.open(server, anna)
                try await late.socket.send(text)
                #expect(try await late.closeCode() == 4000, "\(text)")
            }
        }
    }

    @Test("what is one JSON object with an integer id and a string do is answered")
    func unknownCommands() async throws {
        try await TestServer.with { server in
            let (wire, _) = try await Wire.open(server, try await server.signUp())
            let frames = [
                #"{"id":900,"do":""}"#, #"{"id":901,"do":"dance"}"#, #" {"do":"PING" , "id":902} "#,
                #"{"id":903,"do":"send"}"#, #"{"id":904,"do":"read","conversation":1}"#,
                #"{"id":9007199254740991,"do":"constructor","x":[[[[[[[[[[[[[[]]]]]]]]]]]]]]}"#,
            ]
            for (number, text) in frames.enumerated() {
                try await wire.socket.send(text)
                let id: Int64 = number == frames.count - 1 ? 9_007_199_254_740_991 : 900 + Int64(number)
                guard case .failure(let error) = try await wire.answer(to: id) else {
                    Issue.record("\(text) was accepted")
                    continue
                }
                #expect(error.code == .invalid, "\(text)")
                if [0, 1, 2, 5].contains(number) {
                    #expect(error.message.contains("unknown command"), "\(error.message)")
                }
            }
            #expect(try await wire.ask(.ping)["now"] != nil)
        }
    }

    @Test("4001: another command before hello")
    func notHello() async throws {
        try await TestServer.with { server in
            for text in [#"{"id":1,"do":"ping"}"#, #"{"id":1,"do":"dance"}"#, #"{"id":1,"do":"send"}"#] {
                let wire = try await Wire.connect(server)
                try await wire.socket.send(text)
                #expect(try await wire.closeCode() == 4001, "\(text)")
            }
        }
    }

    @Test("a hello that cannot be read is answered, then 4000; a second one is answered, and no more")
    func hellos() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            let id = ConversationID(rawValue: 1) ?? ConversationID.first
            let tooMany = (0..<201).map { "\"\(ConversationID(rawValue: UInt64($0)) ?? id)\":1" }.joined(separator: ",")
            for fields in [
                #""token":1"#, #""token":"x","resume":[]"#, #""token":"x","resume":{"nobody":1}"#,
                #""token":"x","own":-1"#, #""token":"x","features":{}"#, #""token":"x","role":"owner""#,
                #""token":"\#(anna.token)","resume":{\#(tooMany)}"#,
            ] {
                let wire = try await Wire.connect(server)
                try await wire.socket.send(#"{"id":7,"do":"hello",\#(fields)}"#)
                guard case .failure(let error) = try await wire.answer(to: 7) else {
                    Issue.record("hello with \(fields) was accepted")
                    continue
                }
                #expect(error.code == .invalid, "\(fields)")
                #expect(try await wire.closeCode() == 4000, "\(fields)")
            }
            let (wire, _) = try await Wire.open(server, anna)
            #expect(try await wire.refusal(of: .hello(Hello(token: anna.token)))?.code == .invalid)
            #expect(try await wire.ask(.ping)["now"] != nil)
        }
    }

    @Test("4100: a token that is unknown, missing or expired")
    func unauthenticated() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            try await server.withStores { stores, environment in
                _ = try await NewSessions.add(
                    to: stores,
                    of: anna.id,
                    token: "expired",
                    environment,
                    accessExpiresInMs: -1
                )
            }
            let hellos = [
                Hello(token: "nonsense"), Hello(token: ""), Hello(token: nil), Hello(token: "expired"),
                Hello(token: anna.session.refreshToken), Hello(token: anna.token + "A"),
            ]
            for hello in hellos {
                let wire = try await Wire.connect(server)
                #expect(try await wire.refusal(of: .hello(hello))?.code == .unauthenticated, "\(hello)")
                #expect(try await wire.closeCode() == 4100, "\(hello)")
            }
        }
    }

    @Test("tokens in headers or the URL of the upgrade are ignored")
    func tokensElsewhere() async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            let wire = Wire(
                try await RawWebSocket.connect(
                    host: server.host,
                    port: server.port,
                    path: "/v1/ws?token=\(anna.token)&access_token=\(anna.token)",
                    headers: [("Authorization", "Bearer \(anna.token)")]
                )
            )
            #expect(try await wire.refusal(of: .hello(Hello(token: nil)))?.code == .unauthenticated)
            #expect(try await wire.closeCode() == 4100)
        }
    }

    @Test("1002, 1003, 1007, 1009: frames that RFC 6455 or the protocol does not allow", arguments: [false, true])
    func frames(afterHello: Bool) async throws {
        try await TestServer.with { server in
            let anna = try await server.signUp()
            let text = Array(#"{"id":1,"do":"ping"}"#.utf8)
            let cases: [(String, [RawWebSocket.Frame], UInt16)] = [
                ("unmasked", [.init(opcode: 1, payload: text, isMasked: false)], 1002),
                ("reserved bit", [.init(opcode: 1, payload: text, reserved: 4)], 1002),
                ("unknown opcode", [.init(opcode: 3, payload: text)], 1002),
                ("unknown control opcode", [.init(opcode: 11, payload: [])], 1002),
                ("fragmented ping", [.init(opcode: 9, payload: [], isFinal: false)], 1002),
                ("long ping", [.init(opcode: 9, payload: Array(repeating: 0, count: 126))], 1002),
                ("continuation of nothing", [.init(opcode: 0, payload: text)], 1002),
                (
                    "text within a text",
                    [.init(opcode: 1, payload: text, isFinal: false), .init(opcode: 1, payload: text)], 1002
                ),
                ("half a close code", [.init(opcode: 8, payload: [3])], 1002),
                ("a close code that is none", [.init(opcode: 8, payload: [3, 237])], 1002),
                ("binary", [.init(opcode: 2, payload: text)], 1003),
                ("no UTF-8", [.init(opcode: 1, payload: [0x22, 0xFF, 0x22])], 1007),
                ("overlong UTF-8", [.init(opcode: 1, payload: [0xC0, 0x80])], 1007),
                ("a surrogate", [.init(opcode: 1, payload: [0xED, 0xA0, 0x80])], 1007),
                ("a close reason that is no UTF-8", [.init(opcode: 8, payload: [3, 232, 0xFF])], 1007),
            ]
            for (name, frames, code) in cases {
                let wire = afterHello ? try await Wire.open(server, anna).wire : try await Wire.connect(server)
                for frame in frames { try await wire.socket.send(frame) }
                #expect(try await wire.closeCode() == code, "\(name)")
            }
        }
    }

    @Test("1009: a frame above frameBytes, assembled or not, or of more than 256 fragments")
    func tooLarge() async throws {
        try await TestServer.with {
            $0.limits.frameBytes = 5_000
        } _: { server in
            let anna = try await server.signUp()
            let padding = String(repeating: " ", count: 5_000 - 22)
            let exact = #"{"id":99,"do":"ping"}"# + " " + padding
            #expect(exact.utf8.count == 5_000)
            let (wire, _) = try await Wire.open(server, anna)
            try await wire.socket.send(exact)
            #expect(try await wire.answer(to: 99).get()["now"] != nil)
            try await wire.socket.send(exact + " ")
            #expect(try await wire.closeCode() == 1009)

            let (assembled, _) = try await Wire.open(server, anna)
            try await assembled.socket.send(.init(opcode: 1, payload: Array(exact.utf8), isFinal: false))
            try await assembled.socket.send(.init(opcode: 0, payload: [32]))
            #expect(try await assembled.closeCode() == 1009)

            // 256 fragments are fine, 257 are not.
            // In one piece, so that a busy machine cannot run into the time a message may take.
            let short = Array(#"{"id":99,"do":"ping"}"#.utf8)
            for (count, isFine) in [(256, true), (257, false)] {
                let (wire, _) = try await Wire.open(server, anna)
                let noMask: [UInt8] = [0, 0, 0, 0]
                var bytes: [UInt8] = [0x01, 0x80 | UInt8(short.count)] + noMask + short
                for number in 2...count {
                    bytes += [number == count ? 0x80 : 0x00, 0x81] + noMask + [32]
                }
                try await wire.socket.send(bytes: bytes)
                if isFine {
                    #expect(try await wire.answer(to: 99).get()["now"] != nil)
                    await wire.close()
                } else {
                    #expect(try await wire.closeCode() == 1009)
                }
            }
        }
    }
}

extension ConversationID {
    /// An identifier that no conversation has.
    static var first: ConversationID {
        guard let id = ConversationID(rawValue: 1) else { preconditionFailure("1 is below 2^63") }
        return id
    }
}
