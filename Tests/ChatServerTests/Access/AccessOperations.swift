// Every call and every command, as the access matrix makes them: well-formed, on something that exists.
import ChatProtocol

/// One cell of the matrix, as an operation sees it.
struct AccessCell: Sendable {
    let scene: AccessScene
    let role: AccessRole
    let guest: String
    let bystander: String

    var conversation: String { scene.field }
    var base: String { "/v1/conversations/\(scene.conversation)" }
    /// The caller's own message; where there is none, somebody else's.
    var own: Int64 { scene.ownSeq[role] ?? scene.otherSeq }
    var other: Int64 { scene.otherSeq }
}

/// A way to ask for something.
struct AccessOperation: Sendable {
    enum Request: Sendable {
        /// A method and template of the interface; the path, and the body if there is one.
        case call(String, path: @Sendable (AccessCell) -> String, body: @Sendable (AccessCell) -> String?)
        /// A command and its fields.
        case command(@Sendable (AccessCell) -> String)
    }

    /// The route or command, and in parentheses which of several cases it is.
    let name: String
    let request: Request
    /// Whether success leaves the scene as it was.
    let isReading: Bool

    /// The name without the case.
    var subject: String { String(name.prefix { $0 != "(" }).trimmingSuffix() }

    static func call(
        _ name: String,
        _ path: @escaping @Sendable (AccessCell) -> String,
        body: (@Sendable (AccessCell) -> String)? = nil
    ) -> AccessOperation {
        let method = String(name.prefix { $0 != " " })
        return AccessOperation(
            name: name,
            request: .call(method, path: path, body: { body?($0) }),
            isReading: method == "GET"
        )
    }

    static func command(
        _ name: String,
        reading isReading: Bool = false,
        _ fields: @escaping @Sendable (AccessCell) -> String
    ) -> AccessOperation {
        AccessOperation(name: "ws \(name)", request: .command(fields), isReading: isReading)
    }

    /// Those about a conversation.
    static let inConversation: [AccessOperation] = calls + commands

    private static let calls: [AccessOperation] = {
        let conversation = "/v1/conversations/{id}"
        let message = "\(conversation)/messages/{seq}"
        return [
            call("GET \(conversation)", { $0.base }),
            call("PATCH \(conversation)", { $0.base }, body: { _ in #"{"name":"New"}"# }),
            call("DELETE \(conversation)", { $0.base }),
            call("GET \(conversation)/members", { "\($0.base)/members" }),
            call("PUT \(conversation)/members/me", { "\($0.base)/members/me" }),
            call("DELETE \(conversation)/members/me", { "\($0.base)/members/me" }),
            call("PUT \(conversation)/members/{user} (a guest)", { "\($0.base)/members/\($0.guest)" }),
            call(
                "PUT \(conversation)/members/{user} (a member to reader)",
                { "\($0.base)/members/\($0.bystander)" },
                body: { _ in #"{"role":"reader"}"# }
            ),
            call(
                "PUT \(conversation)/members/{user} (a member to admin)",
                { "\($0.base)/members/\($0.bystander)" },
                body: { _ in #"{"role":"admin"}"# }
            ),
            call("DELETE \(conversation)/members/{user} (a member)", { "\($0.base)/members/\($0.bystander)" }),
            call("PUT \(conversation)/settings", { "\($0.base)/settings" }, body: { _ in #"{"muted":true}"# }),
            call("PUT \(conversation)/draft", { "\($0.base)/draft" }, body: { _ in #"{"body":"d"}"# }),
            call("PUT \(conversation)/read", { "\($0.base)/read" }, body: { _ in #"{"seq":1}"# }),
            call(
                "POST \(conversation)/messages",
                { "\($0.base)/messages" },
                body: { _ in #"{"nonce":"new","body":"b"}"# }
            ),
            call("GET \(conversation)/messages", { "\($0.base)/messages" }),
            call("GET \(conversation)/changes", { "\($0.base)/changes?since=0" }),
            call("GET \(message)", { "\($0.base)/messages/\($0.other)" }),
            call("PATCH \(message) (own)", { "\($0.base)/messages/\($0.own)" }, body: { _ in #"{"body":"c"}"# }),
            call("PATCH \(message) (others')", { "\($0.base)/messages/\($0.other)" }, body: { _ in #"{"body":"c"}"# }),
            call("DELETE \(message) (own)", { "\($0.base)/messages/\($0.own)" }),
            call("DELETE \(message) (others')", { "\($0.base)/messages/\($0.other)" }),
            call("PUT \(message)/reactions/{emoji}", { "\($0.base)/messages/\($0.other)/reactions/x" }),
            call("DELETE \(message)/reactions/{emoji}", { "\($0.base)/messages/\($0.other)/reactions/x" }),
            call("PUT \(message)/pin", { "\($0.base)/messages/\($0.other)/pin" }),
            call("DELETE \(message)/pin", { "\($0.base)/messages/\($0.other)/pin" }),
        ]
    }()

    private static let commands: [AccessOperation] = [
        command("conversations", reading: true) { "\"ids\":[\"\($0.scene.conversation)\"]" },
        command("sync", reading: true) { "\($0.conversation),\"since\":0" },
        command("history", reading: true) { $0.conversation },
        command("send") { "\($0.conversation),\"nonce\":\"new\",\"body\":\"b\"" },
        command("edit (own)") { "\($0.conversation),\"seq\":\($0.own),\"body\":\"c\"" },
        command("edit (others')") { "\($0.conversation),\"seq\":\($0.other),\"body\":\"c\"" },
        command("delete (own)") { "\($0.conversation),\"seq\":\($0.own)" },
        command("delete (others')") { "\($0.conversation),\"seq\":\($0.other)" },
        command("react") { "\($0.conversation),\"seq\":\($0.other),\"emoji\":\"x\"" },
        command("unreact") { "\($0.conversation),\"seq\":\($0.other),\"emoji\":\"x\"" },
        command("pin") { "\($0.conversation),\"seq\":\($0.other)" },
        command("unpin") { "\($0.conversation),\"seq\":\($0.other)" },
        command("read") { "\($0.conversation),\"seq\":1" },
        command("open", reading: true) { $0.conversation },
        command("typing", reading: true) { $0.conversation },
        command("join") { $0.conversation },
        command("leave") { $0.conversation },
        command("member (a guest)") { "\($0.conversation),\"user\":\"\($0.guest)\"" },
        command("member (a member to reader)") {
            "\($0.conversation),\"user\":\"\($0.bystander)\",\"role\":\"reader\""
        },
        command("member (a member to admin)") { "\($0.conversation),\"user\":\"\($0.bystander)\",\"role\":\"admin\"" },
        command("remove (a member)") { "\($0.conversation),\"user\":\"\($0.bystander)\"" },
    ]

    /// Commands that are about no conversation.
    static let otherCommands: [(name: String, fields: String)] = [
        ("hello", "\"token\":\"\""), ("index", "\"after\":\"0000000000000\""),
        ("sync (own)", "\"own\":true,\"since\":0"),
        ("presence", "\"watch\":[]"), ("state", "\"active\":true"), ("create", #""kind":"group""#), ("ping", ""),
    ]
}

extension String {
    fileprivate func trimmingSuffix() -> String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
