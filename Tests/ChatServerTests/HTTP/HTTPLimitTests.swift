// The limits that concern calls, each at its border and over it.
import ChatProtocol
import Testing

@Suite("HTTP: limits")
struct HTTPLimitTests {
    /// What every 429 carries.
    private func expectLimited(_ answer: HTTPProbe.Answer, _ what: String) {
        #expect(answer.status == 429 && answer.code == "rate_limited", "\(what): \(answer.status)")
        let milliseconds = answer.json["retryAfterMs"]?.integer ?? 0
        let seconds = answer[header: "retry-after"].flatMap { Int64($0) } ?? 0
        #expect(milliseconds > 0 && seconds >= 1, "\(what)")
        #expect((seconds - 1) * 1_000 < milliseconds && milliseconds <= seconds * 1_000, "\(what): rounded up")
    }

    @Test("bodyBytes: messages, edits and drafts")
    func bodyBytes() async throws {
        try await HTTPWorld.with(limits: ["bodyBytes": 10]) { world in
            let person = try await world.person()
            let path = "/v1/conversations/\(try await world.conversation("group", by: person))"
            let (fits, over) = ("éééé12", "éééé123")
            #expect(
                try await world.call("POST", "\(path)/messages", by: person, json: #"{"nonce":"1","body":"\#(fits)"}"#)
                    .status == 201
            )
            for (method, suffix, json) in [
                ("POST", "/messages", #"{"nonce":"2","body":"\#(over)"}"#),
                ("PATCH", "/messages/1", #"{"body":"\#(over)"}"#),
                ("PUT", "/draft", #"{"body":"\#(over)"}"#),
            ] {
                let answer = try await world.call(method, path + suffix, by: person, json: json)
                #expect(answer.status == 413 && answer.code == "too_large", "\(method) \(suffix)")
            }
        }
    }

    @Test("requestBytes: announced or not, and before all was read")
    func requestBytes() async throws {
        try await HTTPWorld.with(limits: ["requestBytes": 1_000]) { world in
            let person = try await world.person()
            let path = "/v1/conversations/\(try await world.conversation("group", by: person))/draft"
            let json = #"{"body":"d"}"#
            let headers = [("Authorization", "Bearer \(person.token)"), ("Content-Type", "application/json")]
            func put(_ size: Int, chunked: Bool = false) async throws -> HTTPProbe.Answer {
                let body = Array((json + String(repeating: " ", count: size - json.utf8.count)).utf8)
                guard chunked else { return try await world.probe.call("PUT", path, headers: headers, body: body) }
                let chunks = Array("\(String(size, radix: 16))\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
                return try await world.probe.call(
                    "PUT",
                    path,
                    headers: headers + [("Transfer-Encoding", "chunked")],
                    body: chunks
                )
            }
            for chunked in [false, true] {
                #expect(try await put(1_000, chunked: chunked).status == 200)
                let over = try await put(1_001, chunked: chunked)
                #expect(over.status == 413 && over.code == "too_large")
            }
            let announced = try await world.probe.call(
                "PUT",
                path,
                headers: headers + [("Content-Length", "10000000000")],
                body: []
            )
            #expect(announced.status == 413 && announced[header: "connection"]?.lowercased() == "close")
        }
    }

    @Test("messagesPerSecond and messageBurst: per person, on all devices, and only for posting")
    func messages() async throws {
        try await HTTPWorld.with(limits: ["messagesPerSecond": 1, "messageBurst": 3]) { world in
            let person = try await world.person()
            let other = try await world.person()
            let device = try await world.signIn(person)
            let path = "/v1/conversations/\(try await world.conversation("group", by: person, with: [other]))/messages"
            func post(_ nonce: Int, by person: Person) async throws -> HTTPProbe.Answer {
                try await world.call("POST", path, by: person, json: #"{"nonce":"\#(nonce)","body":"b"}"#)
            }
            for nonce in 1...3 { #expect(try await post(nonce, by: nonce == 2 ? device : person).status == 201) }
            expectLimited(try await post(4, by: person), "the first device")
            expectLimited(try await post(4, by: device), "the second device")
            #expect(try await post(1, by: other).status == 201)
            #expect(try await world.call("GET", path, by: person).status == 200)
            world.clock.advance(seconds: 1)
            #expect(try await post(4, by: device).status == 201)
        }
    }

    @Test("signInsPerMinutePerAddress and signInBurst: per address, which only a trusted proxy may name")
    func signIns() async throws {
        try await HTTPWorld.with(limits: ["signInsPerMinutePerAddress": 6, "signInBurst": 2], proxies: []) { world in
            let person = try await world.person()
            let json = #"{"handle":"\#(person.handle)","password":"\#(Person.password)"}"#
            for number in 0..<2 {
                #expect(
                    try await world.call(
                        "POST",
                        "/v1/sessions",
                        headers: [("X-Forwarded-For", "1.1.1.\(number)")],
                        json: json
                    ).status == 201
                )
            }
            let spoofed = try await world.call(
                "POST",
                "/v1/sessions",
                headers: [("X-Forwarded-For", "9.9.9.9")],
                json: json
            )
            expectLimited(spoofed, "a spoofed address")
            world.clock.advance(seconds: 10)
            #expect(try await world.call("POST", "/v1/sessions", json: json).status == 201)
        }
        try await HTTPWorld.with(limits: ["signInsPerMinutePerAddress": 6, "signInBurst": 1], proxies: ["127.0.0.1"]) {
            world in
            let person = try await world.person()
            let json = #"{"handle":"\#(person.handle)","password":"\#(Person.password)"}"#
            func signIn(_ forwarded: String) async throws -> HTTPProbe.Answer {
                try await world.call("POST", "/v1/sessions", headers: [("X-Forwarded-For", forwarded)], json: json)
            }
            #expect(try await signIn("1.1.1.1").status == 201)
            #expect(try await signIn("1.1.1.2").status == 201)
            expectLimited(try await signIn("1.1.1.1"), "the same client")
            expectLimited(try await signIn("7.7.7.7, 1.1.1.2"), "what the client says of itself does not count")
        }
    }

    @Test("accountsPerHourPerAddress")
    func accounts() async throws {
        try await HTTPWorld.with(limits: ["accountsPerHourPerAddress": 2]) { world in
            _ = try await world.person()
            _ = try await world.person()
            func signUp() async throws -> HTTPProbe.Answer {
                try await world.call(
                    "POST",
                    "/v1/accounts",
                    json: #"{"email":"x@example.org","handle":"xyz","name":"X","password":"\#(Person.password)"}"#
                )
            }
            expectLimited(try await signUp(), "the third account")
            world.clock.advance(seconds: 1_801)
            #expect(try await signUp().status == 201)
        }
    }

    @Test("signInFailuresPerAccount: also with the right password, until the delay is over")
    func failures() async throws {
        try await HTTPWorld.with(limits: ["signInFailuresPerAccount": 3]) { world in
            let person = try await world.person()
            func signIn(_ password: String) async throws -> HTTPProbe.Answer {
                try await world.call(
                    "POST",
                    "/v1/sessions",
                    json: #"{"handle":"\#(person.handle)","password":"\#(password)"}"#
                )
            }
            for _ in 0..<3 { #expect(try await signIn("wrong").status == 401) }
            expectLimited(try await signIn(Person.password), "after three failures")
            // A device that signed in before is not slowed down by others' guessing.
            let known = try await world.call(
                "POST",
                "/v1/sessions",
                by: person,
                json: #"{"handle":"\#(person.handle)","password":"\#(Person.password)"}"#
            )
            #expect(known.status == 201)
            world.clock.advance(seconds: 60)
            #expect(try await signIn(Person.password).status == 201)
        }
    }

    @Test("groupMembers and channelMembers")
    func members() async throws {
        try await HTTPWorld.with(limits: ["groupMembers": 2, "channelMembers": 2]) { world in
            let owner = try await world.person()
            let others = [try await world.person(), try await world.person()]
            for kind in ["group", "channel"] {
                let id = try await world.conversation(kind, by: owner, with: [others[0]])
                let path = "/v1/conversations/\(id)/members/\(others[1].id)"
                let full = try await world.call("PUT", path, by: owner)
                #expect(full.status == 400 && full.code == "invalid", "\(kind)")
                _ = try await world.call("DELETE", "/v1/conversations/\(id)/members/\(others[0].id)", by: owner)
                #expect(try await world.call("PUT", path, by: owner).status == 200, "\(kind)")
            }
        }
    }

    @Test("nameCharacters, topicCharacters, nonceBytes")
    func texts() async throws {
        try await HTTPWorld.with(limits: ["nameCharacters": 8, "topicCharacters": 4, "nonceBytes": 4]) { world in
            let person = try await world.person("Somebody")
            let path = "/v1/conversations/\(try await world.conversation("group", by: person))"
            let cases: [(String, String, String, Int)] = [
                ("PATCH", path, #"{"name":"12345678"}"#, 200), ("PATCH", path, #"{"name":"123456789"}"#, 400),
                ("PATCH", path, #"{"topic":"éééé"}"#, 200), ("PATCH", path, #"{"topic":"ééééé"}"#, 400),
                ("PATCH", "/v1/me", #"{"name":"123456789"}"#, 400),
                ("POST", "\(path)/messages", #"{"nonce":"éé","body":"b"}"#, 201),
                ("POST", "\(path)/messages", #"{"nonce":"éé1","body":"b"}"#, 400),
                ("POST", "/v1/conversations", #"{"kind":"group","nonce":"12345"}"#, 400),
            ]
            for (method, path, json, status) in cases {
                let answer = try await world.call(method, path, by: person, json: json)
                #expect(answer.status == status, "\(json)")
                if status == 400 { #expect(answer.code == "invalid") }
            }
        }
    }

    @Test("mentionsPerMessage: the rest are text")
    func mentions() async throws {
        try await HTTPWorld.with(limits: ["mentionsPerMessage": 1]) { world in
            let owner = try await world.person()
            let others = [try await world.person(), try await world.person()]
            let path = "/v1/conversations/\(try await world.conversation("group", by: owner, with: others))/messages"
            let body = others.map { "<@\($0.id)>" }.joined()
            let answer = try await world.call("POST", path, by: owner, json: #"{"nonce":"n","body":"\#(body)"}"#)
            #expect(answer.status == 201)
            #expect(answer.json["mentions"]?.array == [.string(others[0].id.description)])
            #expect(answer.json["body"]?.string == body)
        }
    }
}
