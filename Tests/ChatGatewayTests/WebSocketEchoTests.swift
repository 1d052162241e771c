// What Autobahn's test suite asks in its sections 1 to 7 and 10, asked of the echo server over real TCP.
import NIOCore
import Testing

@testable import ChatGateway

@Suite("WebSocket echo over TCP", .timeLimit(.minutes(2)))
struct WebSocketEchoTests {
    /// How the bytes of an exchange are cut into packets.
    static let chops = [Int.max, 997, 1]

    struct Exchange: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        /// What the server sends, its close frame and the end of the connection included.
        var frames: [ServerFrame]
        var testDescription: String { self.name }

        /// An exchange after which the connection is still good: the server closes because the client does.
        init(_ name: String, _ bytes: [UInt8], echoes frames: [ServerFrame]) {
            self.name = name
            self.bytes = bytes + clientFrame(8, closeBody(1000))
            self.frames = frames + [.close(1000)]
        }

        /// An exchange that ends with the server's close.
        init(_ name: String, _ bytes: [UInt8], echoes frames: [ServerFrame] = [], fails code: UInt16) {
            self.name = name
            self.bytes = bytes
            self.frames = frames + [.close(code)]
        }
    }

    /// The beginning of a handshake.
    static let upgrade = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

    // MARK: 1 Framing

    static let framing: [Exchange] = [0, 125, 126, 127, 128, 65_535, 65_536].flatMap { size -> [Exchange] in
        [
            Exchange("1.1 text of \(size)", clientFrame(1, .ascii(size)), echoes: [.text(.ascii(size))]),
            Exchange("1.2 binary of \(size)", clientFrame(2, .ramp(size)), echoes: [.binary(.ramp(size))]),
        ]
    }

    // MARK: 2 Pings and pongs

    static let pings: [Exchange] = [
        Exchange("2.1 ping without payload", clientFrame(9), echoes: [.pong([])]),
        Exchange("2.2 ping with payload", clientFrame(9, .ascii(20)), echoes: [.pong(.ascii(20))]),
        Exchange(
            "2.3 ping with bytes that are no text",
            clientFrame(9, [0, 0xFF, 0xFE, 0xFD]),
            echoes: [.pong([0, 0xFF, 0xFE, 0xFD])]
        ),
        Exchange("2.4 ping of 125", clientFrame(9, .ramp(125)), echoes: [.pong(.ramp(125))]),
        Exchange("2.5 ping of 126", clientFrame(9, .ramp(126)), fails: 1002),
        Exchange("2.7 unsolicited pong", clientFrame(10), echoes: []),
        Exchange("2.8 unsolicited pong with payload", clientFrame(10, .ascii(5)), echoes: []),
        Exchange("2.9 pong, ping", clientFrame(10, [1]) + clientFrame(9, [2]), echoes: [.pong([2])]),
        Exchange("2.10 ten pings", (0..<10).flatMap { clientFrame(9, [$0]) }, echoes: (0..<10).map { .pong([$0]) }),
    ]

    // MARK: 3 Reserved bits, 4 opcodes

    static let reserved: [Exchange] =
        (1...7).map { rsv in
            Exchange(
                "3.\(rsv) text, then RSV \(rsv)",
                clientFrame(1, [65]) + clientFrame(1, [66], rsv: UInt8(rsv)) + clientFrame(9),
                echoes: [.text([65])],
                fails: 1002
            )
        }
        + [8, 9, 10].map { Exchange("3 RSV on \($0)", clientFrame($0, [], rsv: 4), fails: 1002) }
    static let opcodes: [Exchange] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap { opcode -> [Exchange] in
        [
            Exchange("4 opcode \(opcode)", clientFrame(opcode), fails: 1002),
            Exchange(
                "4 text, then opcode \(opcode) with payload, then ping",
                clientFrame(1, [65]) + clientFrame(opcode, [66]) + clientFrame(9),
                echoes: [.text([65])],
                fails: 1002
            ),
        ]
    }

    // MARK: 5 Fragmentation

    static let fragmentation: [Exchange] = [
        Exchange("5.1 ping in fragments", clientFrame(9, [1], fin: false) + clientFrame(0, [2]), fails: 1002),
        Exchange("5.2 pong in fragments", clientFrame(10, [1], fin: false) + clientFrame(0, [2]), fails: 1002),
        Exchange(
            "5.3 two fragments",
            clientFrame(1, [65], fin: false) + clientFrame(0, [66]),
            echoes: [.text([65, 66])]
        ),
        Exchange(
            "5.6 ping between fragments",
            clientFrame(1, [65], fin: false) + clientFrame(9, [1]) + clientFrame(0, [66]),
            echoes: [.pong([1]), .text([65, 66])]
        ),
        Exchange("5.9 continuation of nothing", clientFrame(0, [65]) + clientFrame(1, [66]), fails: 1002),
        Exchange(
            "5.10 open continuation of nothing",
            clientFrame(0, [65], fin: false) + clientFrame(1, [66]),
            fails: 1002
        ),
        Exchange(
            "5.15 a message, then a continuation",
            clientFrame(1, [65], fin: false) + clientFrame(0, [66]) + clientFrame(0, [67], fin: false)
                + clientFrame(1, [68]),
            echoes: [.text([65, 66])],
            fails: 1002
        ),
        Exchange("5.18 two beginnings", clientFrame(1, [65], fin: false) + clientFrame(1, [66]), fails: 1002),
        Exchange(
            "5.19 five fragments, two pings",
            clientFrame(1, [65], fin: false) + clientFrame(0, [66], fin: false) + clientFrame(9, [1])
                + clientFrame(0, [67], fin: false) + clientFrame(0, [68], fin: false) + clientFrame(9, [2])
                + clientFrame(0, [69]),
            echoes: [.pong([1]), .pong([2]), .text([65, 66, 67, 68, 69])]
        ),
        Exchange(
            "5 as many fragments as may be",
            clientFrame(2, [1], fin: false) + (0..<254).flatMap { _ in clientFrame(0, [1], fin: false) }
                + clientFrame(0, [1]),
            echoes: [.binary([UInt8](repeating: 1, count: 256))]
        ),
        Exchange(
            "5 a fragment too many",
            clientFrame(2, [1], fin: false) + (0..<256).flatMap { _ in clientFrame(0, [1], fin: false) },
            fails: 1009
        ),
    ]

    // MARK: 6 UTF-8

    static let texts: [Exchange] =
        WebSocketUTF8Tests.rows.map { row in
            row.wrongAt == nil && row.isComplete
                ? Exchange("6 valid \(row.testDescription)", clientFrame(1, row.bytes), echoes: [.text(row.bytes)])
                : Exchange("6 invalid \(row.testDescription)", clientFrame(1, row.bytes), fails: 1007)
        }
        + [
            Exchange(
                "6.2 a character in fragments of one byte",
                fragments(Array("Hello-µ@ßöäüàá-UTF-8!!".utf8), of: 1),
                echoes: [.text("Hello-µ@ßöäüàá-UTF-8!!")]
            ),
            Exchange(
                "6.2 empty fragments",
                clientFrame(1, fin: false) + clientFrame(0, fin: false) + clientFrame(0),
                echoes: [.text([])]
            ),
            Exchange(
                "6.3 wrong in the middle of fragments",
                fragments(Array("κόσμε".utf8) + [0xED, 0xA0, 0x80] + [101], of: 1),
                fails: 1007
            ),
            // Fails at once, though the frame promises more (6.4).
            Exchange(
                "6.4 wrong in an unfinished frame",
                Array(clientFrame(1, Array("κόσμε".utf8) + [0xF4, 0x90] + .ascii(100)).prefix(6 + 13)),
                fails: 1007
            ),
        ]

    // MARK: 7 Closing

    static let closing: [Exchange] =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map { code in
            Exchange("7.7 close \(code)", clientFrame(8, closeBody(code)), fails: code)
        }
        + [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535].map { code in
            Exchange("7.9 close \(code)", clientFrame(8, closeBody(code)), fails: 1002)
        }
        + [
            Exchange(
                "7.1.2 two closes",
                clientFrame(8, closeBody(1000)) + clientFrame(8, closeBody(1001)),
                fails: 1000
            ),
            Exchange("7.1.3 ping after close", clientFrame(8, closeBody(1000)) + clientFrame(9), fails: 1000),
            Exchange("7.1.4 text after close", clientFrame(8, closeBody(1000)) + clientFrame(1, [65]), fails: 1000),
            Exchange(
                "7.1.5 close within a message",
                clientFrame(1, [65], fin: false) + clientFrame(8, closeBody(1000)) + clientFrame(0, [66]),
                fails: 1000
            ),
            Exchange("7.3.2 close of one byte", clientFrame(8, [3]), fails: 1002),
            Exchange("7.3.5 close of 125", clientFrame(8, closeBody(1000, .ascii(123))), fails: 1000),
            Exchange("7.3.6 close of 126", clientFrame(8, closeBody(1000, .ascii(124))), fails: 1002),
            Exchange(
                "7.5 reason that is no text",
                clientFrame(8, closeBody(1000, [0xCE, 0xBA, 0xED, 0xA0])),
                fails: 1007
            ),
        ]

    // MARK: 9/10 Limits, and messages in many pieces

    static let limits: [Exchange] = [
        Exchange("9 a byte too large", clientHeader(1, 65_537) + [0, 0, 0, 0], fails: 1009),
        Exchange("9 an absurd length", clientHeader(2, 1 << 60) + [0, 0, 0, 0], fails: 1009),
        Exchange(
            "9 assembled a byte too large",
            clientFrame(2, .ramp(65_536), fin: false) + clientFrame(0, [1]),
            fails: 1009
        ),
        Exchange(
            "10.1 65,536 bytes in fragments of 1,300",
            fragments(.ascii(65_536), of: 1_300),
            echoes: [.text(.ascii(65_536))]
        ),
        Exchange("unmasked", clientFrame(1, [65], masked: false), fails: 1002),
    ]

    @Test("frames in packets of", arguments: framing + pings + reserved + opcodes + fragmentation + limits, chops)
    func frames(_ exchange: Exchange, packetBytes: Int) async throws {
        // A packet for each of 65,536 bytes proves no more than one for each of 128, and takes minutes.
        guard packetBytes > 1 || exchange.bytes.count < 4_000 else { return }
        try await self.run(exchange, packetBytes)
    }

    @Test("texts and closes in packets of", arguments: texts + closing, [Int.max, 1])
    func textsAndCloses(_ exchange: Exchange, packetBytes: Int) async throws {
        try await self.run(exchange, packetBytes)
    }

    @Test("7.3.1 a close without a body is answered with one")
    func emptyClose() async throws {
        try await Self.withServer { server in
            let client = try await RawClient.open(port: server.port)
            try await client.send(clientFrame(8))
            #expect(await client.readFrames() == [ServerFrame(opcode: 8, payload: [])])
        }
    }

    @Test("frames that follow the request in the same packet are not lost")
    func earlyFrames() async throws {
        try await Self.withServer { server in
            let client = try await RawClient.connect(port: server.port)
            let request = """
                GET /any/path?at=all HTTP/1.1\r
                Host: a\r
                Upgrade: WebSocket\r
                Connection: keep-alive, Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Extensions: permessage-deflate\r
                \r\n
                """
            try await client.send(Array(request.utf8) + clientFrame(1, [65]) + clientFrame(8, closeBody(1000)))
            let head = await client.readHead()
            #expect(head.hasPrefix("HTTP/1.1 101"))
            #expect(head.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
            #expect(!head.lowercased().contains("extensions"))
            #expect(await client.readFrames() == [.text([65]), .close(1000)])
        }
    }

    @Test(
        "a request that is no handshake is refused",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "426"),
            (
                upgrade + "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                "426"
            ),
            (
                upgrade + "Sec-WebSocket-Version: 13\r\n\r\n",
                "400"
            ),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "405"),
            ("nonsense\r\n\r\n", "400"),
        ]
    )
    func refusals(request: String, status: String) async throws {
        try await Self.withServer { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Array(request.utf8))
            #expect(await client.readHead().hasPrefix("HTTP/1.1 \(status)"))
            await client.readToEnd()
        }
    }

    @Test("a client that sends without reading is held back, and loses nothing")
    func backPressure() async throws {
        try await Self.withServer { server in
            let client = try await RawClient.open(port: server.port)
            // Far more than both sockets hold.
            let count = 400
            let frame = clientFrame(2, .ramp(60_000))
            try await client.channel.setOption(.autoRead, value: false).get()
            let sending = (0..<count).map { _ in client.channel.writeAndFlush(ByteBuffer(bytes: frame)) }
            try await client.channel.setOption(.autoRead, value: true).get()
            for _ in 0..<count {
                #expect(await client.readFrame() == .binary(.ramp(60_000)))
            }
            for future in sending { try await future.get() }
            client.close()
        }
    }

    // MARK: -

    /// A message as a sequence of fragments.
    static func fragments(_ payload: [UInt8], of count: Int) -> [UInt8] {
        var frames: [UInt8] = []
        var rest = payload[...]
        var opcode: UInt8 = 1
        while !rest.isEmpty {
            let piece = rest.prefix(count)
            rest = rest.dropFirst(count)
            frames += clientFrame(opcode, Array(piece), fin: rest.isEmpty)
            opcode = 0
        }
        return frames
    }

    private func run(_ exchange: Exchange, _ packetBytes: Int) async throws {
        try await Self.withServer { server in
            let client = try await RawClient.open(port: server.port)
            do {
                try await client.send(exchange.bytes, piecesOf: packetBytes)
            } catch {
                // The server may have closed before it took everything: that is its right after a violation.
            }
            let frames = await client.readFrames()
            #expect(frames.map(\.closeCode) == exchange.frames.map(\.closeCode))
            #expect(frames.filter { $0.opcode != 8 } == exchange.frames.filter { $0.opcode != 8 })
            #expect(frames.allSatisfy { !$0.isMasked && $0.isFinal && $0.rsv == 0 })
        }
    }

    static func withServer(
        maxFrameBytes: Int = 65_536,
        _ body: (EchoServer) async throws -> Void
    ) async throws {
        // On a busy machine a thousand packets may take longer than a peer is given; that is another test's subject.
        var configuration = WebSocketHandler.Configuration()
        configuration.unfinishedTimeout = .minutes(5)
        let server = try await EchoServer.start(port: 0, maxFrameBytes: maxFrameBytes, configuration: configuration)
        do {
            try await body(server)
        } catch {
            try await server.shutdown()
            throw error
        }
        try await server.shutdown()
    }
}
