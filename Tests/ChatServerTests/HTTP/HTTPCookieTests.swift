// The session cookie: how it is given, what it may do, and from where.
import ChatCore
import ChatHTTP
import ChatProtocol
import Foundation
import Testing

@Suite("HTTP: the cookie")
struct HTTPCookieTests {
    /// Signs up with a cookie. - Returns: the answer and the cookie as a browser sends it back.
    private func signUp(_ world: HTTPWorld, headers: [(String, String)] = []) async throws -> (HTTPProbe.Answer, String)
    {
        let answer = try await world.call(
            "POST",
            "/v1/accounts",
            headers: headers,
            json:
                #"{"email":"c@example.org","handle":"cookie","name":"C","password":"\#(Person.password)","cookie":true}"#
        )
        let cookie = answer.values("set-cookie").first { $0.hasPrefix("session=") || $0.hasPrefix("__Host-session=") }
        return (answer, String(cookie?.prefix { $0 != ";" } ?? ""))
    }

    @Test("Has the attributes that keep it from scripts and other sites; answers with it have no tokens")
    func attributes() async throws {
        for isSecure in [false, true] {
            let origins = OriginPolicy(publicURL: isSecure ? "https://chat.example" : nil)
            try await HTTPWorld.with(origins: origins) { world in
                let (answer, cookie) = try await signUp(world)
                #expect(answer.status == 201)
                let session = try #require(answer.json["session"])
                #expect(session["accessToken"] == nil && session["refreshToken"] == nil)
                #expect((session["expiresInSeconds"]?.integer ?? 0) > 0)
                let all = answer.values("set-cookie")
                #expect(all.count == 2, "the session and the device's mark")
                for line in all {
                    let parts = line.components(separatedBy: "; ")
                    let name = parts[0].prefix { $0 != "=" }
                    #expect(name.hasPrefix("__Host-") == isSecure)
                    #expect(parts.contains("HttpOnly") && parts.contains("SameSite=Lax") && parts.contains("Path=/"))
                    #expect(parts.contains("Secure") == isSecure)
                    #expect(parts.contains { $0.hasPrefix("Max-Age=") })
                    #expect(!line.contains("Domain="))
                }
                #expect(cookie.split(separator: "=")[1].count >= 43)
                let me = try await world.call("GET", "/v1/me", headers: [("Cookie", "x=y; \(cookie)")])
                #expect(me.status == 200)
                // The other name is no session.
                let renamed = isSecure ? cookie.replacing("__Host-", with: "") : "__Host-\(cookie)"
                #expect(try await world.call("GET", "/v1/me", headers: [("Cookie", renamed)]).status == 401)
            }
        }
    }

