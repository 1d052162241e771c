// Takes fields out of a JSON object and names the field when something is wrong with it.

/// A JSON object on its way into a type. Unknown fields are ignored; `null` in an optional field counts as absent.
///
/// In the requests of clients "not well-formed" is told before "does not exist": a malformed identifier (`not_found`) is kept
/// back until all fields were read, and thrown by ``finish()``. In everything else it is thrown at once.
public struct JSONObjectReader {
    /// The object's fields.
    public let fields: [JSON.Field]
    private let prefix: String
    private let isRequest: Bool
    private var malformedID: WireError?
    /// Where the last field was found: the next one is probably behind it.
    private var place = 0

    /// Opens an object that a server or a file says; `name` is put before the fields' names in errors.
    public init(_ json: JSON, _ name: StaticString) throws(WireError) {
        guard case .object(let fields) = json else { throw WireError(.invalid, "\(name) must be an object.") }
        self.fields = fields
        prefix = "\(name)."
        isRequest = false
    }

    /// Opens a client's request, and refuses the fields that only a server may set but those in `naming`, which the
    /// protocol's text names for this request.
    public init(request json: JSON, naming: [String] = []) throws(WireError) {
        guard case .object(let fields) = json else { throw WireError(.invalid, "The body must be a JSON object.") }
        self.fields = fields
        prefix = ""
        isRequest = true
        try refuseForbiddenFields(naming: naming)
    }

    /// Refuses `role`, `id`, `seq`, `sender`, `rev` and `sentAt` but those that are named for this request.
    public func refuseForbiddenFields(naming: [String]) throws(WireError) {
        for field in fields {
            switch field.name {
            case "role", "id", "seq", "sender", "rev", "sentAt":
                guard naming.contains(field.name) else {
                    throw WireError(.invalid, "\(field.name) cannot be set here; leave it out.")
                }
            default: continue
            }
        }
    }

    /// Ends the reading of a request.
    /// - Throws: `not_found` if an identifier was malformed.
    public func finish() throws(WireError) {
        if let malformedID { throw malformedID }
    }

    // MARK: Looking

    /// The field as it came; `nil` if absent.
    public mutating func value(_ name: String) -> JSON? {
        for index in place..<fields.count where fields[index].hasName(name) {
            place = index + 1
            return fields[index].value
        }
        for index in 0..<place where fields[index].hasName(name) {
            place = index + 1
            return fields[index].value
        }
        return nil
    }

    /// The field; `nil` if absent or `null`.
    private mutating func present(_ name: String) -> JSON? {
        guard let value = value(name) else { return nil }
        if case .null = value { return nil }
        return value
    }

    /// An error about a field.
    public func failure(_ name: String, _ what: String) -> WireError {
        WireError(.invalid, "\(prefix)\(name) \(what).")
    }

    private func required<Value>(_ name: String, _ value: Value?) throws(WireError) -> Value {
        guard let value else { throw failure(name, "is missing") }
        return value
    }

    // MARK: Strings, numbers, booleans

    /// A string, or `nil` if absent.
    public mutating func optionalString(_ name: String) throws(WireError) -> String? {
        guard let value = present(name) else { return nil }
        guard case .string(let text) = value else { throw failure(name, "must be a string") }
        return text
    }

    /// A string.
    public mutating func string(_ name: String) throws(WireError) -> String {
        try required(name, try optionalString(name))
    }

    /// An integer from 0 to 2^53 − 1, or `nil` if absent.
    public mutating func optionalInteger(_ name: String) throws(WireError) -> Int64? {
        guard let value = present(name) else { return nil }
        guard case .integer(let number) = value, number >= 0 else {
            throw failure(name, "must be an integer from 0 to 2^53 - 1")
        }
        return number
    }

    /// An integer from 0 to 2^53 − 1.
    public mutating func integer(_ name: String) throws(WireError) -> Int64 {
        try required(name, try optionalInteger(name))
    }

    /// A boolean, or `nil` if absent.
    public mutating func optionalBool(_ name: String) throws(WireError) -> Bool? {
        guard let value = present(name) else { return nil }
        guard case .bool(let flag) = value else { throw failure(name, "must be true or false") }
        return flag
    }

    /// A boolean.
    public mutating func bool(_ name: String) throws(WireError) -> Bool {
        try required(name, try optionalBool(name))
    }

    /// A flag: absent is false.
    public mutating func flag(_ name: String) throws(WireError) -> Bool { try optionalBool(name) ?? false }

