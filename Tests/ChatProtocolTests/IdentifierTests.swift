// Identifiers have one spelling, which sorts as the value does.

import ChatProtocol
import Testing

@Suite struct IdentifierTests {
    static let spellings: [(UInt64, String)] = [
        (0, "0000000000000"), (1, "0000000000001"), (31, "000000000000Z"), (32, "0000000000010"),
        ((1 << 63) - 1, "7ZZZZZZZZZZZZ"), (1 << 62, "4000000000000"),
    ]

    @Test(arguments: spellings) func isSpelledOneWay(_ value: UInt64, _ spelling: String) throws {
        let id = try #require(UserID(rawValue: value))
        #expect(id.description == spelling)
        #expect(UserID(spelling) == id)
        #expect(UserID(spelling.lowercased()) == (spelling.lowercased() == spelling ? id : nil))
        var writer = JSONWriter()
        writer.value(id)
        #expect(text(writer.bytes) == "\"\(spelling)\"")
    }

    @Test(arguments: [
        "", "0", "000000000000", "00000000000000", "8000000000000", "ZZZZZZZZZZZZZ", "000000000000I", "000000000000L",
        "000000000000O", "000000000000U", "000000000000a", "000000000000-", " 000000000001", "0000000000001 ",
        "000000000000é", "0000000\u{0}00000", "00000000000😀",
    ]) func refusesOtherSpellings(_ spelling: String) {
        #expect(ConversationID(spelling) == nil)
    }

    @Test func staysBelowTwoToThe63() {
        #expect(UserID(rawValue: 1 << 63) == nil)
        #expect(SessionID(rawValue: .max) == nil)
        #expect(AttachmentID(rawValue: (1 << 63) - 1) != nil)
    }

    @Test func textsSortAsValues() throws {
        var random = SplitMix64(seed: 3)
        let ids = (0..<2_000).compactMap { _ in
            UserID(rawValue: random.next() >> UInt64.random(in: 1...63, using: &random))
        }
        #expect(ids.count == 2_000)
        #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted())
        for id in ids { #expect(UserID(id.description) == id) }
    }
}
