// Identifiers: 64 bits, time-sortable, written as 13 characters of upper-case Crockford base 32 (one spelling only).
// Each kind is a type of its own, so that a user can never be taken for a conversation.

/// An identifier of one kind of thing.
///
/// The value is below 2^63: 41 bits of milliseconds since 2025-01-01 UTC, then 22 random bits.
/// Identifiers are no secrets; every access is checked.
public protocol EntityID: RawRepresentable<UInt64>, Hashable, Comparable, Sendable, LosslessStringConvertible {
    /// Wraps a raw value; values of 2^63 and above are refused.
    init?(rawValue: UInt64)
}

extension EntityID {
    /// The canonical text: 13 characters of Crockford base 32.
    public var description: String { CrockfordBase32.encode(rawValue) }

    /// Reads the canonical text; anything else (lower case, other lengths, 2^63 and above) is `nil`.
    public init?(_ description: String) {
        guard let value = CrockfordBase32.decode(description.utf8) else { return nil }
        self.init(rawValue: value)
    }

    /// Order of creation, as far as clocks agree.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A person or bot with an account.
public struct UserID: EntityID {
    /// The 63-bit value.
    public let rawValue: UInt64
    /// Wraps a raw value; values of 2^63 and above are refused.
    public init?(rawValue: UInt64) {
        guard rawValue < 1 << 63 else { return nil }
        self.rawValue = rawValue
    }
}

/// A direct conversation, group or channel.
public struct ConversationID: EntityID {
    /// The 63-bit value.
    public let rawValue: UInt64
    /// Wraps a raw value; values of 2^63 and above are refused.
    public init?(rawValue: UInt64) {
        guard rawValue < 1 << 63 else { return nil }
        self.rawValue = rawValue
    }
}

/// A signed-in device.
public struct SessionID: EntityID {
    /// The 63-bit value.
    public let rawValue: UInt64
    /// Wraps a raw value; values of 2^63 and above are refused.
    public init?(rawValue: UInt64) {
        guard rawValue < 1 << 63 else { return nil }
        self.rawValue = rawValue
    }
}

/// An uploaded file.
public struct AttachmentID: EntityID {
    /// The 63-bit value.
    public let rawValue: UInt64
    /// Wraps a raw value; values of 2^63 and above are refused.
    public init?(rawValue: UInt64) {
        guard rawValue < 1 << 63 else { return nil }
        self.rawValue = rawValue
    }
}