    // MARK: Identifiers

    /// An identifier, or `nil` if absent.
    public mutating func optionalID<ID: EntityID>(_ name: String, _ type: ID.Type = ID.self) throws(WireError) -> ID? {
        guard let value = present(name) else { return nil }
        return try identifier(value, name)
    }

    /// An identifier.
    public mutating func id<ID: EntityID>(_ name: String, _ type: ID.Type = ID.self) throws(WireError) -> ID {
        try required(name, try optionalID(name))
    }

    /// A list of identifiers, or `nil` if absent.
    public mutating func optionalIDs<ID: EntityID>(
        _ name: String,
        _ type: ID.Type = ID.self,
        atMost maximum: Int = .max
    ) throws(WireError) -> [ID]? {
        guard let elements = try optionalArray(name, atMost: maximum) else { return nil }
        var result: [ID] = []
        result.reserveCapacity(elements.count)
        for element in elements { result.append(try identifier(element, name)) }
        return result
    }

    /// A list of identifiers.
    public mutating func ids<ID: EntityID>(
        _ name: String,
        _ type: ID.Type = ID.self,
        atMost maximum: Int = .max
    ) throws(WireError) -> [ID] {
        try required(name, try optionalIDs(name, atMost: maximum))
    }

    private mutating func identifier<ID: EntityID>(_ value: JSON, _ name: String) throws(WireError) -> ID {
        guard case .string(let text) = value else { throw failure(name, "must be an identifier (a string)") }
        if let id = ID(text) { return id }
        let error = WireError(.notFound, "\(prefix)\(name) names nothing that exists.")
        // The stand-in is never seen outside: ``finish()`` throws.
        guard isRequest, let standIn = ID(rawValue: 0) else { throw error }
        malformedID = malformedID ?? error
        return standIn
    }

    // MARK: Lists and objects

    /// A list, or `nil` if absent.
    public mutating func optionalArray(_ name: String, atMost maximum: Int = .max) throws(WireError) -> [JSON]? {
        guard let value = present(name) else { return nil }
        guard case .array(let elements) = value else { throw failure(name, "must be an array") }
        guard elements.count <= maximum else { throw failure(name, "must have at most \(maximum) items") }
        return elements
    }

    /// A list of strings, or `nil` if absent.
    public mutating func optionalStrings(_ name: String) throws(WireError) -> [String]? {
        guard let elements = try optionalArray(name) else { return nil }
        var result: [String] = []
        result.reserveCapacity(elements.count)
        for element in elements {
            guard case .string(let text) = element else { throw failure(name, "must be an array of strings") }
            result.append(text)
        }
        return result
    }

    /// A list of values of a type, or `nil` if absent.
    public mutating func optionalList<Item: JSONDecodable>(
        _ name: String,
        of type: Item.Type = Item.self
    ) throws(WireError) -> [Item]? {
        guard let elements = try optionalArray(name) else { return nil }
        var result: [Item] = []
        result.reserveCapacity(elements.count)
        for element in elements { result.append(try Item(json: element)) }
        return result
    }

    /// A list of values of a type.
    public mutating func list<Item: JSONDecodable>(
        _ name: String,
        of type: Item.Type = Item.self
    ) throws(WireError) -> [Item] {
        try required(name, try optionalList(name))
    }

    /// A nested value of a type, or `nil` if absent.
    public mutating func optionalValue<Value: JSONDecodable>(
        _ name: String,
        of type: Value.Type = Value.self
    ) throws(WireError) -> Value? {
        guard let value = present(name) else { return nil }
        return try Value(json: value)
    }

    /// A nested value of a type.
    public mutating func value<Value: JSONDecodable>(
        _ name: String,
        of type: Value.Type
    ) throws(WireError) -> Value {
        try required(name, try optionalValue(name))
    }

    // MARK: Words of a vocabulary

    /// A word that a client says: unknown ones are refused. `nil` if absent.
    public mutating func optionalWord<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        _ type: Word.Type = Word.self
    ) throws(WireError) -> Word? {
        guard let text = try optionalString(name) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        throw failure(name, "must be one of \(words)")
    }

    /// A word that a server says: those of a newer version are taken as `other`.
    public mutating func word<Word: RawRepresentable<String>>(
        _ name: String,
        otherwise other: Word
    ) throws(WireError) -> Word {
        Word(rawValue: try string(name)) ?? other
    }
}
