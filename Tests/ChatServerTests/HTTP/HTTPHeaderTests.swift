// What every response carries, whatever it answers.
import ChatCore
import ChatHTTP
import ChatProtocol
import Testing

@Suite("HTTP: headers")
struct HTTPHeaderTests {
    static let expected = [
        "content-security-policy": """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; \
        font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; \
        frame-ancestors 'none'; require-trusted-types-for 'script'
        """,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    ]

    private func check(_ answer: HTTPProbe.Answer, _ what: String, isSecure: Bool = false) {
        for (name, value) in Self.expected {
            #expect(answer.values(name) == [value], "\(what): \(name)")
        }
        #expect(answer[header: "permissions-policy"]?.contains("camera=()") == true, "\(what)")
        #expect(answer.values("cache-control").count == 1, "\(what)")
        #expect(answer.values("content-type").count <= 1, "\(what)")
        #expect(answer[header: "server"] == nil, "\(what)")
        #expect(answer[header: "x-request-id"]?.count == 16, "\(what)")
        #expect(!answer.headers.contains { $0.name.hasPrefix("access-control-") }, "\(what)")
        let strict = isSecure ? "max-age=31536000; includeSubDomains" : nil
        #expect(answer[header: "strict-transport-security"] == strict, "\(what)")
    }

