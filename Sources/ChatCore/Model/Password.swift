// What may be a password: long enough, and nothing that a guesser tries first.
import ChatProtocol
import Foundation

/// The rule of passwords: 8 to 128 characters in NFC, not trimmed, no rules on their composition.
package enum Password {
    /// The bytes that are hashed and compared: UTF-8 of the NFC form. `nil` where the length is no password's.
    package static func bytes(_ text: String) -> [UInt8]? {
        guard text.utf8.count <= FixedLimits.passwordMaximum * 16 else { return nil }
        let normal = text.precomposedStringWithCanonicalMapping
        let length = FixedLimits.passwordMinimum...FixedLimits.passwordMaximum
        guard length.contains(normal.unicodeScalars.count) else { return nil }
        return Array(normal.utf8)
    }

    /// Checks a new password and gives the bytes to hash. `own` are words that a guesser would know: handle, e-mail,
    /// name, the site's name. The refusal (`invalid`) says why, and never shows the password.
    package static func checkedNew(
        _ text: String,
        own: [String],
        field: String = "password"
    ) throws(ChatError) -> [UInt8] {
        guard let bytes = bytes(text) else {
            let (least, most) = (FixedLimits.passwordMinimum, FixedLimits.passwordMaximum)
            throw .invalid("\(field): \(least) to \(most) characters.")
        }
        guard !CommonPasswords.contains(text, own: own.flatMap(parts(of:))) else {
            throw .invalid("\(field): this one is among the first that are guessed; take another.")
        }
        return bytes
    }

    /// A word itself, and for an e-mail what stands before and after the "@".
    private static func parts(of word: String) -> [String] {
        [word] + (word.contains("@") ? word.split(separator: "@").map(String.init) : [])
    }
}