    @Test("A token is no cookie and a cookie is no token; with both, the token is what counts")
    func tokenAndCookie() async throws {
        try await HTTPWorld.with { world in
            let (_, cookie) = try await signUp(world)
            let value = String(cookie.dropFirst("session=".count))
            let person = try await world.person()
            #expect(
                try await world.call("GET", "/v1/me", headers: [("Authorization", "Bearer \(value)")]).status == 401
            )
            #expect(
                try await world.call("GET", "/v1/me", headers: [("Cookie", "session=\(person.token)")]).status == 401
            )
            let both = try await world.call("GET", "/v1/me", by: person, headers: [("Cookie", cookie)])
            #expect(both.json["handle"]?.string == person.handle)
            // A wrong token is not made good by a right cookie.
            for wrong in ["Bearer x", "Bearer", "bearer "] {
                let answer = try await world.call(
                    "GET",
                    "/v1/me",
                    headers: [("Authorization", wrong), ("Cookie", cookie)]
                )
                #expect(answer.status == 401, "\(wrong)")
            }
            // A proxy's own authorization is not ours.
            let proxy = try await world.call(
                "GET",
                "/v1/me",
                headers: [("Authorization", "Basic eDp5"), ("Cookie", cookie)]
            )
            #expect(proxy.json["handle"]?.string == "cookie")
            // With a token, no origin is needed.
            let change = try await world.call(
                "PATCH",
                "/v1/me",
                by: person,
                headers: [("Cookie", cookie), ("Origin", "https://evil.example")],
                json: #"{"name":"Changed"}"#
            )
            #expect(change.status == 200 && change.json["handle"]?.string == person.handle)
        }
    }

    @Test("Changes need an Origin of this server's own, on every call that changes something")
    func origins() async throws {
        try await HTTPWorld.with(origins: OriginPolicy(others: ["http://localhost:5173"])) { world in
            let (_, cookie) = try await signUp(world)
            let port = world.probe.port
            let foreign: [String?] = [
                nil, "null", "https://evil.example", "http://127.0.0.1", "https://127.0.0.1:\(port)",
                "http://127.0.0.1:\(port).evil.example", "http://evil127.0.0.1:\(port)", "http://localhost:\(port)",
                "http://localhost:51730", "http://127.0.0.1:\(port)/", "http://127.0.0.1:\(port)0", "",
            ]
            for route in world.routes where route.method != "GET" && route.access == .signedIn {
                for origin in foreign {
                    var headers = [("Cookie", cookie)]
                    if let origin { headers.append(("Origin", origin)) }
                    let answer = try await world.call(
                        route.method,
                        HTTPFormTests.filled(route.template),
                        headers: headers,
                        json: body(route.template)
                    )
                    #expect(answer.status == 403 && answer.code == "forbidden", "\(route) from \(origin ?? "nowhere")")
                }
            }
            for origin in ["http://127.0.0.1:\(port)", "http://localhost:5173"] {
                let answer = try await world.call(
                    "PATCH",
                    "/v1/me",
                    headers: [("Cookie", cookie), ("Origin", origin)],
                    json: #"{"name":"\#(origin.count)"}"#
                )
                #expect(answer.status == 200, "\(origin)")
            }
            // Reading needs none: browsers do not send one.
            #expect(try await world.call("GET", "/v1/me", headers: [("Cookie", cookie)]).status == 200)
            // A foreign page is refused before anybody looks whether the cookie is any good.
            let stale = [("Cookie", "session=stale"), ("Origin", "https://evil.example")]
            #expect(try await world.call("PATCH", "/v1/me", headers: stale, json: #"{"name":"N"}"#).status == 403)
        }
    }

    @Test("Changes need JSON, even without a body")
    func contentType() async throws {
        try await HTTPWorld.with { world in
            let (_, cookie) = try await signUp(world)
            let headers = [("Cookie", cookie), ("Origin", world.origin)]
            for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
                let answer = try await world.probe.call(
                    "POST",
                    "/v1/conversations",
                    headers: headers + [("Content-Type", type)],
                    body: Array(#"{"kind":"direct"}"#.utf8)
                )
                #expect(answer.status == 415, "\(type)")
            }
            #expect(try await world.probe.call("DELETE", "/v1/sessions/current", headers: headers).status == 415)
            let json = headers + [("Content-Type", "application/json")]
            #expect(try await world.probe.call("DELETE", "/v1/sessions/current", headers: json).status == 204)
            // With a token a call without a body needs no type.
            let person = try await world.person()
            #expect(try await world.call("DELETE", "/v1/sessions/current", by: person).status == 204)
        }
    }

    @Test("A cookie is not given to a page of another origin")
    func giving() async throws {
        try await HTTPWorld.with { world in
            let foreign = [("Origin", "https://evil.example")]
            let (refused, none) = try await signUp(world, headers: foreign)
            #expect(refused.status == 403 && none.isEmpty)
            let (given, cookie) = try await signUp(world, headers: [("Origin", world.origin)])
            #expect(given.status == 201 && !cookie.isEmpty)
            let json = #"{"handle":"cookie","password":"\#(Person.password)","cookie":true}"#
            #expect(try await world.call("POST", "/v1/sessions", headers: foreign, json: json).status == 403)
            let own = try await world.call("POST", "/v1/sessions", headers: [("Origin", world.origin)], json: json)
            #expect(own.status == 201)
            // Every signing in makes a new session: none can be fixed beforehand.
            #expect(own.values("set-cookie").allSatisfy { !$0.hasPrefix(cookie) })
        }
    }

    @Test("Signing out clears the cookie and the browser's cache, and the session opens nothing any more")
    func signOut() async throws {
        try await HTTPWorld.with { world in
            let (answer, cookie) = try await signUp(world)
            let session = try #require(answer.json["session"]?["id"]?.string)
            let headers = [("Cookie", cookie), ("Origin", world.origin)]
            let out = try await world.call("DELETE", "/v1/sessions/\(session)", headers: headers, json: "{}")
            #expect(out.status == 204)
            #expect(out[header: "clear-site-data"] == "\"cache\"")
            #expect(out[header: "set-cookie"] == "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")
            #expect(try await world.call("GET", "/v1/me", headers: headers).status == 401)
            // Ending another session leaves this browser alone.
            let person = try await world.person()
            let other = try await world.signIn(person)
            let ended = try await world.call("DELETE", "/v1/sessions/\(other.session)", by: person)
            #expect(ended.status == 204)
            #expect(ended[header: "clear-site-data"] == nil && ended[header: "set-cookie"] == nil)
        }
    }

    /// A well-formed body for a call.
    private func body(_ template: String) -> String {
        switch template {
        case "/v1/me/password": #"{"password":"x","newPassword":"long enough 2"}"#
        case "/v1/conversations": #"{"kind":"direct"}"#
        case _ where template.hasSuffix("/messages"): #"{"nonce":"n","body":"b"}"#
        case _ where template.hasSuffix("/{seq}"), _ where template.hasSuffix("/draft"): #"{"body":"b"}"#
        case _ where template.hasSuffix("/read"): "{\"unreadFrom\":null}"
        default: "{}"
        }
    }
}
