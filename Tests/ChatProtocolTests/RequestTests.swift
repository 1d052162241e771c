// The bodies of HTTP requests: fields of the server are refused, forms are checked, null clears.

import ChatProtocol
import Testing

@Suite struct RequestTests {
    /// Every example of a request with each of the six fields.
    @Test(arguments: Fixture.of("request")) func fieldsOfTheServerAreRefused(_ fixture: Fixture) throws {
        for field in ["role", "id", "seq", "sender", "rev", "sentAt"] {
            if field == "role", fixture.subject.hasPrefix("member") { continue }
            if field == "seq", fixture.subject.hasPrefix("read") { continue }
            var changed = fixture
            let isEmpty = fixture.bytes == utf8("{}")
            changed.bytes = fixture.bytes.dropLast() + utf8("\(isEmpty ? "" : ",")\"\(field)\":1}")
            let error = #expect(throws: WireError.self) { try changed.recoded() }
            #expect(error?.code == .invalid)
            #expect(error?.message.contains(field) == true)
        }
    }

    @Test(arguments: Fixture.of("request")) func aBodyIsOneObject(_ fixture: Fixture) {
        for body in ["[]", "null", "1", "\"\"", ""] {
            var changed = fixture
            changed.bytes = utf8(body)
            #expect(throws: WireError.self) { try changed.recoded() }
        }
    }

    @Test(arguments: ["abc", "a-b", "x.y_z-9", String(repeating: "a", count: 32)]) func goodHandles(_ handle: String) {
        #expect(Handle.isWellFormed(handle))
    }

    @Test(arguments: ["", "ab", "Abc", "a b", "äbc", "abc!", "a@b", String(repeating: "a", count: 33), "abc\n"])
    func badHandles(_ handle: String) {
        #expect(!Handle.isWellFormed(handle))
        let patch = JSON.object([.init("handle", .string(handle))])
        #expect(throws: WireError.self) { try ProfilePatch(json: patch) }
    }

    @Test func addressesHaveAFormAndALength() {
        for email in ["a@b", "ada@example.org", "a@b@c", "\(String(repeating: "a", count: 252))@b"] {
            #expect(Email.isWellFormed(email))
        }
        for email in ["", "@", "a@", "@b", "ada", "a b@c", "a@b\n", "\(String(repeating: "a", count: 253))@b"] {
            #expect(!Email.isWellFormed(email))
        }
    }

    @Test func signingInTakesAnAddressOrAHandle() throws {
        func request(_ text: String) throws -> SignInRequest { try SignInRequest(bytes: utf8(text)) }
        #expect(try request(#"{"email":"a@b","password":"p"}"#).isEmail)
        #expect(try request(#"{"email":"ada","password":"p"}"#) == request(#"{"handle":"ada","password":"p"}"#))
        for body in [#"{"password":"p"}"#, #"{"email":"a@b","handle":"ada","password":"p"}"#, #"{"email":"a@b"}"#] {
            #expect(throws: WireError.self) { try request(body) }
        }
    }

    @Test func nullClearsAndAbsenceKeeps() throws {
        let cleared = try ProfilePatch(bytes: utf8(#"{"status":null,"avatar":null}"#))
        #expect(cleared.status == .clear)
        #expect(cleared.avatar == .clear)
        #expect(try ProfilePatch(bytes: utf8("{}")) == ProfilePatch())
        #expect(try ProfilePatch(bytes: utf8(#"{"status":"x"}"#)).status == .set("x"))
        #expect(throws: WireError.self) { try ProfilePatch(bytes: utf8(#"{"status":1}"#)) }
        #expect(try ReadRequest(bytes: utf8(#"{"unreadFrom":null}"#)) == .unreadFrom(nil))
    }

    @Test func settingsAreAnObjectWithinBounds() throws {
        func patch(_ settings: String) throws -> ProfilePatch {
            try ProfilePatch(bytes: utf8("{\"settings\":\(settings)}"))
        }
        #expect(try patch("{\"a\":[1]}").settings?.depth == 2)
        for settings in ["null", "[]", "1"] { #expect(throws: WireError.self) { try patch(settings) } }
        func nested(_ depth: Int) -> String {
            String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        }
        #expect(try patch(nested(8)).settings?.depth == 8)
        #expect(throws: WireError.self) { try patch(nested(9)) }
        let large = #expect(throws: WireError.self) {
            try patch("{\"a\":\"\(String(repeating: "b", count: 32_768))\"}")
        }
        #expect(large?.code == .tooLarge)
    }

    @Test func theDeepestSettingsCanBeToldToTheUsersOtherConnections() throws {
        var settings = JSON.object([])
        for _ in 1..<FixedLimits.settingsDepth { settings = .object([.init("a", settings)]) }
        let user = try #require(UserID(rawValue: 1))
        let row = OwnRow.settings(.init(rev: 1, user: User(id: user, handle: "ada", name: "Ada"), values: settings))
        let reply = ReplyFrame.encoded(re: 1, ok: OwnPage(rows: [row], upTo: 1, head: 1))
        #expect(throws: Never.self) { try JSONParser.parse(reply) }
    }

    @Test func formIsToldBeforeExistence() {
        let body = utf8(#"{"kind":"group","members":["x"],"nonce":5}"#)
        #expect(throws: WireError(.invalid, "nonce must be a string.")) { try NewConversation(bytes: body) }
    }
}
