// Reads settings one after the other and collects what is wrong, so that all of it can be told at once.
import Configuration

/// Typed reading of settings.
struct SettingReader {
    private let reader: ConfigReader
    private(set) var problems: [ConfigurationProblem] = []

    init(_ reader: ConfigReader) {
        self.reader = reader
    }

    /// A text; `nil` if nobody gave one, or a wrong one.
    mutating func text(_ setting: Setting) -> String? {
        if let value = reader.string(forKey: setting.key, isSecret: setting.isSecret) { return value }
        refuseIfPresent(setting)
        return nil
    }

    /// A text that `understand` finds a meaning in; else the problem is noted.
    mutating func text<Value>(_ setting: Setting, _ understand: (String) -> FormResult<Value>) -> Value? {
        guard let text = text(setting) else { return nil }
        return understood(text, setting, understand)
    }

    /// A whole number in the setting's range.
    mutating func number(_ setting: Setting) -> Int? {
        guard let value = reader.int(forKey: setting.key, isSecret: setting.isSecret) else {
            refuseIfPresent(setting)
            return nil
        }
        guard case .number(let range) = setting.kind, range.contains(value) else {
            refuse(setting, "\(quoted(String(value), setting)) is not \(setting.expectation)")
            return nil
        }
        return value
    }

    /// A list of texts that are understood, each one; what is wrong is noted for each.
    mutating func list<Value>(_ setting: Setting, _ understand: (String) -> FormResult<Value>) -> [Value]? {
        guard let texts = reader.stringArray(forKey: setting.key, isSecret: setting.isSecret) else {
            refuseIfPresent(setting)
            return nil
        }
        return texts.compactMap { understood($0, setting, understand) }
    }

    /// Notes a problem that shows only when several settings are known.
    mutating func refuse(_ setting: Setting, _ text: String) {
        problems.append(ConfigurationProblem(setting.name, text))
    }

    private mutating func understood<Value>(
        _ text: String,
        _ setting: Setting,
        _ understand: (String) -> FormResult<Value>
    ) -> Value? {
        switch understand(text) {
        case .fine(let value):
            return value
        case .wrong(let why):
            refuse(setting, "\(quoted(text, setting)) \(why)")
            return nil
        }
    }

    /// The reader answers a value of another type like an absent one; nobody's value may be passed over like that.
    private mutating func refuseIfPresent(_ setting: Setting) {
        let key = setting.key
        let isSecret = setting.isSecret
        let value =
            reader.string(forKey: key, isSecret: isSecret) ?? reader.int(forKey: key, isSecret: isSecret)?.description
            ?? reader.double(forKey: key, isSecret: isSecret)?.description
            ?? reader.bool(forKey: key, isSecret: isSecret)?.description
            ?? reader.stringArray(forKey: key, isSecret: isSecret)?.description
            ?? reader.intArray(forKey: key, isSecret: isSecret)?.description
        if let value { refuse(setting, "\(quoted(value, setting)) is not \(setting.expectation)") }
    }

    /// A value as a line may show it.
    private func quoted(_ value: String, _ setting: Setting) -> String {
        setting.isSecret ? "the value" : "\"\(Redaction.shown(value, setting.secrecy).prefix(200))\""
    }
}

/// What a text means, or what is wrong with it.
enum FormResult<Value> {
    case fine(Value)
    /// Follows the quoted text: "is no …".
    case wrong(String)
}
