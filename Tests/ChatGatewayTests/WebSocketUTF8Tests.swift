// The UTF-8 check against the table of Unicode's standard (3-7), in every way to split it, and against the standard
// library on random bytes.
import Testing

@testable import ChatGateway

@Suite("WebSocket UTF-8")
struct WebSocketUTF8Tests {
    struct Row: Sendable, CustomTestStringConvertible {
        var bytes: [UInt8]
        /// How many bytes can be taken before it is certain that it is wrong; nil if all can.
        var wrongAt: Int?
        var isComplete = true
        var testDescription: String { self.bytes.map { String($0, radix: 16) }.joined(separator: " ") }
    }

    static let rows: [Row] = [
        Row(bytes: []),
        Row(bytes: [0x00]),
        Row(bytes: [0x7F]),
        Row(bytes: Array("κόσμε — 東京 🦀 ascii after it all".utf8)),
        Row(bytes: [0xC2, 0x80]),
        Row(bytes: [0xDF, 0xBF]),
        Row(bytes: [0xE0, 0xA0, 0x80]),
        Row(bytes: [0xED, 0x9F, 0xBF]),
        Row(bytes: [0xEE, 0x80, 0x80]),
        Row(bytes: [0xEF, 0xBF, 0xBF]),
        Row(bytes: [0xF0, 0x90, 0x80, 0x80]),
        Row(bytes: [0xF4, 0x8F, 0xBF, 0xBF]),
        // Continuation bytes, and bytes that never occur.
        Row(bytes: [0x80], wrongAt: 0),
        Row(bytes: [0xBF], wrongAt: 0),
        Row(bytes: [0xFE], wrongAt: 0),
        Row(bytes: [0xFF], wrongAt: 0),
        Row(bytes: [0xF5, 0x80, 0x80, 0x80], wrongAt: 0),
        Row(bytes: [0xF8, 0x88, 0x80, 0x80, 0x80], wrongAt: 0),
        // Overlong forms.
        Row(bytes: [0xC0, 0xAF], wrongAt: 0),
        Row(bytes: [0xC1, 0xBF], wrongAt: 0),
        Row(bytes: [0xE0, 0x80, 0xAF], wrongAt: 1),
        Row(bytes: [0xE0, 0x9F, 0xBF], wrongAt: 1),
        Row(bytes: [0xF0, 0x80, 0x80, 0xAF], wrongAt: 1),
        Row(bytes: [0xF0, 0x8F, 0xBF, 0xBF], wrongAt: 1),
        // Surrogates.
        Row(bytes: [0xED, 0xA0, 0x80], wrongAt: 1),
        Row(bytes: [0xED, 0xBF, 0xBF], wrongAt: 1),
        Row(bytes: [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80], wrongAt: 1),
        // Above U+10FFFF.
        Row(bytes: [0xF4, 0x90, 0x80, 0x80], wrongAt: 1),
        // Cut short: not wrong yet, but no end.
        Row(bytes: [0xC3], isComplete: false),
        Row(bytes: [0xE2, 0x82], isComplete: false),
        Row(bytes: [0xF0, 0x9F, 0xA6], isComplete: false),
        // Cut short by something else.
        Row(bytes: [0xC3, 0x41], wrongAt: 1),
        Row(bytes: [0xE2, 0x82, 0xC3], wrongAt: 2),
        Row(bytes: [0xF0, 0x9F, 0xA6, 0x41], wrongAt: 3),
        // Behind a run of ASCII that is taken eight at a time.
        Row(bytes: .ascii(17) + [0xE2, 0x82, 0xAC] + .ascii(9)),
        Row(bytes: .ascii(16) + [0xC0], wrongAt: 16),
        Row(bytes: .ascii(7) + [0xE2] + .ascii(8), wrongAt: 8),
    ]

    @Test("table, split anywhere", arguments: rows)
    func table(_ row: Row) {
        for split in 0...row.bytes.count {
            var validator = UTF8Validator()
            let first = row.bytes[..<split].withUnsafeBytes { validator.accept($0) }
            #expect(first == (row.wrongAt.map { split <= $0 } ?? true))
            guard first else { continue }
            let second = row.bytes[split...].withUnsafeBytes { validator.accept($0) }
            #expect(second == (row.wrongAt == nil))
            if second {
                #expect(validator.isComplete == row.isComplete)
            }
        }
    }

    @Test("agrees with the standard library on 20,000 random strings")
    func random() {
        var generator = Seeded(seed: 7)
        // Bytes at the edges of every range, so that valid sequences turn up often.
        let edges: [UInt8] = [
            0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5,
        ]
        var validCount = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                edges.randomElement(using: &generator) ?? 0
            }
            var validator = UTF8Validator()
            let ours = bytes.withUnsafeBytes { validator.accept($0) } && validator.isComplete
            let theirs = String(validating: bytes, as: UTF8.self) != nil
            #expect(ours == theirs, "\(bytes)")
            validCount += theirs ? 1 : 0
        }
        #expect(validCount > 500)
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
