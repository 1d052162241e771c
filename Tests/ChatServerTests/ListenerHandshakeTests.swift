// Who becomes a WebSocket and who does not: the handshake over real TCP, case by case.
import ChatGateway
import NIOCore
import Testing

@testable import ChatServer

@Suite("Listener: handshake", .timeLimit(.minutes(1)))
struct ListenerHandshakeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var request: String
        var status: Int
        var testDescription: String { self.name }

        init(_ name: String, _ request: String, _ status: Int) {
            self.name = name
            self.request = request
            self.status = status
        }
    }

    static let rows = [
        Row("good", handshake(), 101),
        Row("with a query", handshake("GET /v1/ws?token=ignored HTTP/1.1"), 101),
        Row(
            "header names and tokens in another case",
            handshake(
                without: ["Upgrade", "Connection"],
                adding: ["UPGRADE: WebSocket", "connection: keep-alive, upgrade"]
            ),
            101
        ),
        Row(
            "one of several subprotocols",
            handshake(without: ["Sec-WebSocket-Protocol"], adding: ["Sec-WebSocket-Protocol: soap, vibetalk.v1"]),
            101
        ),
        Row(
            "subprotocols in several fields",
            handshake(
                without: ["Sec-WebSocket-Protocol"],
                adding: ["Sec-WebSocket-Protocol: soap", "Sec-WebSocket-Protocol: vibetalk.v1"]
            ),
            101
        ),
        Row(
            "a compression offer is declined",
            handshake(adding: ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]),
            101
        ),
        Row("an origin is the application's business", handshake(adding: ["Origin: https://evil.example"]), 101),
        Row("an empty body", handshake(adding: ["Content-Length: 0"]), 101),

        Row("POST", handshake("POST /v1/ws HTTP/1.1"), 405),
        Row("HEAD", handshake("HEAD /v1/ws HTTP/1.1"), 405),
        Row("HTTP/1.0", handshake("GET /v1/ws HTTP/1.0"), 426),
        Row("without Upgrade", handshake(without: ["Upgrade"]), 426),
        Row("without Connection", handshake(without: ["Connection"]), 426),
        Row("upgrade to something else", handshake(without: ["Upgrade"], adding: ["Upgrade: h2c"]), 426),
        Row("a plain GET", "GET /v1/ws HTTP/1.1\r\nHost: a\r\n\r\n", 426),
        Row("version 8", handshake(without: ["Sec-WebSocket-Version"], adding: ["Sec-WebSocket-Version: 8"]), 426),
        Row("version 14", handshake(without: ["Sec-WebSocket-Version"], adding: ["Sec-WebSocket-Version: 14"]), 426),
        Row("no version", handshake(without: ["Sec-WebSocket-Version"]), 426),
        Row("two versions", handshake(adding: ["Sec-WebSocket-Version: 8"]), 426),
        Row("no key", handshake(without: ["Sec-WebSocket-Key"]), 400),
        Row("two keys", handshake(adding: ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]), 400),
        Row(
            "a short key",
            handshake(without: ["Sec-WebSocket-Key"], adding: ["Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="]),
            400
        ),
        Row(
            "a key that is no base 64",
            handshake(without: ["Sec-WebSocket-Key"], adding: ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!!=="]),
            400
        ),
        Row("no subprotocol", handshake(without: ["Sec-WebSocket-Protocol"]), 400),
        Row(
            "another subprotocol",
            handshake(without: ["Sec-WebSocket-Protocol"], adding: ["Sec-WebSocket-Protocol: vibetalk.v2"]),
            400
        ),
        Row("two origins", handshake(adding: ["Origin: https://a", "Origin: https://b"]), 400),
        Row("a body", handshake(adding: ["Content-Length: 5"]) + "hello", 400),
        Row("a chunked body", handshake(adding: ["Transfer-Encoding: chunked"]) + "0\r\n\r\n", 400),
        Row("no host", handshake(without: ["Host"]), 400),
        Row("two hosts", handshake(adding: ["Host: b"]), 400),

        Row("another path", handshake("GET /v1/wsx HTTP/1.1"), 404),
        Row("a path below", handshake("GET /v1/ws/ HTTP/1.1"), 404),
        Row("another path that exists stays HTTP", handshake("GET /hello HTTP/1.1"), 200),
    ]

    @Test("matrix", arguments: rows)
    func matrix(_ row: Row) async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.send(row.request)
            let isHead = row.request.hasPrefix("HEAD")
            let answer = try #require(await client.answer(toHead: isHead))
            #expect(answer.status == row.status)
            switch row.status {
            case 101:
                #expect(answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
                #expect(answer.all("Sec-WebSocket-Protocol") == ["vibetalk.v1"])
                #expect(answer.all("Sec-WebSocket-Extensions").isEmpty)
                try await client.send(listenerFrame(1, Array("here".utf8)))
                #expect(await client.frame() == "here")
                client.channel.close(promise: nil)
            case 400, 405, 426:
                ListenerHTTPTests.expectProblem(answer, hasBody: !isHead)
                #expect(await client.rest() == "")
                #expect(bench.handshakes.all.isEmpty)
            default:
                // The router's; the parser has stopped at the upgrade, so the connection must end.
                #expect(answer["Connection"] == "close")
                #expect(await client.rest() == "")
            }
            if row.status == 426 {
                #expect(answer["Sec-WebSocket-Version"] == "13")
                #expect(answer["Upgrade"] == "websocket")
            }
        }
    }

    @Test("the application hears of the handshake what it needs, and nothing of tokens")
    func facts() async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.send(
                handshake(adding: [
                    "Origin: https://chat.example", "Cookie: a=1", "Cookie: session=2", "X-Forwarded-For: 9.9.9.9",
                    "X-Forwarded-For: 10.0.0.1, 10.0.0.2", "User-Agent: test", "Authorization: Bearer secret",
                ])
            )
            #expect(await client.answer()?.status == 101)
            let facts = try #require(bench.handshakes.all.first)
            #expect(facts.host == "chat.example:8080")
            #expect(facts.origin == "https://chat.example")
            #expect(facts.cookie == "a=1; session=2")
            #expect(facts.forwardedFor == "9.9.9.9, 10.0.0.1, 10.0.0.2")
            #expect(facts.userAgent == "test")
            #expect(facts.remoteAddress?.ipAddress == "127.0.0.1")
            client.channel.close(promise: nil)
        }
    }

    @Test("the application may refuse, before the upgrade", arguments: [(429, "rate_limited"), (503, "unavailable")])
    func refused(status: Int, code: String) async throws {
        let refusal = HTTPRefusal(status: status, code: code, detail: "wait a \"moment\"", retryAfterMs: 1_500)
        try await ListenerBench.with(admission: .refuse(refusal)) { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.send(handshake())
            let answer = try #require(await client.answer())
            #expect(answer.status == status)
            #expect(answer["Retry-After"] == "2")
            #expect(answer.body.contains("\"retryAfterMs\":1500"))
            #expect(answer.body.contains("\"code\":\"\(code)\""))
            #expect(answer.body.contains("wait a \\\"moment\\\""))
            ListenerHTTPTests.expectProblem(answer)
            #expect(await client.rest() == "")
            #expect(bench.handshakes.all.isEmpty)
        }
    }

    @Test("frames sent along with the handshake are not lost")
    func early() async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.send(Array(handshake().utf8) + listenerFrame(1, [65]) + listenerFrame(8, [3, 232]))
            #expect(await client.answer()?.status == 101)
            #expect(await client.frame() == "A")
            #expect(await client.frame() == "close 1000")
            #expect(await client.rest() == "")
        }
    }

    @Test("a handshake on a kept connection: the connection ends without an answer, and a new one does it")
    func keptConnection() async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.answer()?.body == "hello")
            try await client.send(handshake())
            #expect(await client.rest() == "")
            let another = try await ListenerClient(port: bench.port)
            try await another.send(handshake())
            #expect(await another.answer()?.status == 101)
            another.channel.close(promise: nil)
        }
    }
}

