// Reads JSON text as strictly as the protocol asks: RFC 8259 in valid UTF-8, no byte order mark, no duplicate keys, no unpaired
// surrogates, no NUL, bounded depth and keys, nothing after the value. It refuses; it never traps, whatever the bytes are.

/// A strict parser for one JSON text.
public enum JSONParser {
    /// Reads one JSON value that fills the whole text.
    /// - Throws: `invalid`, saying what is wrong at which byte.
    public static func parse(_ text: UnsafeRawBufferPointer) throws(WireError) -> JSON {
        var reader = JSONTextReader(text)
        return try reader.readWhole()
    }

    /// Reads one JSON value that fills the whole text.
    /// - Throws: `invalid`, saying what is wrong at which byte.
    public static func parse(_ bytes: some Collection<UInt8>) throws(WireError) -> JSON {
        let fast = bytes.withContiguousStorageIfAvailable { buffer in attempt(UnsafeRawBufferPointer(buffer)) }
        return try (fast ?? Array(bytes).withUnsafeBytes { buffer in attempt(buffer) }).get()
    }

    // The closures of the standard library cannot throw typed errors on; the error travels as a value.
    private static func attempt(_ text: UnsafeRawBufferPointer) -> Result<JSON, WireError> {
        do throws(WireError) { return .success(try parse(text)) } catch { return .failure(error) }
    }
}

/// The parser's place in a text. Indices stay within the text: every access is behind a comparison with `text.count`.
struct JSONTextReader {
    let text: UnsafeRawBufferPointer
    var index = 0
    /// Where strings with escapes are put together; kept for the next one.
    var scratch: [UInt8] = []

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    mutating func readWhole() throws(WireError) -> JSON {
        skipSpace()
        let value = try readValue(depth: 0)
        skipSpace()
        guard index == text.count else { throw failure("nothing may follow the value") }
        return value
    }

    /// The byte at the present place; `nil` at the end.
    @inline(__always)
    var current: UInt8? { index < text.count ? text[index] : nil }

    func failure(_ what: StaticString) -> WireError {
        WireError(.invalid, "This is not valid JSON: \(what) (at byte \(index)).")
    }

    @inline(__always)
    mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func readValue(depth: Int) throws(WireError) -> JSON {
        guard let byte = current else { throw failure("a value is expected") }
        switch byte {
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        case UInt8(ascii: "{"): return try readObject(depth: depth)
        case UInt8(ascii: "["): return try readArray(depth: depth)
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: throw failure("a value is expected")
        }
    }

    private mutating func readWord(_ word: StaticString, _ value: JSON) throws(WireError) -> JSON {
        let count = word.utf8CodeUnitCount
        guard text.count - index >= count else { throw failure("a value is expected") }
        for offset in 0..<count where text[index + offset] != word.utf8Start[offset] {
            throw failure("a value is expected")
        }
        index += count
        return value
    }

    private mutating func readArray(depth: Int) throws(WireError) -> JSON {
        guard depth < FixedLimits.jsonDepth else { throw failure("it is nested too deeply") }
        index += 1
        skipSpace()
        if current == UInt8(ascii: "]") {
            index += 1
            return .array([])
        }
        var elements: [JSON] = []
        while true {
            skipSpace()
            elements.append(try readValue(depth: depth + 1))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "]"):
                index += 1
                return .array(elements)
            default: throw failure("a comma or the end of the array is expected")
            }
        }
    }

    private mutating func readObject(depth: Int) throws(WireError) -> JSON {
        guard depth < FixedLimits.jsonDepth else { throw failure("it is nested too deeply") }
        index += 1
        skipSpace()
        if current == UInt8(ascii: "}") {
            index += 1
            return .object([])
        }
        var fields: [JSON.Field] = []
        fields.reserveCapacity(8)
        var names = KeySet()
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw failure("a key is expected") }
            let name = try readString()
            guard names.insert(name, after: fields) else { throw failure("a key appears twice") }
            guard fields.count < FixedLimits.jsonKeys else { throw failure("an object has too many keys") }
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw failure("a colon is expected") }
            index += 1
            skipSpace()
            fields.append(JSON.Field(name, try readValue(depth: depth + 1)))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "}"):
                index += 1
                return .object(fields)
            default: throw failure("a comma or the end of the object is expected")
            }
        }
    }
}

/// Tells whether a key appeared before: by looking through few, by hashes of many.
private struct KeySet {
    private static let few = 12
    private var hashed: Set<ExactKey> = []

    /// Whether the name is new to an object that has `fields` so far.
    mutating func insert(_ name: String, after fields: [JSON.Field]) -> Bool {
        if fields.count < Self.few {
            for field in fields where ExactKey(text: field.name) == ExactKey(text: name) { return false }
            return true
        }
        if hashed.isEmpty { hashed = Set(fields.map { ExactKey(text: $0.name) }) }
        return hashed.insert(ExactKey(text: name)).inserted
    }
}

/// A key compared byte for byte: `String` itself takes differently composed letters for equal.
private struct ExactKey: Hashable {
    let text: String

    static func == (left: ExactKey, right: ExactKey) -> Bool {
        left.text.utf8.count == right.text.utf8.count && left.text == right.text
            && left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
