// Strings and numbers of the strict parser.

extension JSONTextReader {
    /// Reads a string; the present byte is its opening quote.
    mutating func readString() throws(WireError) -> String {
        index += 1
        let end = JSONScan.endOfPlainRun(text, from: index)
        guard end < text.count else { throw failure("a string does not end") }
        guard text[end] == UInt8(ascii: "\"") else { return try readStringWithEscapes(firstStop: end) }
        guard let string = Self.string(UnsafeRawBufferPointer(rebasing: text[index..<end])) else {
            throw failure("a string is not valid UTF-8")
        }
        index = end + 1
        return string
    }

    private static func string(_ bytes: UnsafeRawBufferPointer) -> String? {
        bytes.withMemoryRebound(to: UInt8.self) { String(validating: $0, as: UTF8.self) }
    }

    private mutating func readStringWithEscapes(firstStop: Int) throws(WireError) -> String {
        scratch.removeAll(keepingCapacity: true)
        var stop = firstStop
        while true {
            scratch.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[index..<stop]))
            index = stop
            switch current {
            case UInt8(ascii: "\""):
                guard let string = scratch.withUnsafeBytes({ Self.string($0) }) else {
                    throw failure("a string is not valid UTF-8")
                }
                index += 1
                return string
            case UInt8(ascii: "\\"):
                index += 1
                try readEscape()
            case nil: throw failure("a string does not end")
            default: throw failure("a control character must be escaped")
            }
            stop = JSONScan.endOfPlainRun(text, from: index)
        }
    }

    /// Reads what follows a backslash.
    private mutating func readEscape() throws(WireError) {
        guard let byte = current else { throw failure("a string does not end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(byte)
        case UInt8(ascii: "b"): scratch.append(0x08)
        case UInt8(ascii: "f"): scratch.append(0x0C)
        case UInt8(ascii: "n"): scratch.append(0x0A)
        case UInt8(ascii: "r"): scratch.append(0x0D)
        case UInt8(ascii: "t"): scratch.append(0x09)
        case UInt8(ascii: "u"): try readUnicodeEscape()
        default: throw failure("there is no such escape")
        }
    }

    private mutating func readUnicodeEscape() throws(WireError) {
        var code = try readFourHexDigits()
        switch code {
        case 0: throw failure("NUL is not allowed")
        case 0xDC00...0xDFFF: throw failure("a surrogate is not paired")
        case 0xD800...0xDBFF:
            guard text.count - index >= 2, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u")
            else {
                throw failure("a surrogate is not paired")
            }
            index += 2
            let low = try readFourHexDigits()
            guard (0xDC00...0xDFFF).contains(low) else { throw failure("a surrogate is not paired") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        default: break
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure("this is no character") }
        scratch.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    private mutating func readFourHexDigits() throws(WireError) -> UInt32 {
        guard text.count - index >= 4 else { throw failure("four hexadecimal digits are expected") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            let byte = text[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw failure("four hexadecimal digits are expected")
            }
            code = code << 4 | UInt32(digit)
            index += 1
        }
        return code
    }

    // MARK: Numbers

    /// Reads a number; the present byte is a digit or a minus sign.
    mutating func readNumber() throws(WireError) -> JSON {
        let start = index
        let isNegative = text[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        var magnitude: UInt64 = 0
        if current == UInt8(ascii: "0") {
            index += 1
        } else {
            guard isDigit(current) else { throw failure("a digit is expected") }
            while let byte = current, isDigit(byte) {
                // At 2^53 it is no integer any more and the sum stays where it is: no overflow, however many digits come.
                if magnitude < 1 << 53 { magnitude = magnitude * 10 + UInt64(byte - UInt8(ascii: "0")) }
                index += 1
            }
        }
        let isWhole = try !readFractionAndExponent()
        guard index - start <= FixedLimits.jsonNumberCharacters else { throw failure("a number is too long") }
        if isWhole, magnitude < 1 << 53 {
            return .integer(isNegative ? -Int64(magnitude) : Int64(magnitude))
        }
        let digits = String(decoding: UnsafeRawBufferPointer(rebasing: text[start..<index]), as: UTF8.self)
        guard let value = Double(digits), value.isFinite else { throw failure("a number is out of range") }
        return .number(value)
    }

    /// Whether there was a fraction or an exponent.
    private mutating func readFractionAndExponent() throws(WireError) -> Bool {
        let start = index
        if current == UInt8(ascii: ".") {
            index += 1
            try skipDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            try skipDigits()
        }
        return index > start
    }

    private mutating func skipDigits() throws(WireError) {
        guard isDigit(current) else { throw failure("a digit is expected") }
        while isDigit(current) { index += 1 }
    }

    @inline(__always)
    private func isDigit(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
