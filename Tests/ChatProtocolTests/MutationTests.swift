// Whatever comes from outside is refused or read, never a trap: examples with bytes changed at random, the same in every run.

import ChatProtocol
import Testing

@Suite struct MutationTests {
    /// Words that matter to the decoders, put in at random places.
    private static let words: [[UInt8]] = [
        "null", "-1", "0", "1e999", "9007199254740992", "9223372036854775808", "1.0", "{}", "[]", "\"\"", "\\u0000",
        "\\uD800", "\u{FEFF}", "\"id\":1,", "\"do\":\"send\",", "\"seq\":", "true", "é", "[[[[[[[[[[[[[[[[[", "\u{0}",
    ].map(utf8)

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard !bytes.isEmpty else { return }
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<7, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: place)
            case 4: bytes.insert(contentsOf: words[Int.random(in: 0..<words.count, using: &random)], at: place)
            case 5: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...20, using: &random)))
            default: bytes.replaceSubrange(place..<min(bytes.count, place + 4), with: bytes[0..<min(4, bytes.count)])
            }
        }
    }

    @Test(arguments: 0..<4) func neverTraps(_ part: Int) {
        let examples = Fixture.all.filter { $0.bytes.count < 1_500 }
        guard !examples.isEmpty else { return #expect(Bool(false), "no examples") }
        var random = SplitMix64(seed: UInt64(part) + 1)
        var read = 0
        var refused = 0
        for _ in 0..<25_000 {
            var example = examples[Int.random(in: 0..<examples.count, using: &random)]
            Self.mutate(&example.bytes, &random)
            // What was read can be written, and what was written can be read.
            do throws(WireError) {
                guard let written = try example.recoded() else { continue }
                read += 1
                example.bytes = written
                let again = try example.recoded()
                if again != written { Issue.record("\(example.name): \(text(written) ?? "") came back changed") }
            } catch {
                refused += 1
                #expect([.invalid, .notFound, .tooLarge].contains(error.code))
            }
            // The server's entry: the three outcomes, whatever the bytes.
            if case .command(let frame) = CommandDecoding(bytes: example.bytes) { #expect(frame.id >= 1) }
        }
        // Both happen, else the mutations test nothing.
        #expect(read > 1_000)
        #expect(refused > 1_000)
    }

    @Test func bytesOfNoSenseAreRefused() {
        var random = SplitMix64(seed: 99)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            guard case .malformed = CommandDecoding(bytes: bytes) else {
                Issue.record("\(bytes) was read as a command")
                return
            }
        }
    }
}
