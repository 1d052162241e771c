// Handles and e-mail addresses: what one signs in with. A handle has no "@", an address has one, so a login is clear.
package import ChatProtocol
import Foundation

extension Handle {
    /// - Throws: `invalid` unless the text is a handle.
    package static func checked(_ text: String, field: String = "handle") throws(ChatError) -> String {
        guard isWellFormed(text) else {
            throw .invalid("\(field): 3 to 32 characters from a-z, 0-9, '.', '_' and '-'.")
        }
        return text
    }
}

/// The rule of e-mail addresses: the form that mail systems take, not all that RFC 5322 could say.
package enum EmailAddress {
    /// Trimmed and in NFC, else as written. - Throws: `invalid` unless the text is an address.
    package static func checked(_ text: String, field: String = "email") throws(ChatError) -> String {
        guard text.utf8.count <= FixedLimits.emailBytes + 64 else { throw refusal(field) }
        let address = text.trimmingCharacters(in: .whitespaces).precomposedStringWithCanonicalMapping
        guard address.utf8.count <= FixedLimits.emailBytes,
            let at = address.lastIndex(of: "@"),
            isLocalPart(address[..<at]),
            isDomain(address[address.index(after: at)...])
        else { throw refusal(field) }
        return address
    }

    /// The form in which addresses are compared: one account per address, however it is capitalised.
    package static func folded(_ address: String) -> String {
        address.precomposedStringWithCanonicalMapping.lowercased().precomposedStringWithCanonicalMapping
    }

    private static func refusal(_ field: String) -> ChatError {
        .invalid("\(field): an e-mail address of at most \(FixedLimits.emailBytes) bytes.")
    }

    /// Characters that a local part may have in quotes only; nobody has such an address.
    private static let quoted = "\"(),:;<>@[\\]".unicodeScalars

    private static func isLocalPart(_ part: Substring) -> Bool {
        guard (1...64).contains(part.utf8.count), part.first != ".", part.last != "." else { return false }
        return !part.contains("..") && part.unicodeScalars.allSatisfy { isPlain($0) && !quoted.contains($0) }
    }

    private static func isDomain(_ domain: Substring) -> Bool {
        guard (1...253).contains(domain.utf8.count) else { return false }
        return domain.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.unicodeScalars.allSatisfy { scalar in
                    scalar == "-" || isPlain(scalar) && isLetterOrDigit(scalar)
                }
        }
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark: return true
        default: return properties.isAlphabetic || properties.numericType != nil
        }
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value > 0x20, scalar.value != 0x7F else { return false }
        if scalar.isASCII { return true }
        let properties = scalar.properties
        return !properties.isWhitespace && !properties.isDefaultIgnorableCodePoint && !properties.isBidiControl
            && properties.generalCategory != .control && properties.generalCategory != .unassigned
            && properties.generalCategory != .privateUse
    }
}
