// Fields of objects in one call each: required ones, those that are left out when absent, and flags that appear only when true.

extension JSONWriter {
    // MARK: Required

    /// A string field.
    public mutating func field(_ name: StaticString, _ value: String) {
        key(name)
        self.value(value)
    }

    /// An integer field.
    public mutating func field(_ name: StaticString, _ value: Int64) {
        key(name)
        self.value(value)
    }

    /// A boolean field.
    public mutating func field(_ name: StaticString, _ value: Bool) {
        key(name)
        self.value(value)
    }

    /// An identifier's field.
    public mutating func field(_ name: StaticString, _ value: some EntityID) {
        key(name)
        self.value(value)
    }

    /// A field of anything with a form on the wire.
    public mutating func field(_ name: StaticString, _ value: some JSONEncodable) {
        key(name)
        value.write(to: &self)
    }

    /// A list of strings.
    public mutating func field(_ name: StaticString, _ values: [String]) {
        key(name)
        beginArray()
        for value in values { self.value(value) }
        endArray()
    }

    /// A list of identifiers.
    public mutating func field(_ name: StaticString, _ values: [some EntityID]) {
        key(name)
        beginArray()
        for value in values { self.value(value) }
        endArray()
    }

    /// A list of anything with a form on the wire.
    public mutating func field(_ name: StaticString, _ values: [some JSONEncodable]) {
        key(name)
        beginArray()
        for value in values { value.write(to: &self) }
        endArray()
    }

    // MARK: Left out when absent

    /// A string field, left out when `nil`.
    public mutating func optional(_ name: StaticString, _ value: String?) {
        if let value { field(name, value) }
    }

    /// An integer field, left out when `nil`.
    public mutating func optional(_ name: StaticString, _ value: Int64?) {
        if let value { field(name, value) }
    }

    /// A boolean field, left out when `nil`.
    public mutating func optional(_ name: StaticString, _ value: Bool?) {
        if let value { field(name, value) }
    }

    /// An identifier's field, left out when `nil`.
    public mutating func optional(_ name: StaticString, _ value: (some EntityID)?) {
        if let value { field(name, value) }
    }

    /// A field of anything with a form on the wire, left out when `nil`.
    public mutating func optional(_ name: StaticString, _ value: (some JSONEncodable)?) {
        if let value { field(name, value) }
    }

    /// A field that appears only when true.
    public mutating func flag(_ name: StaticString, _ value: Bool) {
        if value { field(name, true) }
    }
}
