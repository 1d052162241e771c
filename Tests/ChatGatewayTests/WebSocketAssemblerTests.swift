// Every rule of the frame layer as a row of a table: bytes in, outcomes out. Each row is fed whole, byte by byte and in
// pieces to the state machine alone, and whole to the handler in a channel.
import NIOCore
import Testing

@testable import ChatGateway

@Suite("WebSocket frames and messages")
struct WebSocketAssemblerTests {
    typealias Outcome = MessageAssembler.Outcome

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var outcomes: [Expected]
        var testDescription: String { self.name }
    }

    /// An outcome without the wording of violations.
    enum Expected: Sendable, Equatable {
        case text([UInt8])
        case binary([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(UInt16?)
        case violation(UInt16)

        init?(_ outcome: Outcome) {
            switch outcome {
            case .text(let payload): self = .text(Array(buffer: payload))
            case .binary(let payload): self = .binary(Array(buffer: payload))
            case .ping(let payload): self = .ping(Array(buffer: payload))
            case .pong(let payload): self = .pong(Array(buffer: payload))
            case .close(let code, _): self = .close(code)
            case .violation(let code, _): self = .violation(code)
            case .incomplete: return nil
            }
        }
    }

    static let limits = MessageAssembler.Limits(maxMessageBytes: 1000, maxFragments: 4)

    static let rows: [Row] = messages + headers + fragments + controls + closes + limitRows

    static let messages: [Row] = [
        Row(name: "empty text", bytes: clientFrame(1), outcomes: [.text([])]),
        Row(name: "text", bytes: clientFrame(1, [72, 105]), outcomes: [.text([72, 105])]),
        Row(name: "empty binary", bytes: clientFrame(2), outcomes: [.binary([])]),
        Row(name: "binary is not checked", bytes: clientFrame(2, [0xFF, 0xFE]), outcomes: [.binary([0xFF, 0xFE])]),
        Row(name: "125 bytes", bytes: clientFrame(2, .ramp(125)), outcomes: [.binary(.ramp(125))]),
        Row(name: "126 bytes", bytes: clientFrame(2, .ramp(126)), outcomes: [.binary(.ramp(126))]),
        Row(
            name: "two in a row",
            bytes: clientFrame(1, [65]) + clientFrame(2, [66]),
            outcomes: [.text([65]), .binary([66])]
        ),
        Row(
            name: "a zero key",
            bytes: clientFrame(1, [65, 66], key: [0, 0, 0, 0]),
            outcomes: [.text([65, 66])]
        ),
        Row(name: "invalid UTF-8", bytes: clientFrame(1, [65, 0xC0, 0x80]), outcomes: [.violation(1007)]),
        Row(name: "text that ends early", bytes: clientFrame(1, [65, 0xE2, 0x82]), outcomes: [.violation(1007)]),
    ]

    static let headers: [Row] =
        (1...7).map { rsv in
            Row(name: "RSV \(rsv)", bytes: clientFrame(1, [65], rsv: UInt8(rsv)), outcomes: [.violation(1002)])
        }
        + (1...7).map { rsv in
            Row(name: "RSV \(rsv), ping", bytes: clientFrame(9, [], rsv: UInt8(rsv)), outcomes: [.violation(1002)])
        }
        + [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map { opcode in
            Row(name: "opcode \(opcode)", bytes: clientFrame(opcode), outcomes: [.violation(1002)])
        }
        + [1, 2, 8, 9, 10].map { opcode in
            Row(name: "unmasked \(opcode)", bytes: clientFrame(opcode, [], masked: false), outcomes: [.violation(1002)])
        }
        + [
            Row(
                name: "125 in 16 bits",
                bytes: clientFrame(1, .ascii(125), lengthForm: 16),
                outcomes: [.violation(1002)]
            ),
            Row(
                name: "126 in 64 bits",
                bytes: clientFrame(1, .ascii(126), lengthForm: 64),
                outcomes: [.violation(1002)]
            ),
            Row(
                name: "negative length",
                bytes: [0x81, 0xFF] + [UInt8](repeating: 0xFF, count: 8),
                outcomes: [.violation(1002)]
            ),
        ]

    static let fragments: [Row] = [
        Row(
            name: "two fragments",
            bytes: clientFrame(1, [72], fin: false) + clientFrame(0, [105]),
            outcomes: [.text([72, 105])]
        ),
        Row(
            name: "empty fragments",
            bytes: clientFrame(2, fin: false) + clientFrame(0, fin: false) + clientFrame(0),
            outcomes: [.binary([])]
        ),
        Row(
            name: "a ping between fragments",
            bytes: clientFrame(1, [72], fin: false) + clientFrame(9, [1]) + clientFrame(0, [105]),
            outcomes: [.ping([1]), .text([72, 105])]
        ),
        Row(
            name: "a code point across fragments",
            bytes: clientFrame(1, [0xE2], fin: false) + clientFrame(0, [0x82], fin: false) + clientFrame(0, [0xAC]),
            outcomes: [.text([0xE2, 0x82, 0xAC])]
        ),
        Row(
            name: "wrong at once in a fragment",
            bytes: clientFrame(1, [0xED], fin: false) + clientFrame(0, [0xA0], fin: false),
            outcomes: [.violation(1007)]
        ),
        Row(name: "continuation of nothing", bytes: clientFrame(0, [65]), outcomes: [.violation(1002)]),
        Row(
            name: "continuation of nothing, open",
            bytes: clientFrame(0, [65], fin: false),
            outcomes: [.violation(1002)]
        ),
        Row(
            name: "continuation of a whole message",
            bytes: clientFrame(1, [65]) + clientFrame(0, [66]),
            outcomes: [.text([65]), .violation(1002)]
        ),
        Row(
            name: "text within a message",
            bytes: clientFrame(1, [65], fin: false) + clientFrame(1, [66]),
            outcomes: [.violation(1002)]
        ),
        Row(
            name: "binary within a message",
            bytes: clientFrame(1, [65], fin: false) + clientFrame(2, [66], fin: false),
            outcomes: [.violation(1002)]
        ),
    ]

    static let controls: [Row] = [
        Row(name: "ping", bytes: clientFrame(9, [1, 2]), outcomes: [.ping([1, 2])]),
        Row(name: "pong", bytes: clientFrame(10, [3]), outcomes: [.pong([3])]),
        Row(name: "ping of 125", bytes: clientFrame(9, .ramp(125)), outcomes: [.ping(.ramp(125))]),
        Row(name: "ping of 126", bytes: clientFrame(9, .ramp(126)), outcomes: [.violation(1002)]),
        Row(name: "pong of 70,000", bytes: clientFrame(10, .ramp(70_000)), outcomes: [.violation(1002)]),
        Row(name: "close of 126", bytes: clientFrame(8, closeBody(1000, .ascii(124))), outcomes: [.violation(1002)]),
        Row(name: "ping in fragments", bytes: clientFrame(9, [1], fin: false), outcomes: [.violation(1002)]),
        Row(name: "pong in fragments", bytes: clientFrame(10, [1], fin: false), outcomes: [.violation(1002)]),
        Row(name: "close in fragments", bytes: clientFrame(8, [], fin: false), outcomes: [.violation(1002)]),
    ]

    static let closes: [Row] =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map { code in
            Row(name: "close \(code)", bytes: clientFrame(8, closeBody(code, [111, 107])), outcomes: [.close(code)])
        }
        + [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map { code in
            Row(name: "close \(code)", bytes: clientFrame(8, closeBody(code)), outcomes: [.violation(1002)])
        }
        + [
            Row(name: "close without a body", bytes: clientFrame(8), outcomes: [.close(nil)]),
            Row(name: "close of one byte", bytes: clientFrame(8, [3]), outcomes: [.violation(1002)]),
            Row(name: "close of 125", bytes: clientFrame(8, closeBody(1000, .ascii(123))), outcomes: [.close(1000)]),
            Row(
                name: "close with a bad reason",
                bytes: clientFrame(8, closeBody(1000, [0xCE, 0xBA, 0xED, 0xA0, 0x80])),
                outcomes: [.violation(1007)]
            ),
            Row(
                name: "close with half a character",
                bytes: clientFrame(8, closeBody(1000, [0xE2, 0x82])),
                outcomes: [.violation(1007)]
            ),
            Row(
                name: "nothing after a close",
                bytes: clientFrame(8, closeBody(1000)) + clientFrame(1, [65]) + clientFrame(9),
                outcomes: [.close(1000)]
            ),
            Row(
                name: "nothing after a violation",
                bytes: clientFrame(3) + clientFrame(1, [65]),
                outcomes: [.violation(1002)]
            ),
            Row(
                name: "close within a message",
                bytes: clientFrame(1, [65], fin: false) + clientFrame(8, closeBody(1001)),
                outcomes: [.close(1001)]
            ),
        ]

    static let limitRows: [Row] = [
        Row(name: "as large as may be", bytes: clientFrame(1, .ascii(1000)), outcomes: [.text(.ascii(1000))]),
        Row(name: "a byte too large, header only", bytes: clientHeader(1, 1001), outcomes: [.violation(1009)]),
        Row(name: "64 bits too large, header only", bytes: clientHeader(2, 1 << 40), outcomes: [.violation(1009)]),
        Row(name: "the largest length there is", bytes: clientHeader(2, .max), outcomes: [.violation(1009)]),
        Row(
            name: "assembled as large as may be",
            bytes: clientFrame(2, .ramp(600), fin: false) + clientFrame(0, .ramp(400)),
            outcomes: [.binary(.ramp(600) + .ramp(400))]
        ),
        Row(
            name: "assembled a byte too large, header only",
            bytes: clientFrame(2, .ramp(600), fin: false) + clientHeader(0, 401, fin: false),
            outcomes: [.violation(1009)]
        ),
        Row(
            name: "as many fragments as may be",
            bytes: clientFrame(2, [1], fin: false) + clientFrame(0, [2], fin: false) + clientFrame(0, [3], fin: false)
                + clientFrame(0, [4]),
            outcomes: [.binary([1, 2, 3, 4])]
        ),
        Row(
            name: "a fragment too many, header only",
            bytes: clientFrame(2, fin: false) + clientFrame(0, fin: false) + clientFrame(0, fin: false)
                + clientFrame(0, fin: false) + clientHeader(0, 0).prefix(2),
            outcomes: [.violation(1009)]
        ),
        Row(
            name: "each message has its own bounds",
            bytes: clientFrame(2, .ramp(900), fin: false) + clientFrame(0) + clientFrame(2, .ramp(900)),
            outcomes: [.binary(.ramp(900)), .binary(.ramp(900))]
        ),
    ]

    @Test("rules, fed in pieces of", arguments: rows, [Int.max, 1, 7])
    func rule(_ row: Row, pieceBytes: Int) {
        var assembler = MessageAssembler(limits: Self.limits)
        #expect(Self.feed(row.bytes, pieceBytes, to: &assembler) == row.outcomes)
        if row.outcomes.contains(where: { if case .violation = $0 { true } else { false } }) {
            #expect(assembler.bufferedBytes == 0)
        }
    }

    @Test("rules, over a channel", arguments: rows)
    func ruleOverChannel(_ row: Row) throws {
        var configuration = WebSocketHandler.Configuration()
        configuration.maxMessageBytes = Self.limits.maxMessageBytes
        configuration.maxFragments = Self.limits.maxFragments
        let bench = try HandlerBench(configuration)
        try bench.receive(row.bytes)

        var heard: [WebSocketInbound] = []
        var frames: [ServerFrame] = []
        for outcome in row.outcomes {
            switch outcome {
            case .text(let bytes): heard.append(.text(ByteBuffer(bytes: bytes)))
            case .binary(let bytes): heard.append(.binary(ByteBuffer(bytes: bytes)))
            case .ping(let bytes):
                heard.append(.ping)
                frames.append(.pong(bytes))
            case .pong(let bytes): heard.append(.pong(ByteBuffer(bytes: bytes)))
            case .close(let code):
                heard.append(.closed(code: code ?? 1005))
                frames.append(code.map { .close($0) } ?? ServerFrame(opcode: 8, payload: []))
            case .violation(let code):
                heard.append(.closed(code: code))
                frames.append(.close(code))
            }
        }
        #expect(bench.application.heard == heard)
        let sent = try bench.sent()
        #expect(sent.map(\.opcode) == frames.map(\.opcode))
        #expect(sent.map { $0.closeCode } == frames.map { $0.closeCode })
        #expect(sent.filter { $0.opcode != 8 } == frames.filter { $0.opcode != 8 })
        #expect(sent.allSatisfy { !$0.isMasked && $0.isFinal && $0.rsv == 0 })
    }

    @Test("a promise of 64 KiB costs what has come of it")
    func promiseCostsNothing() {
        var assembler = MessageAssembler()
        var input = ByteBuffer(bytes: clientHeader(2, 65_536) + [1, 2, 3, 4] + [5])
        #expect(assembler.next(&input) == .incomplete)
        #expect(assembler.bufferedBytes == 1)
        #expect(!assembler.isIdle)
        #expect(input.readableBytes == 0)
    }

    @Test("text is refused at its first wrong byte, before its frame is whole")
    func failsWithinFrame() {
        var assembler = MessageAssembler()
        var input = ByteBuffer(bytes: clientFrame(1, [65, 0xF4, 0x90] + .ascii(50)).prefix(6 + 3))
        #expect(Expected(assembler.next(&input)) == .violation(1007))
    }

    @Test("idle between messages, not within")
    func idle() {
        var assembler = MessageAssembler()
        #expect(assembler.isIdle)
        #expect(Self.feed(clientFrame(1, [65], fin: false), .max, to: &assembler) == [])
        #expect(!assembler.isIdle)
        #expect(Self.feed(clientFrame(9), .max, to: &assembler) == [.ping([])])
        #expect(!assembler.isIdle)
        #expect(Self.feed(clientFrame(0, [66]), .max, to: &assembler) == [.text([65, 66])])
        #expect(assembler.isIdle)
    }

    /// Feeds the bytes in pieces and lists what came of them.
    static func feed(_ bytes: [UInt8], _ pieceBytes: Int, to assembler: inout MessageAssembler) -> [Expected] {
        var outcomes: [Expected] = []
        var input = ByteBuffer()
        var rest = bytes[...]
        while !rest.isEmpty {
            input.writeBytes(rest.prefix(pieceBytes))
            rest = rest.dropFirst(pieceBytes)
            while let outcome = Expected(assembler.next(&input)) {
                outcomes.append(outcome)
            }
        }
        return outcomes
    }
}

extension [UInt8] {
    /// 0, 1, 2 … 255, 0 …
    static func ramp(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 & 0xFF) } }
    /// Letters.
    static func ascii(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(97 + $0 % 26) } }

    init(buffer: ByteBuffer) { self = Array(buffer.readableBytesView) }
}
