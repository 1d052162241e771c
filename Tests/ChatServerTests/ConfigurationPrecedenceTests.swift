// Which place decides: the command line before the environment before the file before the defaults, for every setting.
import ChatCore
import ChatProtocol
import ChatServer
import Foundation
import Testing

@Suite("Configuration: which place decides")
struct ConfigurationPrecedenceTests {
    /// One setting with a right value for each place, as it is typed, and as `describe` shows it.
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var typed: String
        var variable: String
        /// As JSON.
        var file: String
        /// Typed, variable, file, default.
        var shown: [String]

        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(
            name: "host",
            typed: "::1",
            variable: "0.0.0.0",
            file: "\"chat\"",
            shown: ["::1", "0.0.0.0", "chat", "127.0.0.1"]
        ),
        Row(name: "port", typed: "0", variable: "65535", file: "3", shown: ["0", "65535", "3", "8080"]),
        Row(name: "data", typed: "a", variable: "/b", file: "\"c d\"", shown: ["a", "/b", "c d", "./data"]),
        Row(name: "node", typed: "a", variable: "b.1", file: "\"C_-\"", shown: ["a", "b.1", "C_-", "machine"]),
        Row(name: "admin-port", typed: "0", variable: "2", file: "3", shown: ["0", "2", "3", "none"]),
        Row(
            name: "log-level",
            typed: "trace",
            variable: "error",
            file: "\"critical\"",
            shown: ["trace", "error", "critical", "info"]
        ),
        Row(
            name: "public-url",
            typed: "https://a.b",
            variable: "http://c:81",
            file: "\"https://[::1]:5\"",
            shown: ["https://a.b", "http://c:81", "https://[::1]:5", "none"]
        ),
        Row(
            name: "origin",
            typed: "https://a.b",
            variable: "http://c:81, https://d",
            file: "[\"https://e\", \"https://f\"]",
            shown: ["https://a.b", "http://c:81, https://d", "https://e, https://f", "none"]
        ),
        Row(
            name: "proxy",
            typed: "127.0.0.1",
            variable: "10.0.0.1,::1",
            file: "[\"0:0::2\"]",
            shown: ["127.0.0.1", "10.0.0.1, ::1", "::2", "none"]
        ),
        Row(
            name: "sign-up",
            typed: "open",
            variable: "invite",
            file: "\"closed\"",
            shown: ["open", "invite", "closed", "open"]
        ),
    ]

    /// Every limit, with three values that it takes.
    static let limitRows = Limits.all.map { limit in
        Row(
            name: "limit.\(limit.name)",
            typed: "\(limit.name)=1",
            variable: "2",
            file: "{\"\(limit.name)\": 3}",
            shown: ["1", "2", "3", String(limit.defaultValue)]
        )
    }

    @Test("every subset of places", arguments: rows + limitRows)
    func precedence(_ row: Row) async throws {
        let option = String(row.name.prefix { $0 != "." })
        let variable = "VIBETALK_" + row.name.uppercased().replacing("-", with: "_").replacing(".", with: "_")
        for subset in 0..<8 {
            let isGiven = [subset & 1 != 0, subset & 2 != 0, subset & 4 != 0]
            let loaded = try await load(
                isGiven[0] ? [option: [row.typed]] : [:],
                environment: isGiven[1] ? [variable: row.variable] : [:],
                file: isGiven[2] ? "{\"\(option)\": \(row.file)}" : nil
            )
            let entry = try #require(loaded.entries.first { $0.name == row.name })
            let winner = isGiven.firstIndex(of: true) ?? 3
            #expect(entry.value == row.shown[winner], "places \(isGiven)")
            switch winner {
            case 0: #expect(entry.place == "--\(option)")
            case 1: #expect(entry.place == variable)
            case 2: #expect(entry.place.hasSuffix("chat.json: \"\(row.name)\""))
            default: #expect(entry.place == "default")
            }
            // One setting moves no other.
            let others = loaded.entries.filter { $0.name != row.name }
            #expect(others.allSatisfy { $0.place == "default" })
        }
    }

    @Test("every setting is in the matrix, but for those with one value in this build")
    func matrixIsWhole() async throws {
        let known = Set((Self.rows + Self.limitRows).map(\.name) + ["store", "broker", "cache"])
        #expect(Set(try await load().entries.map(\.name)) == known)
    }

    @Test("what has one value in this build takes it from every place")
    func singleValues() async throws {
        for (name, value) in [("store", "sqlite"), ("broker", "memory"), ("cache", "memory")] {
            #expect(try await problems([name: [value]]) == [])
            #expect(try await problems(environment: ["VIBETALK_\(name.uppercased())": value]) == [])
            #expect(try await problems(file: "{\"\(name)\": \"\(value)\"}") == [])
        }
    }

    @Test("the values reach the configuration")
    func values() async throws {
        let loaded = try await load(
            [
                "port": ["1"], "origin": ["https://a", "https://b"], "limit": ["bodyBytes=5", "messageBurst=0"],
                "public-url": ["https://Chat.example.org:443/"], "proxy": ["10.0.0.1"], "sign-up": ["closed"],
            ],
            environment: ["VIBETALK_ADMIN_PORT": "2", "VIBETALK_LOG_LEVEL": "debug"],
            file: #"{"node": "n", "limit": {"helloSeconds": 7, "bodyBytes": 6}, "data": "d", "host": "::1"}"#
        )
        let configuration = loaded.configuration
        #expect(configuration.port == 1 && configuration.adminPort == 2)
        #expect(configuration.node == "n" && configuration.data == "d" && configuration.host == "::1")
        #expect(configuration.origins == ["https://a", "https://b"] && configuration.proxies == ["10.0.0.1"])
        #expect(configuration.limits.bodyBytes == 5 && configuration.limits.messageBurst == 0)
        #expect(configuration.limits.helloSeconds == 7)
        #expect(configuration.publicURL == "https://chat.example.org" && configuration.isSecure)
        #expect(configuration.signUpPolicy == .closed)
        #expect("\(configuration.logLevel)" == "debug")
    }

    @Test("of an option that does not repeat, the last counts; so of one limit")
    func lastCounts() async throws {
        let loaded = try await load(["port": ["1", "2"], "limit": ["bodyBytes=5", "bodyBytes=6"]])
        #expect(loaded.configuration.port == 2 && loaded.configuration.limits.bodyBytes == 6)
    }

    @Test("an empty variable is none")
    func emptyVariable() async throws {
        let loaded = try await load(environment: [
            "VIBETALK_PORT": "", "VIBETALK_LIMIT_BODYBYTES": "", "VIBETALK_X": "",
        ])
        #expect(loaded.configuration.port == 8_080 && loaded.warnings == [])
    }

    @Test("the file's path may come from the environment; what is typed goes before it")
    func pathOfFile() async throws {
        try await withFolder { folder in
            let paths = ["a", "b"].map { folder.appending(path: $0 + ".json").path }
            try #"{"port": 1}"#.write(toFile: paths[0], atomically: true, encoding: .utf8)
            try #"{"port": 2}"#.write(toFile: paths[1], atomically: true, encoding: .utf8)
            var sources = ConfigurationSources(environment: ["VIBETALK_CONFIG": paths[0]])
            #expect(try sources.load().configuration.port == 1)
            sources.commandLine["config"] = [paths[1]]
            #expect(try sources.load().configuration.port == 2)
        }
    }

    @Test(
        "the node is called like its host, as far as that makes a name",
        arguments: [
            ("chat-1.example.org", "chat-1.example.org"), ("Büro 7", "B--ro-7"), ("", "node"),
            (String(repeating: "x", count: 70), String(repeating: "x", count: 64)),
        ]
    )
    func nodeName(_ host: String, _ node: String) throws {
        #expect(try ConfigurationSources().load(hostName: host).configuration.node == node)
    }

    @Test(
        "without a choice, who may sign up depends on where the node listens",
        arguments: [
            ("127.0.0.1", "open"), ("127.1.2.3", "open"), ("localhost", "open"), ("::1", "open"), ("0.0.0.0", "invite"),
            ("::", "invite"), ("127.example.org", "invite"), ("192.168.1.5", "invite"), ("chat", "invite"),
        ]
    )
    func signUp(_ host: String, _ policy: String) async throws {
        #expect(try await load(["host": [host]]).configuration.signUpPolicy.rawValue == policy)
        #expect(try await load(["host": [host], "sign-up": ["closed"]]).configuration.signUpPolicy == .closed)
    }

    @Test(
        "only an https address for the public is secure",
        arguments: [
            (nil, false), ("http://a", false), ("https://a", true), ("HTTPS://a", true), ("http://a:443", false),
        ]
    )
    func secure(_ url: String?, _ isSecure: Bool) async throws {
        let loaded = try await load(url.map { ["public-url": [$0]] } ?? [:])
        #expect(loaded.configuration.isSecure == isSecure)
    }
}
