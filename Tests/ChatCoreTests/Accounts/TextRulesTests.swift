// The rules of names, handles, addresses, passwords, emoji and nonces.
import ChatCore
import ChatProtocol
import Testing

@Suite struct DisplayNameTests {
    @Test(arguments: [
        ("  Ada Lovelace \n", "Ada Lovelace"),
        ("e\u{301}", "\u{E9}"),
        ("ไม่เป็นไร", "ไม่เป็นไร"),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("❤\u{FE0F}", "❤\u{FE0F}"),
        (
            "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
            "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}"
        ),
        ("می\u{200C}خواهم", "می\u{200C}خواهم"),
        (
            "a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}",
            "\u{E0}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}"
        ),
    ])
    func accepts(_ text: String, _ expected: String) throws {
        let name = try DisplayName.normalised(text, limit: 64, field: "name")
        #expect(Array(name.utf8) == Array(expected.utf8))
    }

    @Test(arguments: [
        "", "   ", "a\u{0}b", "a\nb", "a\u{7F}", "a\u{85}b", "a\u{2028}b",
        "a\u{202E}b", "a\u{2066}b", "\u{200F}a", "a\u{61C}",
        "a\u{200B}b", "a\u{FEFF}b", "a\u{2060}b", "a\u{AD}b", "\u{3164}", "\u{115F}a", "a\u{34F}b", "a\u{180E}b",
        "a\u{E0041}", "🏴a\u{E0041}", "\u{200D}", "\u{2800}", "\u{FE0F}", "\u{301}", "\u{FFF9}a",
        "a" + String(repeating: "\u{35C}", count: 9),
        "a" + String(repeating: "\u{35C}", count: 5) + "\u{200D}" + String(repeating: "\u{35C}", count: 4),
        String(repeating: "a", count: 65), String(repeating: "a", count: 100_000),
    ])
    func refuses(_ text: String) {
        #expect { try DisplayName.normalised(text, limit: 64, field: "name") } throws: { error in
            let error = error as? ChatError
            return error?.code == .invalid && error?.message.hasPrefix("name:") == true
        }
    }

    @Test func countsCharactersAsScalarsAfterNormalising() throws {
        let decomposed = String(repeating: "e\u{301}", count: 64)
        #expect(try DisplayName.normalised(decomposed, limit: 64, field: "name").unicodeScalars.count == 64)
        let family = String(repeating: "👩‍👧", count: 22)
        #expect(throws: ChatError.self) { try DisplayName.normalised(family, limit: 64, field: "name") }
    }

    @Test func topicsMayBeEmpty() throws {
        #expect(try DisplayName.normalised("  ", limit: 256, field: "topic", mayBeEmpty: true) == "")
        #expect(throws: ChatError.self) {
            try DisplayName.normalised("\u{200D}", limit: 256, field: "topic", mayBeEmpty: true)
        }
    }
}

