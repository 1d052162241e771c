// The description tells the truth: every call of the program is in it and no other, and its objects have the fields that the
// examples on the wire have.
import ChatHTTP
import ChatProtocol
import Foundation
import Testing

@Suite("The OpenAPI description")
struct OpenAPITests {
    /// Schemas, and the beginnings of the names of their examples in Protocol/fixtures.
    static let examples: [(schema: String, fixtures: String)] = [
        ("Channel", "object.channel-summary"), ("Changes", "object.changes-page"),
        ("Conversation", "object.conversation"),
        ("History", "object.history-page"), ("Member", "object.member"), ("Message", "object.message"),
        ("Own", "object.own-state"), ("Profile", "object.profile"), ("ReadState", "object.read-state"),
        ("Refreshed", "object.refreshed"), ("Server", "object.server-info"), ("Session", "object.session-info"),
        ("SessionGrant", "object.session-grant"), ("SignedIn", "object.signed-in"), ("User", "object.user"),
        ("UserPage", "object.list-page"), ("Problem", "error.problem"),
        ("ConversationPatch", "request.conversation-patch"), ("DraftRequest", "request.draft"),
        ("EditRequest", "request.edit"), ("MemberRequest", "request.member"),
        ("NewConversation", "request.new-conversation"), ("PasswordChange", "request.password-change"),
        ("ProfilePatch", "request.profile-patch"), ("ReadRequest", "request.read"), ("SendRequest", "request.send"),
        ("SettingsPatch", "request.settings-patch"), ("SignIn", "request.sign-in"), ("SignUp", "request.sign-up"),
    ]

    @Test("names every call and no other, and says who may call")
    func calls() async throws {
        try await HTTPWorld.with { world in
            let document = try await world.document()
            let described = Set(document.calls)
            let built = Set(
                world.routes.map {
                    OpenAPIDocument.Call(method: $0.method, template: $0.template, isSignedIn: $0.access == .signedIn)
                }
            )
            #expect(described.subtracting(built).isEmpty, "described, not built")
            #expect(built.subtracting(described).isEmpty, "built, not described")
            #expect(document.calls.count == described.count)
            #expect(Set(document.operationIDs).count == document.calls.count)
        }
    }

    @Test("refers to what is there, and has nothing that is not referred to")
    func references() async throws {
        try await HTTPWorld.with { world in
            let document = try await world.document()
            let schemes = document.components.filter { $0.hasPrefix("securitySchemes/") }
            #expect(document.references == document.components.subtracting(schemes))
            #expect(schemes.count == 3)
        }
    }

    @Test("requires what every example has, and knows every field of every example", arguments: examples)
    func fields(schema name: String, fixtures: String) async throws {
        let document = OpenAPIDocument(try Self.source())
        let schema = try #require(document.schemas[name])
        let found = try Self.fixtures(fixtures)
        try #require(!found.isEmpty, "no example of \(fixtures)")
        for (file, json) in found {
            let names = Set(json.names)
            #expect(schema.required.isSubset(of: names), "\(file) has not all required fields of \(name)")
            #expect(names.isSubset(of: schema.properties), "\(file) has fields that \(name) does not know")
        }
        #expect(schema.required.isSubset(of: schema.properties))
        let everywhere = found.dropFirst().reduce(Set(found[0].json.names)) { $0.intersection($1.json.names) }
        if found.count > 1, fixtures.hasPrefix("object.") {
            #expect(everywhere == schema.required, "\(name): in every example is not what is required")
        }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func source() throws -> String {
        try String(contentsOf: root.appending(path: "Sources/ChatHTTP/Resources/openapi.yaml"), encoding: .utf8)
    }

    /// The examples of a name, its variants included.
    private static func fixtures(_ name: String) throws -> [(file: String, json: JSON)] {
        let folder = root.appending(path: "Protocol/fixtures")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
        return try files.filter { $0.hasPrefix(name + ".") }.map { file in
            (file, try JSONParser.parse(Array(try Data(contentsOf: folder.appending(path: file)))))
        }
    }
}
