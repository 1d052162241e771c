// Names that people read: of people, conversations, and topics. What looks like one name must not be able to pass as
// another by characters that nobody sees.
import ChatProtocol
import Foundation

/// The rules of names and topics (protocol.md, "Objects").
package enum DisplayName {
    /// Trimmed, in NFC, free of what cannot be seen.
    ///
    /// - Parameters:
    ///   - text: what came in.
    ///   - limit: how many characters (Unicode scalars) the result may have.
    ///   - field: the field's name, for the refusal.
    ///   - mayBeEmpty: topics may; then a text of spaces alone gives "".
    /// - Returns: the name as it is stored.
    /// - Throws: `invalid` that names the field.
    package static func normalised(
        _ text: String,
        limit: Int64,
        field: String,
        mayBeEmpty: Bool = false
    ) throws(ChatError) -> String {
        // NFC makes a text at most three times as long; whatever is far above the limit is not worth the work.
        guard Int64(text.utf8.count) / 16 <= limit + 4 else { throw tooLong(field, limit) }
        let scalars = trimmed(text.precomposedStringWithCanonicalMapping.unicodeScalars)
        guard scalars.count <= limit else { throw tooLong(field, limit) }
        if scalars.isEmpty, mayBeEmpty { return "" }

        var marks = 0
        var isInTag = false
        var isVisible = false
        for scalar in scalars {
            // Emoji flags of regions end in invisible tag characters; they are fine after the black flag only.
            let isTag = (0xE0020...0xE007F).contains(scalar.value)
            guard isTag ? isInTag : isAllowed(scalar) else {
                throw .invalid("\(field): no control, direction or invisible characters.")
            }
            isInTag = isTag || scalar.value == 0x1F3F4
            if isMark(scalar) {
                marks += 1
                guard marks <= FixedLimits.combiningMarks else {
                    throw .invalid("\(field): at most \(FixedLimits.combiningMarks) marks on a letter.")
                }
            } else if !isJoiner(scalar) {
                // A joiner between marks does not begin a new letter.
                marks = 0
            }
            isVisible = isVisible || isSeen(scalar)
        }
        guard isVisible else { throw .invalid("\(field): needs a visible character.") }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func tooLong(_ field: String, _ limit: Int64) -> ChatError {
        .invalid("\(field): at most \(limit) characters.")
    }

    private static func trimmed(_ scalars: String.UnicodeScalarView) -> Substring.UnicodeScalarView {
        var slice = scalars[...]
        while let first = slice.first, first.properties.isWhitespace { slice.removeFirst() }
        while let last = slice.last, last.properties.isWhitespace { slice.removeLast() }
        return slice
    }

    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0x200C || scalar.value == 0x200D
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark: true
        default: false
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
        default: break
        }
        if properties.isBidiControl || properties.isNoncharacterCodePoint { return false }
        // Zero-width spaces, soft hyphens, fillers, invisible operators, annotation marks.
        let isHidden = properties.isDefaultIgnorableCodePoint || (0xFFF9...0xFFFB).contains(scalar.value)
        return !isHidden || isJoiner(scalar) || properties.isVariationSelector
    }

    private static func isSeen(_ scalar: Unicode.Scalar) -> Bool {
        // U+2800 is a letter of Braille without a dot.
        !scalar.properties.isWhitespace && !scalar.properties.isDefaultIgnorableCodePoint && !isMark(scalar)
            && scalar.value != 0x2800
    }
}
