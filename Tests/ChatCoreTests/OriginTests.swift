// Origins, cookies and client addresses: what decides whether a browser's request counts as its user's.
import ChatCore
import Testing

@Suite("Origins, cookies, addresses")
struct OriginTests {
    @Test(
        "Without a public URL, the host that was asked is the own origin",
        arguments: [
            ("http://chat.example:8080", "chat.example:8080", false, true),
            ("http://chat.example", "chat.example", false, true),
            ("http://chat.example", "chat.example:80", false, true),
            ("https://chat.example", "chat.example:443", true, true),
            ("https://chat.example", "chat.example", true, true),
            ("http://[::1]:8080", "[::1]:8080", false, true),
            ("https://chat.example", "chat.example", false, false),
            ("http://chat.example", "chat.example", true, false),
            ("http://chat.example", "chat.example:8080", false, false),
            ("http://chat.example:8080", "chat.example", false, false),
            ("http://evil.example", "chat.example", false, false),
            ("http://chat.example.evil.example", "chat.example", false, false),
            ("http://evilchat.example", "chat.example", false, false),
            ("http://chat.example/", "chat.example", false, false),
            ("http://CHAT.example", "chat.example", false, false),
            ("null", "null", false, false), ("", "", false, false), ("http://", "", false, false),
        ]
    )
    func byHost(origin: String, host: String, isSecure: Bool, isAllowed: Bool) {
        #expect(OriginPolicy(isSecure: isSecure).allows(origin, host: host) == isAllowed)
    }

    @Test("With a public URL the host does not count; named origins do, exactly")
    func byPublicURL() {
        let policy = OriginPolicy(publicURL: "https://Chat.Example/talk", others: ["http://localhost:5173", "null"])
        #expect(policy.allows("https://chat.example", host: "10.0.0.1:8080"))
        #expect(policy.allows("http://localhost:5173", host: nil))
        #expect(!policy.allows("http://10.0.0.1:8080", host: "10.0.0.1:8080"))
        #expect(!policy.allows("http://localhost:51730", host: nil))
        #expect(!policy.allows("http://localhost", host: "localhost"))
        #expect(!policy.allows("https://chat.example:8443", host: "chat.example:8443"))
        #expect(!policy.allows("null", host: nil))
    }

    @Test(
        "A public URL's origin has no path and no implied port",
        arguments: [
            ("https://chat.example:443/x?y", "https://chat.example"), ("http://h:80", "http://h"),
            ("http://h:8080#f", "http://h:8080"), ("h", nil), ("https:/h", nil), ("https://", nil),
            ("https://user@h", nil),
        ] as [(String, String?)]
    )
    func originOfURL(url: String, origin: String?) {
        #expect(OriginPolicy.origin(of: url) == origin)
    }

    @Test(
        "Only a trusted proxy may say for whom it speaks, and only its own hop counts",
        arguments: [
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "198.51.100.7, 1.1.1.1:4711", "1.1.1.1"),
            ("10.0.0.1", "[2001:DB8::1]:443", "2001:db8::1"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "", "10.0.0.1"), ("10.0.0.1", "1.1.1.1,", "10.0.0.1"),
            ("10.0.0.1", "unknown", "10.0.0.1"), ("10.0.0.1", "_hidden", "10.0.0.1"),
            ("10.0.0.2", "198.51.100.7", "10.0.0.2"),
        ]
    )
    func clientAddress(peer: String, forwardedFor: String, address: String) {
        #expect(TrustedProxies(["10.0.0.1"]).clientAddress(peer: peer, forwardedFor: forwardedFor) == address)
    }

    @Test("The cookie's name says how it may travel")
    func cookies() {
        let plain = HostCookie.session(isSecure: false)
        let secure = HostCookie.session(isSecure: true)
        #expect(plain.setting("t", maxAgeSeconds: 9) == "session=t; Max-Age=9; Path=/; HttpOnly; SameSite=Lax")
        #expect(secure.removal == "__Host-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure")
        #expect(plain.token(in: "a=b; session=xyz; c=d") == "xyz")
        #expect(plain.token(in: "a=b;session=x=y") == "x=y")
        #expect(plain.token(in: "__Host-session=xyz") == nil)
        #expect(plain.token(in: "mysession=xyz; sessionx=1; session=") == nil)
        #expect(secure.token(in: "session=abc; __Host-session=xyz") == "xyz")
        #expect(secure.token(in: "session=abc") == nil)
        #expect(secure.token(in: nil) == nil)
    }
}
