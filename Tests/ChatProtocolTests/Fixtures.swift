// The examples in Protocol/fixtures and what each is an example of. The same files are read by clients in other languages.

import ChatProtocol
import Foundation
import Testing

/// One example: a line of canonical JSON text.
struct Fixture: Sendable, CustomTestStringConvertible {
    /// `<group>.<what>[.<variant>]`, for instance `event.message.tombstone`.
    var name: String
    var bytes: [UInt8]

    var testDescription: String { name }

    /// The part before the first dot.
    var group: String { String(name.prefix { $0 != "." }) }

    /// The part behind the first dot.
    var subject: String { String(name.drop { $0 != "." }.dropFirst()) }

    static let protocolFolder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Protocol")

    /// All examples, by name.
    static let all: [Fixture] = {
        let folder = protocolFolder.appendingPathComponent("fixtures")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.compactMap { file in
            // A file that cannot be read is missing from the list, and its coverage test fails.
            guard let data = try? Data(contentsOf: file) else { return nil }
            var bytes = [UInt8](data)
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            return Fixture(name: file.deletingPathExtension().lastPathComponent, bytes: bytes)
        }.sorted { $0.name < $1.name }
    }()

    static func of(_ group: String) -> [Fixture] { all.filter { $0.group == group } }

    /// Reads the example as what it is an example of and writes it again; `nil` if nobody knows what it is.
    func recoded() throws(WireError) -> [UInt8]? {
        switch group {
        case "command": return try CommandFrame(bytes: bytes).encoded()
        case "event": return try ServerFrame(bytes: bytes).encoded()
        case "reply": return try recodedReply()
        case "error":
            if subject.hasPrefix("problem.") { return try Problem(bytes: bytes).encoded() }
            return try ServerFrame(bytes: bytes).encoded()
        case "object", "request":
            // The one name that both groups have.
            if subject.hasPrefix("member") {
                return group == "object"
                    ? try Self.recode(Member.self)(bytes) : try Self.recode(MemberRequest.self)(bytes)
            }
            for (prefix, recode) in Self.types where "\(subject).".hasPrefix("\(prefix).") { return try recode(bytes) }
            return nil
        default:
            return nil
        }
    }

    private typealias Recode = @Sendable ([UInt8]) throws(WireError) -> [UInt8]

    private static func recode<Value: JSONEncodable & JSONDecodable & SendableMetatype>(_ type: Value.Type) -> Recode {
        { (bytes: [UInt8]) throws(WireError) -> [UInt8] in try Value(bytes: bytes).encoded() }
    }

    /// Objects and requests by the beginning of their names.
    private static let types: [(String, Recode)] = [
        ("user", recode(User.self)), ("profile", recode(Profile.self)), ("signed-in", recode(SignedIn.self)),
        ("refreshed", recode(Refreshed.self)), ("session-grant", recode(SessionGrant.self)),
        ("session-info", recode(SessionInfo.self)), ("message", recode(Message.self)),
        ("conversation", recode(Conversation.self)), ("channel-summary", recode(ChannelSummary.self)),
        ("own-state", recode(OwnState.self)), ("read-state", recode(ReadState.self)),
        ("changes-page", recode(ChangesPage.self)), ("own-page", recode(OwnPage.self)),
        ("history-page", recode(HistoryPage.self)), ("list-page", recode(ListPage<User>.self)),
        ("server-info", recode(ServerInfo.self)), ("close-reason", recode(CloseReason.self)),
        ("sign-up", recode(SignUpRequest.self)), ("sign-in", recode(SignInRequest.self)),
        ("refresh", recode(RefreshRequest.self)), ("password-change", recode(PasswordChange.self)),
        ("profile-patch", recode(ProfilePatch.self)), ("conversation-patch", recode(ConversationPatch.self)),
        ("settings-patch", recode(SettingsPatch.self)), ("draft", recode(DraftRequest.self)),
        ("send", recode(SendRequest.self)), ("edit", recode(EditRequest.self)), ("read", recode(ReadRequest.self)),
        ("new-conversation", recode(NewConversation.self)),
    ]

    /// Reads a reply's `ok` as the answer of its command and writes the reply again.
    private func recodedReply() throws(WireError) -> [UInt8]? {
        let frame = try ServerFrame(bytes: bytes)
        guard case .reply(let reply) = frame, case .success(let ok) = reply.result else { return nil }
        switch subject.prefix(while: { $0 != "." }) {
        case "hello": return ReplyFrame.encoded(re: reply.re, ok: try HelloReply(json: ok))
        case "index": return ReplyFrame.encoded(re: reply.re, ok: try IndexPage(json: ok))
        case "conversations": return ReplyFrame.encoded(re: reply.re, ok: try ConversationsAnswer(json: ok))
        case "sync":
            if subject == "sync.own" { return ReplyFrame.encoded(re: reply.re, ok: try OwnPage(json: ok)) }
            return ReplyFrame.encoded(re: reply.re, ok: try ChangesPage(json: ok))
        case "history": return ReplyFrame.encoded(re: reply.re, ok: try HistoryPage(json: ok))
        case "send": return ReplyFrame.encoded(re: reply.re, ok: try SendReply(json: ok))
        case "edit", "delete", "react", "unreact", "pin", "unpin":
            return ReplyFrame.encoded(re: reply.re, ok: try MessageAnswer(json: ok))
        case "read": return ReplyFrame.encoded(re: reply.re, ok: try ReadState(json: ok))
        case "presence":
            if subject == "presence.set" { return ReplyFrame.encoded(re: reply.re, ok: try EmptyAnswer(json: ok)) }
            return ReplyFrame.encoded(re: reply.re, ok: try PresenceAnswer(json: ok))
        case "create", "join": return ReplyFrame.encoded(re: reply.re, ok: try ConversationAnswer(json: ok))
        case "member": return ReplyFrame.encoded(re: reply.re, ok: try MemberAnswer(json: ok))
        case "ping": return ReplyFrame.encoded(re: reply.re, ok: try PingAnswer(json: ok))
        case "open", "typing", "state", "leave", "remove":
            return ReplyFrame.encoded(re: reply.re, ok: try EmptyAnswer(json: ok))
        default: return nil
        }
    }
}

/// A text as bytes.
func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Bytes as a text, for readable failures.
func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
