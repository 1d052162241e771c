// What closes the connection, what is answered, and with which error.

import ChatProtocol
import Testing

@Suite struct CommandDecodingTests {
    static let conversation = "\"conversation\":\"0M4T8Q2N7XA1C\""

    @Test(arguments: [
        "", "[]", "1", "null", "\"send\"", "{}", "{\"do\":\"ping\"}", "{\"id\":1}", "{\"id\":0,\"do\":\"ping\"}",
        "{\"id\":-1,\"do\":\"ping\"}", "{\"id\":1.0,\"do\":\"ping\"}", "{\"id\":1e3,\"do\":\"ping\"}",
        "{\"id\":9007199254740992,\"do\":\"ping\"}", "{\"id\":\"1\",\"do\":\"ping\"}", "{\"id\":null,\"do\":\"ping\"}",
        "{\"id\":1,\"do\":1}", "{\"id\":1,\"do\":null}", "{\"id\":1,\"do\":\"ping\"}x",
        "{\"id\":1,\"id\":1,\"do\":\"ping\"}",
        "{\"id\":1,\"do\":\"ping\",\"x\":\"\\ud800\"}", "[{\"id\":1,\"do\":\"ping\"}]", "{\"id\":1,\"do\":\"ping\",}",
    ]) func brokenFormCloses(_ frame: String) {
        guard case .malformed = CommandDecoding(bytes: utf8(frame)) else {
            Issue.record("\(frame) was taken")
            return
        }
    }

    @Test func theSmallestAndTheLargestIdAreTaken() {
        for id in [Int64(1), 9_007_199_254_740_991] {
            let decoding = CommandDecoding(bytes: utf8("{\"id\":\(id),\"do\":\"ping\"}"))
            #expect(decoding == .command(CommandFrame(id: id, command: .ping)))
        }
    }

