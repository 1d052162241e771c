// Keeps secrets out of lines for people.

enum Redaction {
    /// What is shown in place of a secret.
    static let hidden = "(hidden)"

    /// What may be shown of a value. Where no secret belongs, somebody may still have typed one: what comes before an `@` is
    /// left out.
    static func shown(_ value: String, _ secrecy: Setting.Secrecy) -> String {
        switch secrecy {
        case .none:
            guard let at = value.lastIndex(of: "@") else { return value }
            return hidden + value[at...]
        case .behindScheme:
            let word = value.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
            return word.endIndex == value.endIndex ? value : word + hidden
        case .whole:
            return hidden
        }
    }
}