@Suite("Listener: connections", .timeLimit(.minutes(1)))
struct ListenerConnectionTests {
    @Test("over the limit: 503, and room again when one has gone")
    func limit() async throws {
        var configuration = ListenerBench.configuration
        configuration.maxConnections = 2
        try await ListenerBench.with(configuration) { bench in
            let first = try await ListenerClient(port: bench.port)
            let second = try await ListenerClient(port: bench.port)
            for client in [first, second] {
                try await client.send(handshake())
                #expect(await client.answer()?.status == 101)
            }
            let third = try await ListenerClient(port: bench.port)
            do {
                try await third.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            } catch {
                // It was answered, and closed, before it asked.
            }
            let answer = try #require(await third.answer())
            #expect(answer.status == 503)
            #expect(answer["Retry-After"] == "5")
            ListenerHTTPTests.expectProblem(answer)
            #expect(await third.rest() == "")
            try await first.channel.close()
            while bench.connections.open > 1 { await Task.yield() }
            let fourth = try await ListenerClient(port: bench.port)
            try await fourth.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await fourth.answer()?.status == 200)
            fourth.channel.close(promise: nil)
            second.channel.close(promise: nil)
        }
    }

    @Test("shutdown: WebSockets say goodbye, requests are answered, the rest is closed")
    func shutdown() async throws {
        try await ListenerBench.with { bench in
            let socket = try await ListenerClient(port: bench.port)
            try await socket.send(handshake())
            #expect(await socket.answer()?.status == 101)
            let silent = try await ListenerClient(port: bench.port)
            let kept = try await ListenerClient(port: bench.port)
            try await kept.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await kept.answer()?.status == 200)
            let asking = try await ListenerClient(port: bench.port)
            // The first answer tells that the second request has arrived too.
            try await asking.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await asking.answer()?.body == "hello")

            await bench.shutDown()
            #expect(await silent.rest() == "")
            #expect(await kept.rest() == "")
            #expect(await socket.frame() == "goodbye")
            #expect(await socket.frame() == "close 4203")
            try await socket.send(listenerFrame(8, [0x10, 0x6B]))
            #expect(await socket.rest() == "")
            #expect(bench.events.all == ["quiescing", "closed 4203"])
            bench.release.yield()
            let answer = await asking.answer()
            #expect(answer?.body == "waited")
            #expect(answer?["Connection"] == "close")
            #expect(await asking.rest() == "")
            await bench.connections.drained()
        }
    }

    @Test("shutdown does not hang on a WebSocket that stays, nor on one that does not answer")
    func stubborn() async throws {
        var configuration = ListenerBench.configuration
        configuration.webSocket.quiesceTimeout = .milliseconds(50)
        configuration.webSocket.closeTimeout = .milliseconds(50)
        try await ListenerBench.with(configuration, saysGoodbye: false) { bench in
            let socket = try await ListenerClient(port: bench.port)
            try await socket.send(handshake())
            #expect(await socket.answer()?.status == 101)
            await bench.shutDown()
            #expect(await socket.frame() == "close 4203")
            #expect(await socket.rest() == "")
            await bench.connections.drained()
            #expect(bench.events.all == ["quiescing", "closed 4203"])
        }
    }

    @Test("the limit of open files: raised to the hard one, with a reserve")
    func openFiles() {
        let limit = OpenFileLimit.raise()
        #expect(limit >= 256)
        #expect(OpenFileLimit.raise() == limit)
        #expect(OpenFileLimit.connections(within: 20_000) == 18_000)
        #expect(OpenFileLimit.connections(within: 1_024) == 896)
        #expect(OpenFileLimit.connections(within: 256) == 128)
    }
}
