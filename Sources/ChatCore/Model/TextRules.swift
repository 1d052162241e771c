// Small texts that are not shown as names: emoji, nonces, what a device calls itself.
package import ChatProtocol

/// The rules of small texts.
package enum TextRules {
    /// An emoji: 1 to 32 bytes, nothing that controls. Which pictures are emoji is the client's knowledge.
    package static func checkEmoji(_ text: String, field: String = "emoji") throws(ChatError) {
        guard (1...FixedLimits.emojiBytes).contains(text.utf8.count), text.unicodeScalars.allSatisfy(isPrintable),
            text.unicodeScalars.contains(where: { !$0.properties.isDefaultIgnorableCodePoint })
        else {
            throw .invalid("\(field): 1 to \(FixedLimits.emojiBytes) bytes without control characters.")
        }
    }

    /// A nonce: 1 to `nonceBytes` bytes.
    package static func checkNonce(_ text: String, limits: Limits, field: String = "nonce") throws(ChatError) {
        guard !text.isEmpty, text.utf8.count <= limits.nonceBytes else {
            throw .invalid("\(field): 1 to \(limits.nonceBytes) bytes.")
        }
    }

    /// What a device calls itself: shown to its owner alone. Too long or unprintable parts are left out, not refused:
    /// it is often made from a browser's own name. `nil` if nothing remains.
    package static func device(_ text: String?) -> String? {
        guard let text else { return nil }
        var result = String.UnicodeScalarView()
        var bytes = 0
        for scalar in text.unicodeScalars where isPrintable(scalar) || scalar == " " {
            bytes += UTF8.width(scalar)
            guard bytes <= FixedLimits.deviceBytes else { break }
            result.append(scalar)
        }
        let device = String(result)
        return device.allSatisfy(\.isWhitespace) ? nil : device
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
        default: return !properties.isBidiControl && !properties.isWhitespace && !properties.isNoncharacterCodePoint
        }
    }
}
