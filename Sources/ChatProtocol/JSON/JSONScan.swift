// Finds the end of runs of string bytes that mean themselves, eight bytes at a time: shared by the writer and the parser.

enum JSONScan {
    /// The first index at or after `start` of a quote, a backslash or a control character; the count if there is none.
    @inline(__always)
    static func endOfPlainRun(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var index = start
        while index + 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
            // The classic "has a byte below / equal to" trick: the lowest flagged byte is always a true one.
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5C)
            let controls = (word &- (ones &* 0x20)) & ~word
            let flagged = (((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes) | controls) & highs
            if flagged != 0 { return index + flagged.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < text.count {
            let byte = text[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return index }
            index += 1
        }
        return index
    }
}