@Suite struct LoginTests {
    @Test(arguments: ["ada", "a.b", "0-_", String(repeating: "z", count: 32)])
    func acceptsHandle(_ text: String) throws { #expect(try Handle.checked(text) == text) }

    @Test(arguments: ["", "ab", "Ada", "a b", "ada@x", "adä", "a\u{0}a", String(repeating: "z", count: 33)])
    func refusesHandle(_ text: String) { #expect(throws: ChatError.self) { try Handle.checked(text) } }

    @Test(arguments: [
        "ada@example.org", "a+b@x.y.z", "o'neil@example.com", "ada@localhost", "δοκιμή@παράδειγμα.ελ",
        "a@xn--bcher-kva.example", "user@bücher.example",
    ])
    func acceptsAddress(_ text: String) throws { #expect(try EmailAddress.checked(" \(text) ") == text) }

    @Test(arguments: [
        "", "ada", "@x.org", "ada@", "a b@x.org", "a@b@x.org", ".a@x.org", "a.@x.org", "a..b@x.org", "a@x..org",
        "a@-x.org",
        "a@x-.org", "a@x_y.org", "a@[127.0.0.1]", "a@x.org\u{0}", "a\n@x.org", "a@x.org\r\nBcc: b@y.org",
        "a\u{200B}@x.org",
        "\u{202E}a@x.org", String(repeating: "a", count: 65) + "@x.org",
        "a@" + String(repeating: "a", count: 64) + ".org", "a@" + String(repeating: "abcdefg.", count: 32) + "org",
    ])
    func refusesAddress(_ text: String) { #expect(throws: ChatError.self) { try EmailAddress.checked(text) } }

    @Test func addressesAreComparedWithoutCase() {
        #expect(EmailAddress.folded("Ada@Example.ORG") == EmailAddress.folded("ada@example.org"))
        #expect(EmailAddress.folded("E\u{301}@x.org") == EmailAddress.folded("\u{E9}@x.org"))
        #expect(EmailAddress.folded("a@x.org") != EmailAddress.folded("b@x.org"))
    }
}

@Suite struct PasswordTests {
    @Test(arguments: [
        "correct horse battery staple", "x8!kLm2#", "пароль сложный", "     leading spaces kept", "🦊🐙🪁🧭🪐🧶🎻🛰",
        "password84629175836", String(repeating: "gh7 ", count: 32),
    ])
    func accepts(_ text: String) throws {
        let bytes = try Password.checkedNew(text, own: ["ada", "ada@example.org"])
        #expect(bytes == Array(text.utf8))
    }

    @Test(arguments: [
        "", "1234567", "password", "Password1", "P@ssw0rd!", "pa$$word", "12345678", "87654321", "1234567890",
        "qwertyuiop",
        "QWERTY123", "1q2w3e4r", "zaq12wsx", "abcdefgh", "aaaaaaaa", "12121212", "abcabcabc", "iloveyou", "ILoveYou!",
        "monkey123", "letmein1!", "Sunshine2024", "football99", "trustno1", "princess1", "31121999", "19991231",
        "vibetalk", "VibeTalk1", "welcome123", "admin123", "passw0rd", "superman", "changeme", "11112222",
        String(repeating: "x7", count: 64) + "y",
    ])
    func refuses(_ text: String) {
        #expect(throws: ChatError.self) { try Password.checkedNew(text, own: []) }
    }

    @Test func refusesWhatBelongsToTheAccount() {
        let own = ["rosalind", "rosalind@caltech-labs.example", "Rosalind Franklin"]
        for text in ["rosalind", "Rosalind", "rosalind1", "R0salind!", "rosalind franklin", "caltech-labs.example"] {
            #expect(throws: ChatError.self) { try Password.checkedNew(text, own: own) }
        }
        #expect(throws: Never.self) { try Password.checkedNew("rosalind went home late", own: own) }
    }

    @Test func comparesAfterNormalisingAndKeepsSpaces() throws {
        #expect(Password.bytes("cafe\u{301} cre\u{300}me") == Password.bytes("caf\u{E9} cr\u{E8}me"))
        #expect(Password.bytes(" two words ") != Password.bytes("two words"))
        #expect(Password.bytes(String(repeating: "e\u{301}", count: 128)) != nil)
        #expect(Password.bytes(String(repeating: "e", count: 129)) == nil)
        // Nothing is cut off: bytes beyond 72 count.
        let long = String(repeating: "k9", count: 40)
        #expect(Password.bytes(long + "a") != Password.bytes(long + "b"))
    }

    @Test func theRefusalNeverShowsThePassword() {
        #expect {
            try Password.checkedNew("Sunshine2024", own: [])
        } throws: { error in
            !String(describing: error).lowercased().contains("sunshine")
        }
    }
}

@Suite struct TextRulesTests {
    @Test(arguments: ["👍", "❤️", "👨‍👩‍👧‍👦", "+1", ":party:", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
    func acceptsEmoji(_ text: String) { #expect(throws: Never.self) { try TextRules.checkEmoji(text) } }

    @Test(arguments: ["", " ", "a b", "a\n", "\u{0}", "\u{200D}", "\u{202E}👍", String(repeating: "a", count: 33)])
    func refusesEmoji(_ text: String) { #expect(throws: ChatError.self) { try TextRules.checkEmoji(text) } }

    @Test func noncesHaveALength() {
        let limits = Limits()
        #expect(throws: Never.self) { try TextRules.checkNonce(String(repeating: "é", count: 32), limits: limits) }
        #expect(throws: ChatError.self) { try TextRules.checkNonce("", limits: limits) }
        #expect(throws: ChatError.self) { try TextRules.checkNonce(String(repeating: "é", count: 33), limits: limits) }
    }

    @Test func devicesAreCutNotRefused() {
        #expect(TextRules.device(nil) == nil)
        #expect(TextRules.device(" \u{0} ") == nil)
        #expect(TextRules.device("Ada's\u{0} phone\u{202E}") == "Ada's phone")
        #expect(TextRules.device(String(repeating: "é", count: 400))?.utf8.count == 256)
    }
}

@Suite struct TextFuzzTests {
    /// Whatever comes, the rules answer or refuse; what they let through they let through again unchanged.
    @Test func noTextTraps() {
        var generator = SystemRandomNumberGenerator()
        let special: [UInt32] = [
            0, 9, 0x20, 0x40, 0x2E, 0x301, 0x200D, 0x202E, 0x1F3F4, 0xE0067, 0xFE0F, 0x3164, 0xAC00, 0x1100,
        ]
        for _ in 0..<5_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                let value =
                    Bool.random(using: &generator)
                    ? special.randomElement(using: &generator) ?? 0 : UInt32.random(in: 0...0x10FFFF, using: &generator)
                if let scalar = Unicode.Scalar(value) { text.append(scalar) }
            }
            let input = String(text)
            if let name = try? DisplayName.normalised(input, limit: 64, field: "name") {
                let again = try? DisplayName.normalised(name, limit: 64, field: "name")
                #expect(again.map { Array($0.utf8) } == Array(name.utf8))
            }
            if let email = try? EmailAddress.checked(input) {
                #expect(email.utf8.count <= 254)
                #expect(EmailAddress.folded(EmailAddress.folded(email)) == EmailAddress.folded(email))
            }
            if let bytes = try? Password.checkedNew(input, own: [input]) { #expect(!bytes.isEmpty) }
            if let device = TextRules.device(input) { #expect(device.utf8.count <= 256) }
            _ = try? TextRules.checkEmoji(input)
            _ = AddressGroup.of(input)
        }
    }
}
