// What the strict parser takes and what it refuses.

import ChatProtocol
import Testing

@Suite struct JSONParserTests {
    static let accepted: [(String, JSON)] = [
        ("null", .null), ("true", .bool(true)), ("false", .bool(false)), (" \t\r\n1 \n", .integer(1)),
        ("0", .integer(0)), ("-0", .integer(0)), ("-1", .integer(-1)),
        ("9007199254740991", .integer(9_007_199_254_740_991)),
        ("-9007199254740991", .integer(-9_007_199_254_740_991)), ("9007199254740992", .number(9_007_199_254_740_992)),
        ("-9007199254740992", .number(-9_007_199_254_740_992)),
        ("18446744073709551616", .number(18_446_744_073_709_551_616)),
        ("100000000000000000000000000000000000000000", .number(1e41)), ("1.0", .number(1)), ("1e3", .number(1000)),
        ("1E3", .number(1000)), ("1e+3", .number(1000)), ("1e-3", .number(0.001)), ("0.5", .number(0.5)),
        ("-0.0", .number(0)),
        ("0e0", .number(0)), ("1e-999", .number(0)), ("1.7976931348623157e308", .number(1.797_693_134_862_315_7e308)),
        ("\"\"", .string("")), ("\"a\"", .string("a")),
        ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", .string("\"\\/\u{8}\u{c}\n\r\t")),
        ("\"\\u0041\\u00e9\\u20AC\"", .string("Aé€")), ("\"\\uD83D\\uDE00\"", .string("😀")),
        ("\"\\ud83d\\ude00\"", .string("😀")),
        ("\"\\uFFFF\\uFDD0\"", .string(String(decoding: [0xEF, 0xBF, 0xBF, 0xEF, 0xB7, 0x90], as: UTF8.self))),
        ("\"\u{7F}\u{80}\u{2028}\"", .string("\u{7F}\u{80}\u{2028}")),
        ("\"\u{FEFF}\"", .string("\u{FEFF}")), ("\"\\u0001\"", .string("\u{1}")),
        ("\"0123456\\n89abcdefg\"", .string("0123456\n89abcdefg")),
        ("[]", .array([])), ("[ ]", .array([])), ("[1,2]", .array([.integer(1), .integer(2)])),
        ("[[],{}]", .array([.array([]), .object([])])),
        ("{}", .object([])), ("{ }", .object([])), ("{\"\":0}", .object([.init("", .integer(0))])),
        (
            " { \"a\" : [ null , true ] , \"b\" : \"c\" } ",
            .object([.init("a", .array([.null, .bool(true)])), .init("b", .string("c"))])
        ),
        ("{\"a\":1,\"A\":2}", .object([.init("a", .integer(1)), .init("A", .integer(2))])),
        (String(repeating: "[", count: 16) + String(repeating: "]", count: 16), nested(16)),
    ]

    static func nested(_ depth: Int) -> JSON { depth == 1 ? .array([]) : .array([nested(depth - 1)]) }

    @Test(arguments: accepted.indices) func takes(_ index: Int) throws {
        let (source, expected) = Self.accepted[index]
        let value = try JSONParser.parse(utf8(source))
        #expect(value == expected)
        // What was written again means the same.
        #expect(try JSONParser.parse(value.encoded()) == expected)
    }

    static let refused: [String] = [
        "", " ", "\u{FEFF}1", "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "undefined", "'a'", "a", "1 2",
        "1,", "[1] x", "{}{}",
        "+1", "01", "-01", "00", "-", "--1", ".5", "1.", "1.e3", "1e", "1e+", "1e-", "0x10", "1_000", "1e999", "-1e999",
        "1a", "1.2.3", "1e1.5", "2.", "-a",
        "١", "\"", "\"a", "\"\\\"", "\"\\", "\"\\x41\"", "\"\\u\"", "\"\\u12\"", "\"\\u123\"", "\"\\u12G4\"",
        "\"\\U0041\"", "\"\\u 041\"", "\"\\u+041\"", "\"\\'\"",
        "\"\\u0000\"", "\"a\u{0}b\"", "\"\u{1F}\"", "\"a\nb\"", "\"a\tb\"", "\"\\\n\"",
        "\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800a\"", "\"\\uD800\\n\"", "\"\\uD800\\u0041\"", "\"\\uD800\\uD800\"",
        "\"\\uDC00\\uD800\"", "\"\\uD800\\", "\"\\uD800\\u", "\"\\uD800\\uDC0",
        "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1,,2]", "[\"a\"", "[1}", "[[]", "[1]]",
        "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{\"a\":}", "{a:1}",
        "{1:1}", "{'a':1}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "{\"a\"::1}", "{null:1}",
        "{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"\\u0061\":3}", "[{\"x\":{\"é\":1,\"\\u00e9\":2}}]",
        "/* c */1", "1 // c", "#1", "\u{0B}1", "\u{A0}1", "1\u{0}", "\u{0}",
        String(repeating: "[", count: 17) + String(repeating: "]", count: 17),
        String(repeating: "{\"a\":", count: 17) + "1" + String(repeating: "}", count: 17),
        String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
        String(repeating: "1", count: 1_025),
    ]

    @Test(arguments: refused.indices) func refuses(_ index: Int) {
        let error = #expect(throws: WireError.self) { try JSONParser.parse(utf8(Self.refused[index])) }
        #expect(error?.code == .invalid)
    }

    static let brokenUTF8: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80],
        [0xED, 0xBF, 0xBF],
        [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        [0xF0, 0x9F, 0x98],
    ]

    @Test(arguments: brokenUTF8) func refusesBrokenUTF8(_ broken: [UInt8]) {
        for (before, behind) in [
            ("\"", "\""), ("\"0123456789", "0123456789\""), ("\"\\n", "\\n\""), ("{\"", "\":1}"), ("", ""),
        ] {
            #expect(throws: WireError.self) { try JSONParser.parse(utf8(before) + broken + utf8(behind)) }
        }
    }

    @Test func keysDifferByBytesNotByLooks() throws {
        // Composed and decomposed letters are equal as Swift strings, but two keys.
        let value = try JSONParser.parse(utf8("{\"\u{E9}\":1,\"e\u{301}\":2}"))
        guard case .object(let fields) = value else { return #expect(Bool(false)) }
        #expect(fields.count == 2)
        // The Kelvin sign is no K.
        #expect(try JSONParser.parse(utf8("{\"\u{212A}\":1}"))["K"] == nil)
    }

    @Test(arguments: [1, 11, 12, 13, 14, 100, 4_096]) func findsTheDuplicateAmongMany(_ count: Int) throws {
        let fields = (0..<count).map { "\"key\($0)\":\($0)" }
        guard case .object(let read) = try JSONParser.parse(utf8("{\(fields.joined(separator: ","))}")) else {
            return #expect(Bool(false))
        }
        #expect(read.map(\.name) == (0..<count).map { "key\($0)" })
        for duplicate in [0, count / 2, count - 1] {
            let more = fields.dropLast(count == 4_096 ? 1 : 0) + ["\"key\(duplicate == 4_095 ? 0 : duplicate)\":0"]
            #expect(throws: WireError.self) { try JSONParser.parse(utf8("{\(more.joined(separator: ","))}")) }
        }
    }

    @Test func boundsTheKeysOfAnObject() {
        let fields = (0..<4_097).map { "\"\($0)\":0" }
        #expect(throws: WireError.self) { try JSONParser.parse(utf8("{\(fields.joined(separator: ","))}")) }
    }

    @Test func everyPrefixOfEveryFixtureIsRefused() {
        for fixture in Fixture.all where fixture.bytes.count < 400 {
            for length in 0..<fixture.bytes.count {
                #expect(throws: WireError.self) { try JSONParser.parse(fixture.bytes[..<length]) }
            }
        }
    }

    @Test func everyKindOfCollectionIsTaken() throws {
        let bytes = utf8("{\"a\":[1]}")
        let value = try JSONParser.parse(bytes)
        #expect(try JSONParser.parse(bytes[...]) == value)
        #expect(try JSONParser.parse(AnyCollection(bytes)) == value)
        #expect(try bytes.withUnsafeBytes { try JSONParser.parse($0) } == value)
        #expect(try JSONParser.parse((utf8("xx") + bytes)[2...]) == value)
    }
}
