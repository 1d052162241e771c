// The configuration file: one JSON object with the options' names as keys.
//
// It is read with the parser of the protocol and handed on as values in memory: the file provider of swift-configuration
// passes over keys that nobody asks for and takes the last of two equal keys, and an operator's typing errors would go
// unnoticed.
import ChatProtocol
import Configuration
import Glibc

/// The values of a file, and what is wrong with it.
struct ConfigurationFile {
    /// More than any configuration needs; whoever names a database by mistake is told at once.
    static let bytesMaximum = 1_048_576

    private(set) var values: [AbsoluteConfigKey: ConfigValue] = [:]
    private(set) var problems: [ConfigurationProblem] = []
    private let path: String

    /// Understands the text of a whole file, as ``read(_:)`` gives it.
    init(path: String, text: [UInt8]) {
        self.path = path
        do throws(WireError) {
            guard case .object(let fields) = try JSONParser.parse(text) else {
                problems = [ConfigurationProblem(path, "is no JSON object")]
                return
            }
            for field in fields { take(field) }
        } catch {
            problems = [ConfigurationProblem(path, error.message)]
        }
    }

    /// What is in the file of a path.
    static func read(_ path: String) -> Result<[UInt8], ConfigurationProblem.Reason> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(.init("cannot be read: \(String(cString: strerror(errno)))")) }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .failure(.init("cannot be read: \(String(cString: strerror(errno)))")) }
            if count == 0 { return .success(text) }
            text += buffer.prefix(count)
            guard text.count <= bytesMaximum else { return .failure(.init("is larger than 1 MiB")) }
        }
    }

    private mutating func take(_ field: JSON.Field) {
        if field.name == Setting.limit.name {
            guard case .object(let limits) = field.value else {
                refuse(field.name, "must be an object of limits, like {\"bodyBytes\": 8192}")
                return
            }
            for limit in limits { takeLimit(limit) }
        } else if let setting = Setting.values.first(where: { $0.name == field.name && !$0.name.contains(".") }) {
            take(field.value, setting)
        } else {
            refuse(field.name, "there is no such key")
        }
    }

    private mutating func takeLimit(_ field: JSON.Field) {
        guard let limit = Limit.named(field.name) else {
            refuse("limit.\(field.name)", "there is no such limit")
            return
        }
        take(field.value, .limit(limit))
    }

    /// Types are checked here, where JSON's are known; ranges and forms with those of the other places.
    private mutating func take(_ value: JSON, _ setting: Setting) {
        guard let content = Self.content(value, setting.kind) else {
            refuse(setting.name, "must be \(setting.expectation)")
            return
        }
        values[AbsoluteConfigKey(setting.key.components)] = ConfigValue(content, isSecret: setting.isSecret)
    }

    private static func content(_ value: JSON, _ kind: Setting.Kind) -> ConfigContent? {
        switch (value, kind) {
        case (.string(let text), .text):
            return .string(text)
        case (.integer(let number), .number):
            return .int(Int(number))
        case (.array(let elements), .list):
            let texts = elements.compactMap { element -> String? in
                guard case .string(let text) = element else { return nil }
                return text
            }
            return texts.count == elements.count ? .stringArray(texts) : nil
        default:
            return nil
        }
    }

    private mutating func refuse(_ key: String, _ text: String) {
        problems.append(ConfigurationProblem(Self.place(key, in: path), text))
    }

    static func place(_ key: String, in path: String) -> String { "\(path): \"\(key)\"" }
}

extension ConfigurationProblem {
    /// What is wrong, before it is known where.
    struct Reason: Error {
        let text: String

        init(_ text: String) {
            self.text = text
        }
    }
}
