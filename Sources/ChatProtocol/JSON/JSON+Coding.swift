// JSON values as text, and the two conveniences every type has: bytes out, bytes in.

extension JSON: JSONEncodable, JSONDecodable {
    /// Takes the value as it is.
    public init(json: JSON) { self = json }

    /// Appends the value's text; fields keep their order.
    public func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.value(value)
        case .integer(let value): writer.value(value)
        case .number(let value): writer.value(value)
        case .string(let value): writer.value(value)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let fields):
            writer.beginObject()
            for field in fields {
                writer.key(named: field.name)
                field.value.write(to: &writer)
            }
            writer.endObject()
        }
    }

    /// The value of a field; `nil` if this is no object or has no such field.
    public subscript(name: String) -> JSON? {
        guard case .object(let fields) = self else { return nil }
        return fields.first { $0.hasName(name) }?.value
    }

    /// How deeply arrays and objects are nested: 0 for everything else.
    public var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.lazy.map(\.depth).max() ?? 0)
        case .object(let fields): 1 + (fields.lazy.map(\.value.depth).max() ?? 0)
        default: 0
        }
    }
}

extension JSON.Field {
    /// Whether this is the field of an ASCII name. Comparing the lengths first is quick, and it rules out the characters
    /// that `String` takes for equal to an ASCII letter (all of them are longer).
    @inline(__always)
    func hasName(_ name: String) -> Bool {
        self.name.utf8.count == name.utf8.count && self.name == name
    }
}

extension JSONEncodable {
    /// The value's JSON text in UTF-8.
    public func encoded(reservingCapacity capacity: Int = 512) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: capacity)
        write(to: &writer)
        return writer.bytes
    }
}

extension JSONDecodable {
    /// Reads the value from JSON text.
    /// - Throws: ``WireError`` that says what is wrong with the text, or names the field.
    public init(bytes: some Collection<UInt8>) throws(WireError) {
        try self.init(json: JSONParser.parse(bytes))
    }
}
