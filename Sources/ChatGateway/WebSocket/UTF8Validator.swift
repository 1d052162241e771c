// UTF-8 checked as it arrives: a code point may be split anywhere, and the first byte that cannot belong to any valid
// text is refused at once, without waiting for the rest (RFC 3629: no overlong forms, no surrogates, nothing above
// U+10FFFF).

/// The state of a text between two pieces: which bytes may come next.
package struct UTF8Validator: Sendable, Equatable {
    /// Continuation bytes that are still due.
    private var due: UInt8 = 0
    /// The range of the next continuation byte; narrower than 0x80…0xBF after E0, ED, F0 and F4.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    package init() {}

    /// Whether the text could end here.
    package var isComplete: Bool { self.due == 0 }

    /// Takes the next bytes; false if no valid text begins with what came so far.
    package mutating func accept(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        let count = bytes.count
        while index < count {
            if self.due == 0 {
                // Most text is ASCII: eight bytes at a time while no high bit is set.
                while index + 8 <= count,
                    bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    index += 8
                }
                guard index < count else { break }
            }
            guard self.accept(bytes[index]) else { return false }
            index += 1
        }
        return true
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        guard self.due == 0 else {
            guard byte >= self.lowest, byte <= self.highest else { return false }
            self.due -= 1
            self.lowest = 0x80
            self.highest = 0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F:
            return true
        case 0xC2...0xDF:
            self.due = 1
        case 0xE0...0xEF:
            self.due = 2
            if byte == 0xE0 { self.lowest = 0xA0 }
            if byte == 0xED { self.highest = 0x9F }
        case 0xF0...0xF4:
            self.due = 3
            if byte == 0xF0 { self.lowest = 0x90 }
            if byte == 0xF4 { self.highest = 0x8F }
        default:
            return false
        }
        return true
    }
}
