// HTTP over a raw socket: what must be refused before anybody reads it, what must be served, and who is too slow.
import ChatGateway
import NIOCore
import Testing

@testable import ChatServer

@Suite("Listener: HTTP", .timeLimit(.minutes(1)))
struct ListenerHTTPTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var request: String
        var status: Int
        var testDescription: String { self.name }

        init(_ name: String, _ request: String, _ status: Int = 400) {
            self.name = name
            self.request = request
            self.status = status
        }
    }

    static let post = "POST /count HTTP/1.1\r\nHost: a\r\n"
    static let get = "GET /hello HTTP/1.1\r\nHost: a\r\n"

    static let refused: [Row] = [
        // Smuggling.
        Row(
            "Content-Length and Transfer-Encoding",
            post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        Row(
            "Transfer-Encoding and Content-Length",
            post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
        ),
        Row("two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        Row("the same length twice", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        Row("a list of lengths", post + "Content-Length: 5, 5\r\n\r\nhello"),
        Row("a signed length", post + "Content-Length: +5\r\n\r\nhello"),
        Row("a negative length", post + "Content-Length: -5\r\n\r\nhello"),
        Row("a hexadecimal length", post + "Content-Length: 0x5\r\n\r\nhello"),
        Row("an absurd length", post + "Content-Length: 99999999999999999999999\r\n\r\n"),
        Row("an empty length", post + "Content-Length: \r\n\r\n"),
        Row("chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        Row("two encodings", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        Row("identity", post + "Transfer-Encoding: identity\r\n\r\n"),
        Row("chunked, nearly", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        Row("chunked in HTTP/1.0", "POST /count HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Row("a folded field", get + "X-Long: a\r\n b\r\n\r\n"),
        Row("a folded first field", "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n"),
        Row("bare line feeds", "GET /hello HTTP/1.1\nHost: a\n\n"),
        Row("a bare line feed behind a field", "GET /hello HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
        Row("a bare line feed at the end", "GET /hello HTTP/1.1\r\nHost: a\r\n\n"),
        Row("a bare carriage return", "GET /hello HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"),
        Row("space before the colon", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n"),
        Row("space in a name", get + "X Y: b\r\n\r\n"),
        Row("no name", get + ": b\r\n\r\n"),
        Row("no colon", get + "nonsense\r\n\r\n"),
        Row("NUL in a value", get + "X: a\0b\r\n\r\n"),
        Row("a chunk size that is none", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n"),
        Row("a chunk that is too long", post + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n"),
        Row("a chunk with a bare line feed", post + "Transfer-Encoding: chunked\r\n\r\n2\nab\n0\n\n"),
        Row("an absurd chunk size", post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
        // Methods.
        Row("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405),
        Row("TRACE", "TRACE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        Row("a method nobody knows", "FOO /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        Row("a method in lower case", "get /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        // Lines and versions.
        Row("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Row("HTTP/3.0", "GET /hello HTTP/3.0\r\nHost: a\r\n\r\n"),
        Row("no version", "GET /hello\r\n\r\n"),
        Row("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}"),
        Row("a space in the address", "GET /hel lo HTTP/1.1\r\nHost: a\r\n\r\n"),
        Row("no host", "GET /hello HTTP/1.1\r\n\r\n"),
        Row("two hosts", get + "Host: b\r\n\r\n"),
        // Sizes.
        Row(
            "an address of 4,097 bytes",
            "GET /\(String(repeating: "a", count: 4_096)) HTTP/1.1\r\nHost: a\r\n\r\n",
            414
        ),
        Row(
            "an address of 20,000 bytes",
            "GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
            431
        ),
        Row("a field of 17,000 bytes", get + "X: \(String(repeating: "a", count: 17_000))\r\n\r\n", 431),
        Row(
            "fields of 17,000 bytes together",
            get + (0..<10).map { "X-\($0): \(String(repeating: "a", count: 1_700))\r\n" }.joined() + "\r\n",
            431
        ),
        Row("101 fields", get + (0..<100).map { "X-\($0): a\r\n" }.joined() + "\r\n", 431),
        Row("a hundred thousand tiny fields", get + String(repeating: "a:b\r\n", count: 100_000), 431),
    ]

    /// A request with another one hidden behind it: of a refused connection nothing more is served.
    static let behind = "GET /hello HTTP/1.1\r\nHost: smuggled\r\n\r\n"

    @Test("refused", arguments: refused)
    func refusal(_ row: Row) async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            do {
                try await client.send(row.request + Self.behind)
            } catch {
                // It may hang up before it has read all.
            }
            let answer = try #require(await client.answer())
            #expect(answer.status == row.status)
            Self.expectProblem(answer)
            #expect(await client.rest() == "")
        }
    }

    @Test("refused when it comes byte by byte too", arguments: refused.filter { $0.request.utf8.count < 300 })
    func refusalInPieces(_ row: Row) async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            do {
                client.sendBytewise(row.request)
                // What is only noticed with the next byte.
                try await client.send(Self.behind)
            } catch {
                // It hangs up at the first wrong byte.
            }
            let answer = try #require(await client.answer())
            #expect(answer.status == row.status)
            Self.expectProblem(answer)
            #expect(await client.rest() == "")
        }
    }

    @Test("one after the other on one connection, and pipelined")
    func keepAlive() async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            for _ in 0..<3 {
                try await client.send(Self.get + "\r\n")
                let answer = await client.answer()
                #expect(answer?.body == "hello")
                #expect(answer?["Connection"] != "close")
            }
            try await client.send(
                Self.post + "Content-Length: 3\r\n\r\nabc" + Self.get + "\r\n" + Self.post
                    + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1;x=y\r\ne\r\n0\r\n\r\n" + Self.get
                    + "Connection: close\r\n\r\n" + Self.behind
            )
            #expect(await client.answer()?.body == "3")
            #expect(await client.answer()?.body == "hello")
            #expect(await client.answer()?.body == "5")
            let last = await client.answer()
            #expect(last?.body == "hello")
            #expect(last?["Connection"] == "close")
            #expect(await client.rest() == "")
        }
    }

    @Test("a refusal waits for the answers before it")
    func refusalInOrder() async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.send(
                "GET /wait HTTP/1.1\r\nHost: a\r\n\r\nTRACE / HTTP/1.1\r\nHost: a\r\n\r\n" + Self.behind
            )
            bench.release.yield()
            #expect(await client.answer()?.body == "waited")
            let refusal = try #require(await client.answer())
            #expect(refusal.status == 405)
            Self.expectProblem(refusal)
            #expect(await client.rest() == "")
        }
    }

    @Test("a hundred fields, an address of 4,096 bytes and 16 KiB of header are served")
    func largest() async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.send(Self.get + (0..<99).map { "X-\($0): a\r\n" }.joined() + "\r\n")
            #expect(await client.answer()?.status == 200)
            try await client.send("GET /\(String(repeating: "a", count: 4_095)) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.answer()?.status == 404)
            try await client.send(Self.get + "X: \(String(repeating: "a", count: 16_000))\r\n\r\n")
            #expect(await client.answer()?.status == 200)
            client.channel.close(promise: nil)
        }
    }

    @Test("HEAD, HTTP/1.0, Expect and an offer of HTTP/2")
    func others() async throws {
        try await ListenerBench.with { bench in
            let old = try await ListenerClient(port: bench.port)
            try await old.send("GET /hello HTTP/1.0\r\n\r\n")
            #expect(await old.answer()?.body == "hello")
            #expect(await old.rest() == "")

            let patient = try await ListenerClient(port: bench.port)
            try await patient.send(Self.post + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            #expect(await patient.answer()?.status == 100)
            try await patient.send("abc")
            #expect(await patient.answer()?.body == "3")
            patient.channel.close(promise: nil)

            let modern = try await ListenerClient(port: bench.port)
            try await modern.send(
                Self.get + "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\n\r\n"
            )
            let answer = await modern.answer()
            #expect(answer?.body == "hello")
            #expect(answer?["Connection"] == "close")
            #expect(await modern.rest() == "")
        }
    }

    @Test("a client that says no more but listens gets its answer")
    func halfClosed() async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.channel.setOption(.allowRemoteHalfClosure, value: true).get()
            try await client.send(Self.get + "\r\n")
            try await client.channel.close(mode: .output)
            #expect(await client.answer()?.body == "hello")
        }
    }

    // MARK: - Too slow (the times themselves are the gate's tests)

    @Test(
        "a body that comes too slowly: 408",
        arguments: ["Content-Length: 100000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"]
    )
    func slowBody(beginning: String) async throws {
        var configuration = ListenerBench.configuration
        configuration.bodyWindow = .milliseconds(150)
        try await ListenerBench.with(configuration) { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.send(Self.post + beginning)
            let answer = try #require(await client.answer())
            #expect(answer.status == 408)
            Self.expectProblem(answer)
            #expect(await client.rest() == "")
        }
    }

    @Test("a connection that says nothing is closed without a word")
    func silent() async throws {
        var configuration = ListenerBench.configuration
        configuration.headerTimeout = .milliseconds(100)
        try await ListenerBench.with(configuration) { bench in
            let client = try await ListenerClient(port: bench.port)
            #expect(await client.rest() == "")
        }
    }

    @Test("a client that hangs up within a body: the application does not take the beginning for the whole")
    func truncated() async throws {
        try await ListenerBench.with { bench in
            let client = try await ListenerClient(port: bench.port)
            try await client.send("POST /record HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
            while !bench.events.all.contains("began") { await Task.yield() }
            try await client.channel.close()
            while bench.events.all.count < 2 { await Task.yield() }
            #expect(bench.events.all == ["began", "failed"])
        }
    }

    /// A refusal of the listener: problem+json, security headers, and the end of the connection.
    static func expectProblem(_ answer: ListenerClient.Answer, hasBody: Bool = true) {
        #expect(answer["Content-Type"] == "application/problem+json")
        for (name, value) in ListenerBench.securityHeaders {
            #expect(answer.all(name) == [value])
        }
        #expect(answer["Cache-Control"] == "no-store")
        #expect(answer["Connection"]?.hasPrefix("close") == true)
        #expect(answer["Server"] == nil)
        #expect(answer["Date"]?.hasSuffix(" GMT") == true)
        guard hasBody else {
            #expect(answer.body == "")
            return
        }
        for field in ["\"type\":", "\"title\":", "\"status\":\(answer.status)", "\"code\":\"", "\"detail\":\""] {
            #expect(answer.body.contains(field), "\(field) in \(answer.body)")
        }
    }
}
