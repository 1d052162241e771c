// A JSON value, as strict as the protocol asks (RFC 8259; no duplicate keys, no unpaired surrogates, no NUL, depth ≤ 16).

/// A JSON value. Integers are those written without fraction and exponent and below 2^53 in magnitude.
public enum JSON: Sendable, Equatable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number written as an integer, |n| < 2^53.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object, in the order of its text; keys are unique.
    case object([Field])

    /// One field of an object.
    public struct Field: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The value.
        public var value: JSON
        /// Creates a field.
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }
}
