// Makes frames that are wrong in one way or several. Most stay JSON objects with an id and a command, so that the server
// must answer each; some are wrong bytes, or wrong frames.
import ChatProtocol

struct FrameMutator {
    enum Frame {
        /// A text that must be answered under this id.
        case command(Int64, [UInt8])
        /// Any bytes at all, sent as they are.
        case raw([UInt8])
    }

    private var random: SplitMix
    private let commands: [JSON]
    private let names: [String]

    init(seed: UInt64, commands: [JSON]) {
        random = SplitMix(seed: seed)
        self.commands = commands
        names = commands.compactMap { if case .string(let name)? = $0["do"] { name } else { nil } }
    }

    private static let strings = [
        "", " ", "x", "null", "\u{202E}abc", "\u{FFFD}", "😀", "a\u{300}\u{301}", "0000000000000", "ZZZZZZZZZZZZZ",
        "7ZZZZZZZZZZZZ", "<@all>", "<@0000000000001>", "'; DROP TABLE messages; --", "owner", "direct", "channel",
        String(repeating: "é", count: 9_000), String(repeating: "x", count: 300),
    ]
    private static let integers: [Int64] = [
        0, 1, -1, 2, 7, 50, 200, 201, 65_536, 1 << 31, 1 << 32, (1 << 53) - 1, 1 - (1 << 53),
    ]

    mutating func next(id: Int64) -> Frame {
        switch Int.random(in: 0..<1_000, using: &random) {
        case 0..<4: .raw(brokenFrame())
        case 4..<8: .raw(RawFrame.text(brokenText(id)))
        default: .command(id, command(id).encoded())
        }
    }

    /// A command with some of its fields changed, but not `id`.
    private mutating func command(_ id: Int64) -> JSON {
        guard case .object(var fields)? = commands.randomElement(using: &random) else { return .null }
        fields.removeAll { $0.name == "id" }
        for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(&fields) }
        // Of two fields of one name the frame would be malformed, which the broken texts are for.
        var seen: Set<String> = ["id"]
        fields = fields.filter { seen.insert($0.name).inserted }
        if !fields.contains(where: { field in
            if case .string = field.value { field.name == "do" } else { false }
        }) {
            fields.removeAll { $0.name == "do" }
            fields.append(JSON.Field("do", .string(names.randomElement(using: &random) ?? "ping")))
        }
        fields.insert(JSON.Field("id", .integer(id)), at: Int.random(in: 0...fields.count, using: &random))
        return .object(fields)
    }

    private mutating func mutate(_ fields: inout [JSON.Field]) {
        guard !fields.isEmpty else { return fields.append(JSON.Field(fieldName(), value(depth: 0))) }
        let index = Int.random(in: 0..<fields.count, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: fields.remove(at: index)
        case 1, 2, 3: fields[index].value = value(depth: 0)
        case 4: fields.append(JSON.Field(fieldName(), value(depth: 0)))
        case 5: fields[index].name = fieldName()
        default: fields[index].value = slightly(fields[index].value)
        }
    }

    private mutating func fieldName() -> String {
        let known = [
            "conversation", "seq", "body", "nonce", "limit", "since", "own", "before", "after", "around", "at", "user",
            "role", "emoji", "watch", "set", "members", "kind", "name", "topic", "public", "rev", "sender", "sentAt",
            "replyTo", "thread", "attachments", "unreadFrom", "ids", "active", "do", "token", "resume", "ifRev", "x",
        ]
        return known.randomElement(using: &random) ?? "x"
    }

    private mutating func value(depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth < 3 ? 9 : 7), using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2, 3: .integer(Self.integers.randomElement(using: &random) ?? 0)
        case 4: .number([0.5, -0.5, 1e300, 1e-300, 1.0].randomElement(using: &random) ?? 0.5)
        case 5, 6: .string(Self.strings.randomElement(using: &random) ?? "")
        case 7: .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth: depth + 1) })
        default:
            .object((0..<Int.random(in: 0...3, using: &random)).map { JSON.Field("f\($0)", value(depth: depth + 1)) })
        }
    }

    /// Near to what it was.
    private mutating func slightly(_ value: JSON) -> JSON {
        switch value {
        case .integer(let number): .integer(number &+ Int64.random(in: -2...2, using: &random))
        case .string(let text) where !text.isEmpty:
            switch Int.random(in: 0..<4, using: &random) {
            case 0: .string(String(text.dropLast()))
            case 1: .string(text + text)
            case 2: .string(text.lowercased())
            default: .string(String(text.reversed()))
            }
        case .array(let elements): .array(elements + elements)
        case .bool(let flag): .bool(!flag)
        default: self.value(depth: 0)
        }
    }

    /// The text of a command with some bytes changed: it may be JSON still.
    private mutating func brokenText(_ id: Int64) -> [UInt8] {
        var text = command(id).encoded()
        for _ in 0..<Int.random(in: 1...4, using: &random) where !text.isEmpty {
            let index = Int.random(in: 0..<text.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: text[index] = UInt8.random(in: 0...255, using: &random)
            case 1: text.remove(at: index)
            case 2: text.insert(UInt8.random(in: 32...126, using: &random), at: index)
            case 3: text.removeSubrange(index...)
            default: text.insert(contentsOf: text[..<index], at: index)
            }
        }
        return text
    }

    /// A frame of a command with some bytes changed, its header's too.
    private mutating func brokenFrame() -> [UInt8] {
        var frame = RawFrame.text(command(1).encoded())
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let isHeader = Bool.random(using: &random)
            let index = Int.random(in: 0..<(isHeader ? 6 : frame.count), using: &random)
            frame[index] = UInt8.random(in: 0...255, using: &random)
        }
        return frame
    }
}
