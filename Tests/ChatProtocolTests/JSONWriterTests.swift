// How JSON text is written.

import ChatProtocol
import Testing

@Suite struct JSONWriterTests {
    @Test func placesCommas() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("a", 1)
        writer.key("b")
        writer.beginArray()
        writer.beginObject()
        writer.endObject()
        writer.value(true)
        writer.null()
        writer.beginArray()
        writer.endArray()
        writer.raw(utf8("{\"raw\":1}"))
        writer.value("x")
        writer.endArray()
        writer.key(named: "c\"")
        writer.value(Int64.min)
        writer.optional("d", String?.none)
        writer.flag("e", false)
        writer.flag("f", true)
        writer.endObject()
        #expect(
            text(writer.bytes) == #"{"a":1,"b":[{},true,null,[],{"raw":1},"x"],"c\"":-9223372036854775808,"f":true}"#
        )
    }

    static let integers: [(Int64, String)] = [
        (0, "0"), (7, "7"), (-1, "-1"), (10, "10"), (1_234_567_890, "1234567890"), (.max, "9223372036854775807"),
        (.min, "-9223372036854775808"),
    ]

    @Test(arguments: integers) func writesIntegers(_ value: Int64, _ expected: String) {
        #expect(text(JSON.integer(value).encoded()) == expected)
    }

    @Test func writesNumbersThatComeBack() throws {
        for value in [0.1, -2.5, 1e300, .leastNonzeroMagnitude, 1e16, 9_007_199_254_740_994, -1e-7, 100] {
            #expect(try JSON(bytes: JSON.number(value).encoded()) == .number(value))
        }
        for value in [Double.nan, .infinity, -.infinity] { #expect(text(JSON.number(value).encoded()) == "null") }
    }

    @Test func escapesWhatMustBeEscapedAndNothingElse() throws {
        // Every place relative to the eight bytes that are looked at together.
        for offset in 0..<18 {
            for scalar in (0...0xFF).compactMap(Unicode.Scalar.init) + ["€", "😀", "\u{2028}"] {
                let plain = String(repeating: "a", count: offset) + String(Character(scalar)) + "bcdefghijk"
                let bytes = JSON.string(plain).encoded()
                let isEscaped = bytes.contains(UInt8(ascii: "\\"))
                #expect(isEscaped == (scalar.value < 0x20 || scalar == "\"" || scalar == "\\"))
                guard scalar.value != 0 else { continue }
                #expect(try JSON(bytes: bytes) == .string(plain))
            }
        }
        #expect(text(JSON.string("\u{0}\u{8}\t\n\u{B}\u{C}\r\u{1F}").encoded()) == #""\u0000\b\t\n\u000b\f\r\u001f""#)
    }

    @Test func keepsTheBytesOfTexts() throws {
        // Differently composed letters stay as they are.
        for source in ["\u{E9}", "e\u{301}", "\u{212A}", "\u{1F468}\u{200D}\u{1F469}"] {
            guard case .string(let read) = try JSON(bytes: JSON.string(source).encoded()) else {
                return #expect(Bool(false))
            }
            #expect(Array(read.utf8) == Array(source.utf8))
        }
    }
}
