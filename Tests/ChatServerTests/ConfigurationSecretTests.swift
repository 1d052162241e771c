// What is in force can be told, and secrets stay secret, in the description as in the lines about what is wrong.
import Configuration
import Testing

@testable import ChatServer

@Suite("Configuration: what is in force, and secrets")
struct ConfigurationSecretTests {
    @Test("every key, its value and its place, in the order of the options")
    func description() async throws {
        let loaded = try await load(
            ["port": ["9"], "limit": ["bodyBytes=5"]],
            environment: ["VIBETALK_SIGN_UP": "closed"]
        )
        let rows = loaded.describe().split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.map { $0[0] } == Setting.values.map(\.name))
        #expect(rows[1] == ["port", "9", "--port"])
        #expect(rows.contains(["sign-up", "closed", "VIBETALK_SIGN_UP"]))
        #expect(rows.contains(["limit.bodyBytes", "5", "--limit"]))
        #expect(rows.contains(["limit.frameBytes", "65536", "default"]))
        #expect(rows.contains(["store", "sqlite", "default"]))
    }

    @Test("who may sign up is told as it is in force")
    func signUp() async throws {
        #expect(try await load(["host": ["0.0.0.0"]]).describe().contains(/\nsign-up +invite +default\n/))
    }

    @Test("a value that its provider or its reader calls a secret is hidden")
    func hidden() throws {
        for (isProvidersSecret, isReadersSecret) in [(true, false), (false, true), (true, true), (false, false)] {
            let origins = ValueOrigins(file: nil)
            let secret = ConfigValue(.string("xyzzy"), isSecret: isProvidersSecret)
            let reader = ConfigReader(
                provider: InMemoryProvider(name: ValueOrigins.commandLine, values: ["node": secret]),
                accessReporter: origins
            )
            var configuration = ServerConfiguration()
            configuration.node = try #require(reader.string(forKey: "node", isSecret: isReadersSecret))
            let loaded = LoadedConfiguration(configuration, origins: origins, warnings: [])
            let isHidden = isProvidersSecret || isReadersSecret
            #expect(loaded.describe().contains("xyzzy") != isHidden)
            #expect(loaded.entries.contains { $0.value == Redaction.hidden } == isHidden)
            #expect(loaded.entries.first { $0.name == "node" }?.place == "--node")
        }
    }

    @Test("a secret setting is secret for whoever reads it, and is not told when it is wrong")
    func secretSetting() throws {
        let setting = Setting("node", .text, "KEY", "A key.", fallback: "none", secrecy: .whole)
        let origins = ValueOrigins(file: nil)
        let reader = ConfigReader(
            provider: InMemoryProvider(name: ValueOrigins.commandLine, values: ["node": "xyzzy"]),
            accessReporter: origins
        )
        var values = SettingReader(reader)
        let value: String? = values.text(setting) { _ in .wrong("is too short") }
        #expect(value == nil)
        #expect(values.problems == [ConfigurationProblem("node", "the value is too short")])
        #expect(origins.isSecret(.node))
    }

    @Test(
        "a secret of the wrong type is not told either",
        arguments: [
            ConfigContent.string("42xyzzy"), .double(42.5), .bool(true), .stringArray(["xyzzy"]), .int(424_242),
        ]
    )
    func secretOfWrongType(_ content: ConfigContent) {
        let setting = Setting("port", .number(0...10), "KEY", "A key.", fallback: "none", secrecy: .whole)
        let provider = InMemoryProvider(values: ["port": ConfigValue(content, isSecret: false)])
        var values = SettingReader(ConfigReader(provider: provider))
        #expect(values.number(setting) == nil)
        #expect(values.problems.map(\.description) == ["port: the value is not a whole number from 0 to 10"])
    }

    @Test(
        "what may hold a password is shown as far as its scheme",
        arguments: [
            ("sqlite", "sqlite"), ("postgres://db/chat", "postgres(hidden)"),
            ("postgres://me:xyzzy@db/chat?password=xyzzy", "postgres(hidden)"),
            ("host=db password=xyzzy", "host(hidden)"),
            ("postgres:xyzzy", "postgres(hidden)"), ("", ""),
        ]
    )
    func addresses(_ text: String, _ shown: String) {
        #expect(Redaction.shown(text, .behindScheme) == shown)
        #expect(Redaction.shown(text, .whole) == Redaction.hidden)
    }

    @Test("a password in a place where none belongs is not repeated")
    func misplaced() async throws {
        #expect(try await problems(["public-url": ["https://me:xyzzy@a"]]).map { $0.contains("xyzzy") } == [false])
        #expect(Redaction.shown("https://me:p@w@a/b", .none) == "(hidden)@a/b")
        #expect(Redaction.shown("https://a/b", .none) == "https://a/b")
    }

    @Test("a refused store does not tell its password")
    func refusedStore() async throws {
        for name in ["store", "broker", "cache"] {
            let lines = try await problems([name: ["postgres://me:xyzzy@db/chat?key=xyzzy"]])
            #expect(lines.count == 1 && !lines[0].contains("xyzzy") && lines[0].contains("postgres"))
        }
    }

    @Test("a value of a type that nobody asks for is refused, not passed over")
    func wrongTypes() throws {
        for (key, value) in [("host", 1), ("port", "x"), ("port", 1.5), ("origin", "https://a")]
            as [(String, ConfigContent)]
        {
            let provider = InMemoryProvider(values: [
                AbsoluteConfigKey([key]): ConfigValue(value, isSecret: false)
            ])
            #expect(throws: ConfigurationProblems.self, "\(key)") {
                try ServerConfiguration(reader: ConfigReader(provider: provider))
            }
        }
    }

    @Test("what is allowed but perhaps not meant")
    func warnings() async throws {
        let doors = "everybody who reaches --public-url may create an account"
        let clear = "passwords travel in the clear"
        func warnings(_ typed: [String: [String]], _ environment: [String: String] = [:]) async throws -> [String] {
            try await load(typed, environment: environment).warnings
        }
        #expect(try await warnings([:]) == [])
        #expect(try await warnings(["public-url": ["http://localhost:80"]]) == [])
        #expect(try await warnings(["public-url": ["https://a.b"]]).map { $0.hasPrefix(doors) } == [true])
        #expect(try await warnings(["public-url": ["https://a.b"], "sign-up": ["open"]]) == [])
        #expect(try await warnings(["host": ["0.0.0.0"]]).map { $0.hasPrefix(clear) } == [true])
        #expect(try await warnings(["host": ["0.0.0.0"], "public-url": ["https://a.b"]]) == [])
        #expect(
            try await warnings([:], ["VIBETALK_PROT": "1", "VIBETALK_LIMIT": "x", "HOME": "y"])
                == ["VIBETALK_LIMIT is no setting and was ignored", "VIBETALK_PROT is no setting and was ignored"]
        )
    }
}