    /// `do`, the other fields, the code, and a word of the message.
    static let refused: [(String, String, ErrorCode, String)] = [
        ("fly", "", .invalid, "unknown command"), ("fly", "\"seq\":1", .invalid, "unknown command"),
        ("", "", .invalid, "unknown command"),
        ("Ping", "", .invalid, "unknown command"),
        ("index", "", .invalid, "after"), ("index", "\"after\":\"x\"", .notFound, "after"),
        ("conversations", "\"ids\":\"0M4T8Q2N7XA1C\"", .invalid, "ids"),
        ("conversations", "\"ids\":[1]", .invalid, "ids"),
        ("conversations", "\"ids\":[\"x\"]", .notFound, "ids"),
        (
            "conversations", "\"ids\":[\(Array(repeating: "\"0M4T8Q2N7XA1C\"", count: 201).joined(separator: ","))]",
            .invalid, "200"
        ),
        ("sync", "\"since\":0", .invalid, "conversation"),
        ("sync", "\(conversation),\"own\":true,\"since\":0", .invalid, "conversation"),
        ("sync", conversation, .invalid, "since"), ("sync", "\(conversation),\"since\":-1", .invalid, "since"),
        ("sync", "\(conversation),\"since\":1.0", .invalid, "since"),
        ("sync", "\(conversation),\"since\":1e3", .invalid, "since"),
        ("sync", "\(conversation),\"since\":9007199254740992", .invalid, "since"),
        ("sync", "\(conversation),\"since\":0,\"limit\":0", .invalid, "limit"),
        ("history", "\(conversation),\"before\":1,\"after\":2", .invalid, "before"),
        ("history", "\(conversation),\"around\":1,\"at\":2", .invalid, "at"),
        ("history", "\(conversation),\"limit\":\"5\"", .invalid, "limit"),
        ("history", "\"conversation\":\"0m4t8q2n7xa1c\"", .notFound, "conversation"),
        ("history", "\"conversation\":7", .invalid, "conversation"),
        ("send", "\(conversation),\"nonce\":\"n\"", .invalid, "body"),
        ("send", "\(conversation),\"body\":\"b\"", .invalid, "nonce"),
        ("send", "\(conversation),\"nonce\":\"\",\"body\":\"b\"", .invalid, "nonce"),
        ("send", "\(conversation),\"nonce\":\"n\",\"body\":\"\"", .invalid, "body"),
        ("send", "\(conversation),\"nonce\":\"n\",\"body\":\"\",\"attachments\":[]", .invalid, "body"),
        ("send", "\(conversation),\"nonce\":\"n\",\"body\":\"b\",\"replyTo\":-1", .invalid, "replyTo"),
        ("send", "\(conversation),\"nonce\":\"n\",\"body\":\"b\",\"thread\":\"1\"", .invalid, "thread"),
        ("send", "\(conversation),\"nonce\":\"n\",\"body\":\"b\",\"attachments\":[\"x\"]", .notFound, "attachments"),
        // Form before existence, whatever comes first.
        ("send", "\"conversation\":\"x\",\"nonce\":1,\"body\":\"b\"", .invalid, "nonce"),
        ("member", "\"conversation\":\"x\",\"user\":5", .invalid, "user"),
        ("edit", "\(conversation),\"body\":\"b\"", .invalid, "seq"),
        ("edit", "\(conversation),\"seq\":1", .invalid, "body"),
        ("edit", "\(conversation),\"seq\":1,\"body\":\"b\",\"ifRev\":true", .invalid, "ifRev"),
        ("delete", "\(conversation),\"seq\":-1", .invalid, "seq"),
        ("react", "\(conversation),\"seq\":1", .invalid, "emoji"),
        ("react", "\(conversation),\"seq\":1,\"emoji\":\"\"", .invalid, "emoji"),
        ("unreact", "\(conversation),\"seq\":1,\"emoji\":\"\(String(repeating: "a", count: 33))\"", .invalid, "emoji"),
        ("pin", "\"seq\":1", .invalid, "conversation"), ("unpin", "\(conversation),\"seq\":null", .invalid, "seq"),
        ("read", conversation, .invalid, "seq"),
        ("read", "\(conversation),\"seq\":1,\"unreadFrom\":1", .invalid, "unreadFrom"),
        ("read", "\(conversation),\"seq\":1,\"unreadFrom\":null", .invalid, "unreadFrom"),
        ("read", "\(conversation),\"unreadFrom\":0", .invalid, "unreadFrom"),
        ("read", "\(conversation),\"unreadFrom\":\"1\"", .invalid, "unreadFrom"),
        ("open", "", .invalid, "conversation"), ("open", "\"conversation\":false", .invalid, "conversation"),
        ("typing", "", .invalid, "conversation"), ("presence", "\"set\":\"offline\"", .invalid, "set"),
        ("presence", "\"set\":\"busy\"", .invalid, "set"), ("presence", "\"watch\":{}", .invalid, "watch"),
        (
            "presence", "\"watch\":[\(Array(repeating: "\"0M4T8Q2N7XA1A\"", count: 101).joined(separator: ","))]",
            .invalid, "100"
        ),
        ("state", "", .invalid, "active"), ("state", "\"active\":1", .invalid, "active"),
        ("create", "", .invalid, "kind"), ("create", "\"kind\":\"room\"", .invalid, "kind"),
        ("create", "\"kind\":\"group\",\"members\":[\"x\"]", .notFound, "members"),
        ("create", "\"kind\":\"group\",\"public\":\"yes\"", .invalid, "public"),
        ("create", "\"kind\":\"group\",\"nonce\":\"\"", .invalid, "nonce"),
        ("join", "", .invalid, "conversation"), ("leave", "\"conversation\":[]", .invalid, "conversation"),
        ("member", "\(conversation),\"user\":\"0M4T8Q2N7XA1A\",\"role\":\"boss\"", .invalid, "role"),
        ("remove", conversation, .invalid, "user"),
        ("hello", "\"token\":1", .invalid, "token"), ("hello", "\"features\":\"x\"", .invalid, "features"),
        ("hello", "\"features\":[1]", .invalid, "features"),
        ("hello", "\"own\":-1", .invalid, "own"), ("hello", "\"resume\":[]", .invalid, "resume"),
        ("hello", "\"resume\":{\"x\":1}", .invalid, "resume"),
        ("hello", "\"resume\":{\"0M4T8Q2N7XA1C\":-1}", .invalid, "resume"),
        ("hello", "\"resume\":{\"0M4T8Q2N7XA1C\":\"1\"}", .invalid, "resume"),
        ("hello", "\"device\":\"\(String(repeating: "d", count: 257))\"", .invalid, "device"),
        (
            "hello",
            "\"resume\":{\((0..<201).compactMap { UserID(rawValue: $0).map { "\"\($0)\":1" } }.joined(separator: ","))}",
            .invalid, "200"
        ),
    ]

    @Test(arguments: refused.indices) func isAnsweredWithAnError(_ index: Int) {
        let (name, fields, code, word) = Self.refused[index]
        let frame = "{\"id\":9,\"do\":\"\(name)\"\(fields.isEmpty ? "" : ",")\(fields)}"
        guard case .refused(let id, let refusedName, let error) = CommandDecoding(bytes: utf8(frame)) else {
            Issue.record("\(frame) was not refused")
            return
        }
        #expect(id == 9)
        #expect(refusedName == name)
        #expect(error.code == code)
        #expect(error.message.contains(word))
    }

    /// Every example with each of the six fields: refused unless the protocol names the field for the command.
    @Test(arguments: Fixture.of("command")) func fieldsOfTheServerAreRefused(_ fixture: Fixture) throws {
        let command = try CommandFrame(bytes: fixture.bytes).command
        var named: Set<String> = ["id"]
        if ["edit", "delete", "react", "unreact", "pin", "unpin", "read"].contains(command.name) {
            named.insert("seq")
        }
        if command.name == "member" { named.insert("role") }
        for field in ["role", "id", "seq", "sender", "rev", "sentAt"] where !named.contains(field) {
            let frame = fixture.bytes.dropLast() + utf8(",\"\(field)\":1}")
            guard case .refused(_, _, let error) = CommandDecoding(bytes: frame) else {
                Issue.record("\(command.name) was taken with \(field)")
                continue
            }
            #expect(error.code == .invalid)
            #expect(error.message.contains(field))
        }
    }

    @Test(arguments: Fixture.of("command")) func otherFieldsAreIgnored(_ fixture: Fixture) throws {
        let frame = fixture.bytes.dropLast() + utf8(",\"colour\":{\"role\":1,\"id\":2},\"retries\":3}")
        #expect(try CommandFrame(bytes: frame) == CommandFrame(bytes: fixture.bytes))
    }

    @Test func nullInAnOptionalFieldIsAbsence() {
        let frame =
            "{\"id\":1,\"do\":\"send\",\(Self.conversation),\"nonce\":\"n\",\"body\":\"b\",\"replyTo\":null,\"attachments\":null}"
        guard case .command(let read) = CommandDecoding(bytes: utf8(frame)), case .send(let send) = read.command else {
            Issue.record("refused")
            return
        }
        #expect(send.replyTo == nil)
        #expect(send.attachments.isEmpty)
    }

    @Test func emojiMayHave32Bytes() {
        let emoji = String(repeating: "é", count: 16)
        let frame = "{\"id\":1,\"do\":\"react\",\(Self.conversation),\"seq\":1,\"emoji\":\"\(emoji)\"}"
        guard case .command = CommandDecoding(bytes: utf8(frame)) else { return #expect(Bool(false)) }
    }
}
