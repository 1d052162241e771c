// Fields that several requests have, with the checks that are the same everywhere.

extension JSONObjectReader {
    /// `limit`: at least 1; above the maximum it is taken as the maximum, later.
    mutating func pageLimit() throws(WireError) -> Int64? {
        guard let limit = try optionalInteger("limit") else { return nil }
        guard limit >= 1 else { throw failure("limit", "must be at least 1") }
        return limit
    }

    /// An emoji: 1 to 32 bytes.
    mutating func emoji(_ name: String) throws(WireError) -> String {
        let emoji = try string(name)
        guard Emoji.isWellFormed(emoji) else { throw failure(name, "must be 1 to \(FixedLimits.emojiBytes) bytes") }
        return emoji
    }

    /// What a device calls itself.
    mutating func device(_ name: String) throws(WireError) -> String? {
        let device = try optionalString(name)
        if let device, device.utf8.count > FixedLimits.deviceBytes {
            throw failure(name, "must be at most \(FixedLimits.deviceBytes) bytes")
        }
        return device
    }

    /// A handle.
    mutating func optionalHandle(_ name: String) throws(WireError) -> String? {
        guard let handle = try optionalString(name) else { return nil }
        guard Handle.isWellFormed(handle) else {
            throw failure(name, "must be 3 to 32 characters of a-z, 0-9, dot, underscore and hyphen")
        }
        return handle
    }

    /// A handle.
    mutating func handle(_ name: String) throws(WireError) -> String {
        guard let handle = try optionalHandle(name) else { throw failure(name, "is missing") }
        return handle
    }

    /// An e-mail address, as far as form goes: something, an at sign, something, within the length.
    mutating func email(_ name: String) throws(WireError) -> String {
        let email = try string(name)
        guard Email.isWellFormed(email) else {
            throw failure(name, "must be an e-mail address of at most \(FixedLimits.emailBytes) bytes")
        }
        return email
    }

    /// A field that can be changed, cleared by `null`, or left as it is.
    mutating func change(_ name: String) throws(WireError) -> Change<String> {
        switch value(name) {
        case nil: return .keep
        case .null: return .clear
        case .string(let text): return .set(text)
        default: throw failure(name, "must be a string or null")
        }
    }
}

extension JSONWriter {
    /// A field that can be changed, cleared by `null`, or left as it is.
    mutating func field(_ name: StaticString, _ change: Change<String>) {
        switch change {
        case .keep: return
        case .clear:
            key(name)
            null()
        case .set(let text): field(name, text)
        }
    }
}

/// What a patch does to a field.
public enum Change<Value: Sendable>: Sendable {
    /// Leaves it as it is (the field is absent).
    case keep
    /// Removes it (`null`).
    case clear
    /// Replaces it.
    case set(Value)
}

extension Change: Equatable where Value: Equatable {}

/// The form of handles.
public enum Handle {
    /// Whether a text is 3 to 32 characters of `a-z0-9._-`.
    public static func isWellFormed(_ text: String) -> Bool {
        (FixedLimits.handleMinimum...FixedLimits.handleMaximum).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}

/// The form of emoji under messages.
public enum Emoji {
    /// Whether a text is 1 to 32 bytes.
    public static func isWellFormed(_ text: String) -> Bool { (1...FixedLimits.emojiBytes).contains(text.utf8.count) }
}

/// The form of e-mail addresses, as far as it can be told without sending one.
public enum Email {
    /// Whether a text has one part before and one behind its last at sign, no spaces or control characters, at most 254 bytes.
    public static func isWellFormed(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= FixedLimits.emailBytes, let at = bytes.lastIndex(of: UInt8(ascii: "@")) else {
            return false
        }
        guard at > bytes.startIndex, bytes.index(after: at) < bytes.endIndex else { return false }
        return bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }
}