    @Test("Every route has them, signed in or not, and so have refusals of every kind")
    func everywhere() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let group = try await world.conversation("group", by: person)
            try await world.post("b", in: group, by: person)
            for route in world.routes where !(route.method == "DELETE" && route.template.hasPrefix("/v1/me")) {
                let path = HTTPFormTests.filled(route.template)
                for who in [nil, person] where !(route.template == "/v1/sessions/current" && who != nil) {
                    let answer = try await world.call(
                        route.method,
                        path,
                        by: who,
                        json: route.method == "GET" ? nil : "{}"
                    )
                    check(answer, "\(route) \(who == nil ? "" : "signed in")")
                    #expect(answer.status < 500, "\(route)")
                    let isPage = answer.status == 200 && !path.hasPrefix("/v1") && !path.hasSuffix("z")
                    #expect(answer[header: "cache-control"] == (isPage ? "no-cache" : "no-store"), "\(route)")
                    if answer.status >= 400 { checkProblem(answer, "\(route)") }
                }
            }
            let history = try await world.call("GET", "/v1/conversations/\(group)/messages", by: person)
            check(history, "history")
            #expect(history[header: "cache-control"] == "private, no-cache")
            for route in world.adminRoutes {
                check(try await world.admin.call(route.method, route.template), "admin \(route)")
            }
            check(try await world.call("GET", "/nothing"), "404")
            check(try await world.call("POST", "/"), "405")
            check(try await world.call("POST", "/v1/sessions", headers: [("Content-Type", "text/plain")]), "415")
            check(try await world.call("POST", "/v1/sessions", json: String(repeating: " ", count: 300_000)), "413")
            check(try await world.call("GET", "/healthz", headers: [("Origin", "https://evil.example")]), "foreign")
            try await world.closeStore()
            let failed = try await world.call("GET", "/v1/me", by: person)
            #expect(failed.status == 503 && failed.code == "unavailable")
            check(failed, "503")
        }
    }

    /// RFC 9457, with the protocol's code.
    private func checkProblem(_ answer: HTTPProbe.Answer, _ what: String) {
        #expect(answer[header: "content-type"] == "application/problem+json", "\(what)")
        #expect(answer.json["status"]?.integer == Int64(answer.status), "\(what)")
        #expect(answer.json["type"]?.string == "about:blank", "\(what)")
        #expect(answer.json["title"]?.string?.isEmpty == false, "\(what)")
        #expect(answer.json["detail"]?.string?.isEmpty == false, "\(what)")
        let codes = ErrorCode.allKnown.map(\.rawValue)
        #expect(answer.code.map(codes.contains) == true, "\(what)")
        if answer.status == 401 { #expect(answer[header: "www-authenticate"] == "Bearer", "\(what)") }
    }

    @Test("Over HTTPS browsers are told to insist on it")
    func secure() async throws {
        try await HTTPWorld.with(origins: OriginPolicy(publicURL: "https://chat.example")) { world in
            check(try await world.call("GET", "/"), "page", isSecure: true)
            check(try await world.call("GET", "/nothing"), "404", isSecure: true)
        }
    }

    @Test("HEAD answers as GET does, without the body")
    func head() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let group = try await world.conversation("group", by: person)
            try await world.post("b", in: group, by: person)
            for route in world.routes where route.method == "GET" {
                var path = HTTPFormTests.filled(route.template)
                if path.contains("/conversations/") { path.replace("0000000000001", with: group.description) }
                let get = try await world.call("GET", path, by: person)
                let head = try await world.call("HEAD", path, by: person)
                #expect(head.status == get.status, "\(path)")
                #expect(head.body.isEmpty, "\(path)")
                #expect(head[header: "content-length"] == String(get.body.count), "\(path)")
                #expect(head[header: "transfer-encoding"] == nil, "\(path)")
                for name in ["content-type", "etag", "cache-control"] {
                    #expect(head[header: name] == get[header: name], "\(path) \(name)")
                }
            }
        }
    }

    @Test("The page's files have their types, and are asked for again only when they changed")
    func page() async throws {
        try await HTTPWorld.with { world in
            let types = [
                ("/", "text/html; charset=utf-8"), ("/app.js", "text/javascript; charset=utf-8"),
                ("/style.css", "text/css; charset=utf-8"), ("/icon.svg", "image/svg+xml"),
                ("/openapi.yaml", "application/yaml"),
            ]
            for (path, type) in types {
                let answer = try await world.probe.call("GET", path)
                #expect(answer.status == 200)
                #expect(answer[header: "content-type"] == type)
                #expect(!answer.body.isEmpty, "\(path)")
                let tag = try #require(answer[header: "etag"])
                for condition in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                    let again = try await world.probe.call("GET", path, headers: [("If-None-Match", condition)])
                    #expect(again.status == 304, "\(path) \(condition)")
                    #expect(again.body.isEmpty)
                    #expect(again[header: "etag"] == tag)
                    #expect(again[header: "content-length"] == nil && again[header: "transfer-encoding"] == nil)
                    check(again, "304")
                }
                #expect(try await world.probe.call("GET", path, headers: [("If-None-Match", "\"x\"")]).status == 200)
            }
        }
    }

    @Test("Health is told on both listeners, metrics to operators alone")
    func health() async throws {
        try await HTTPWorld.with { world in
            for probe in [world.probe, world.admin] {
                #expect(try await probe.call("GET", "/healthz").status == 200)
                #expect(try await probe.call("GET", "/readyz").status == 200)
            }
            #expect(try await world.probe.call("GET", "/metrics").status == 404)
            let metrics = try await world.admin.call("GET", "/metrics")
            #expect(metrics.status == 200 && metrics.text == "vibetalk_up 1\n")
            #expect(metrics[header: "content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(try await world.admin.call("GET", "/v1/server").status == 404)
            world.isReady.value = false
            for probe in [world.probe, world.admin] {
                let answer = try await probe.call("GET", "/readyz")
                #expect(answer.status == 503 && answer.code == "unavailable")
                #expect(try await probe.call("GET", "/healthz").status == 200)
            }
        }
    }

    @Test("The WebSocket's path says what it is for")
    func webSocket() async throws {
        try await HTTPWorld.with { world in
            let answer = try await world.probe.call("GET", "/v1/ws")
            #expect(answer.status == 426 && answer.code == "invalid")
            #expect(answer[header: "upgrade"] == "websocket")
        }
    }
}
