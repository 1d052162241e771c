// How names are compared when people look for them: compatibility forms and case folded.
import Foundation

enum SearchKey {
    /// The key under which a thing with these texts is found.
    static func of(_ texts: String?...) -> String {
        texts.compactMap { $0 }.map(fold).joined(separator: "\n")
    }

    /// A text as it is compared.
    static func fold(_ text: String) -> String {
        text.precomposedStringWithCompatibilityMapping.lowercased()
    }
}
