// Which texts are hosts, addresses for the public, origins and proxies.
import Testing

@testable import ChatServer

@Suite("Configuration: forms of values")
struct ConfigurationFormTests {
    private func value<Value>(_ result: FormResult<Value>) -> Value? {
        guard case .fine(let value) = result else { return nil }
        return value
    }

    @Test(
        "addresses for the public",
        arguments: [
            ("https://chat.example.org", "https://chat.example.org"),
            ("https://chat.example.org/", "https://chat.example.org"),
            ("HTTPS://Chat.Example.ORG", "https://chat.example.org"),
            ("https://chat.example.org:443", "https://chat.example.org"),
            ("http://10.0.0.1:80", "http://10.0.0.1"),
            ("http://10.0.0.1:8080", "http://10.0.0.1:8080"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
            ("https://[::1]", "https://[::1]"),
            ("", nil), ("https", nil), ("https://", nil), ("https:///", nil), ("ftp://a", nil), ("wss://a", nil),
            ("//a", nil), ("https:a", nil), ("https://a:", nil), ("https://a:0", nil), ("https://a:65536", nil),
            ("https://a:+1", nil), ("https://a:b", nil), ("https://a:1:2", nil), ("https://::1", nil),
            ("https://[::1", nil), ("https://[x]", nil), ("https://me@a", nil), ("https://me:pw@a", nil),
            ("https://a b", nil), ("https://a/b", nil), ("https://a//", nil), ("https://a?b", nil),
            ("https://a#b", nil),
            ("https://bücher.example", nil), ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("https://a\n", nil), ("https://.a", nil), ("https://*.a", nil),
        ]
    )
    func publicURL(_ text: String, _ expected: String?) {
        #expect(value(Forms.publicURL(text)) == expected)
    }

    @Test(
        "origins are taken as browsers write them",
        arguments: [
            ("https://a.b", true), ("http://a.b:8080", true), ("https://[::1]", true),
            ("https://a.b/", false), ("https://A.b", false), ("https://a.b:443", false), ("http://a.b:80", false),
            ("null", false), ("*", false), ("https://*", false), ("a.b", false), ("https://a.b/c", false), ("", false),
        ]
    )
    func origin(_ text: String, _ isFine: Bool) {
        #expect(value(Forms.origin(text)) == (isFine ? text : nil))
    }

    @Test(
        "proxies are addresses, in one spelling",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("0:0:0:0:0:0:0:1", "::1"), ("2001:DB8::0001", "2001:db8::1"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
            ("10.0.0.0/8", nil), ("127.1", nil), ("1.2.3.4.5", nil), ("256.0.0.1", nil), ("01.2.3.4", nil),
            ("[::1]", nil),
            ("localhost", nil), ("", nil), ("127.0.0.1:80", nil), ("fe80::1%eth0", nil),
        ]
    )
    func proxy(_ text: String, _ expected: String?) {
        #expect(value(Forms.proxy(text)) == expected)
    }

    @Test(
        "hosts to listen on",
        arguments: [
            ("127.0.0.1", true), ("0.0.0.0", true), ("::", true), ("fe80::1%eth0", true), ("localhost", true),
            ("chat_1", true),
            ("", false), ("[::1]", false), ("a b", false), ("a/b", false), ("bücher", false), ("a\n", false),
            (String(repeating: "a", count: 254), false),
        ]
    )
    func host(_ text: String, _ isFine: Bool) {
        #expect(value(Forms.host(text)) == (isFine ? text : nil))
    }
}
