// What is malformed is told first, and the same way everywhere.
import ChatHTTP
import ChatProtocol
import Testing

@Suite("HTTP: form")
struct HTTPFormTests {
    private static let unknownID = "0000000000001"

    @Test("Unknown paths are 404, known ones with other methods 405 with Allow")
    func pathsAndMethods() async throws {
        try await HTTPWorld.with { world in
            let unknown = [
                "/v2/server", "/v1", "/v1/", "/v1/server/", "/v1//server", "/V1/server", "/v1/search?q=x",
                "/v1/attachments",
                "/v1/invites", "/v1/push", "/v1/mentions", "/v1/blocks", "/v1/webhooks", "/v1/admin/users", "/metrics",
                "/v1/conversations/\(Self.unknownID)/threads", "/v1/attachments/\(Self.unknownID)/a.png", "/index.html",
                "/../etc/passwd", "/%2e%2e/etc/passwd", "/v1/%73erver", "/favicon.ico",
            ]
            for path in unknown {
                for method in ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE"] {
                    let answer = try await world.probe.call(method, path)
                    #expect(answer.status == 404, "\(method) \(path)")
                    if method != "HEAD" { #expect(answer.code == "not_found", "\(method) \(path)") }
                }
            }
            for path in ["/v1/accounts/recover", "/v1/accounts/reset", "/v1/accounts/verify"] {
                let answer = try await world.call(
                    "POST",
                    path,
                    json: #"{"email":"a@example.org","code":"1","password":"x"}"#
                )
                #expect(answer.status == 404 && answer.code == "not_found", "\(path)")
            }
            let byPath = Dictionary(grouping: world.routes, by: \.template)
            for (template, routes) in byPath {
                let path = Self.filled(template)
                var allowed = Set(routes.map(\.method))
                if allowed.contains("GET") { allowed.insert("HEAD") }
                for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
                where !allowed.contains(method) {
                    let answer = try await world.probe.call(method, path)
                    #expect(answer.status == 405 && answer.code == "not_found", "\(method) \(path)")
                    let listed = Set((answer[header: "allow"] ?? "").split(separator: ", ").map(String.init))
                    #expect(listed == allowed, "\(method) \(path)")
                }
            }
        }
    }

    @Test("Bodies are JSON objects, announced as such")
    func bodies() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let conversation = try await world.conversation("group", by: person)
            let path = "/v1/conversations/\(conversation)/messages"
            let good = #"{"nonce":"n","body":"b"}"#
            for type in [
                nil, "text/plain", "application/x-www-form-urlencoded", "application/problem+json",
                "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/jsonp", "",
            ] {
                var headers = [("Authorization", "Bearer \(person.token)")]
                if let type { headers.append(("Content-Type", type)) }
                let answer = try await world.probe.call("POST", path, headers: headers, body: Array(good.utf8))
                #expect(answer.status == 415 && answer.code == "invalid", "\(type ?? "none")")
            }
            let encoded = try await world.call(
                "POST",
                path,
                by: person,
                headers: [("Content-Encoding", "gzip")],
                json: good
            )
            #expect(encoded.status == 415)
            for text in [
                "", "[]", "null", "1", "{", #"{"nonce":"n","body":"b"}}"#, #"{"nonce":"n","nonce":"m","body":"b"}"#,
                #"{"nonce":"n","body":"\ud800"}"#, #"{"nonce":"n","body":"\u0000"}"#, #"{"nonce":1,"body":"b"}"#,
                #"{"nonce":"n"}"#, #"{"nonce":"n","body":"b","replyTo":1.0}"#,
                #"{"nonce":"n","body":"b","replyTo":1e3}"#,
                #"{"nonce":"n","body":"b","replyTo":-1}"#, #"{"nonce":"n","body":"b","replyTo":9007199254740992}"#,
                #"{"nonce":"","body":"b"}"#, #"{"nonce":"n","body":""}"#,
                "{\"a\":" + String(repeating: "[", count: 20) + String(repeating: "]", count: 20) + "}",
            ] {
                let answer = try await world.call("POST", path, by: person, json: text)
                #expect(answer.status == 400 && answer.code == "invalid", "\(text): \(answer.status)")
            }
            let invalidUTF8 = try await world.probe.call(
                "POST",
                path,
                headers: [("Authorization", "Bearer \(person.token)"), ("Content-Type", "application/json")],
                body: Array(#"{"nonce":"n","body":""#.utf8) + [0xC3, 0x28] + Array("\"}".utf8)
            )
            #expect(invalidUTF8.status == 400)
            // Some programs announce a body that is none; that is no body.
            let empty = [("Authorization", "Bearer \(person.token)"), ("Transfer-Encoding", "chunked")]
            let settings = "/v1/conversations/\(conversation)/settings"
            for (chunks, status) in [("0\r\n\r\n", 200), ("2\r\n{}\r\n0\r\n\r\n", 415)] {
                let answer = try await world.probe.call("PUT", settings, headers: empty, body: Array(chunks.utf8))
                #expect(answer.status == status)
            }
            for type in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
                let answer = try await world.probe.call(
                    "POST",
                    path,
                    headers: [("Authorization", "Bearer \(person.token)"), ("Content-Type", type)],
                    body: Array(#"{"nonce":"\#(type.count)","body":"b","unknown":[{}]}"#.utf8)
                )
                #expect(answer.status == 201, "\(type)")
            }
        }
    }

    @Test("Fields that only the server sets are refused where they are not named")
    func massAssignment() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let conversation = try await world.conversation("group", by: person)
            let seq = try await world.post("b", in: conversation, by: person)
            let base = "/v1/conversations/\(conversation)"
            let calls: [(method: String, path: String, fields: String, named: Set<String>)] = [
                (
                    "POST", "/v1/accounts",
                    #""email":"x@example.org","handle":"xyz","name":"X","password":"long enough 1""#, []
                ),
                ("POST", "/v1/sessions", #""email":"\#(person.handle)","password":"\#(Person.password)""#, []),
                ("POST", "/v1/sessions/refresh", #""refreshToken":"x""#, []),
                ("PATCH", "/v1/me", #""name":"N""#, []),
                ("POST", "/v1/me/password", #""password":"x","newPassword":"long enough 2""#, []),
                ("POST", "/v1/conversations", #""kind":"group""#, []),
                ("PATCH", base, #""name":"N""#, []),
                ("PUT", "\(base)/members/me", "", []),
                ("PUT", "\(base)/members/\(person.id)", "", ["role"]),
                ("PUT", "\(base)/settings", #""muted":true"#, []),
                ("PUT", "\(base)/draft", #""body":"d""#, []),
                ("PUT", "\(base)/read", "", ["seq"]),
                ("POST", "\(base)/messages", #""nonce":"m","body":"b""#, []),
                ("PATCH", "\(base)/messages/\(seq)", #""body":"c""#, []),
                ("DELETE", "\(base)/messages/\(seq)", "", []),
                ("PUT", "\(base)/messages/\(seq)/pin", "", []),
                ("DELETE", "\(base)/messages/\(seq)/pin", "", []),
                ("PUT", "\(base)/messages/\(seq)/reactions/x", "", []),
                ("DELETE", "\(base)/messages/\(seq)/reactions/x", "", []),
                ("DELETE", "\(base)/members/me", "", []),
                ("DELETE", "\(base)/members/\(person.id)", "", []),
                ("DELETE", base, "", []),
                ("DELETE", "/v1/sessions/current", "", []),
                ("DELETE", "/v1/sessions/\(person.session)", "", []),
                ("DELETE", "/v1/me", "", []),
            ]
            let changing = world.routes.filter { $0.method != "GET" }
            #expect(calls.count == changing.count, "a call that changes something is not in this list")
            for call in calls {
                for name in ["role", "id", "seq", "sender", "rev", "sentAt"] where !call.named.contains(name) {
                    let fields = [call.fields, "\"\(name)\":1"].filter { !$0.isEmpty }.joined(separator: ",")
                    let answer = try await world.call(call.method, call.path, by: person, json: "{\(fields)}")
                    #expect(answer.status == 400 && answer.code == "invalid", "\(call.method) \(call.path) \(name)")
                    #expect(answer.json["detail"]?.string?.contains(name) == true)
                }
            }
            let after = try await world.call("GET", "/v1/me", by: person)
            #expect(after.json["name"]?.string == "Somebody")
        }
    }

    @Test("Form comes first, then who calls, then what exists, then what is allowed, then what is gone")
    func order() async throws {
        try await HTTPWorld.with { world in
            let owner = try await world.person()
            let stranger = try await world.person()
            let reader = try await world.person()
            let group = try await world.conversation("group", by: owner, with: [reader])
            _ = try await world.call(
                "PUT",
                "/v1/conversations/\(group)/members/\(reader.id)",
                by: owner,
                json: #"{"role":"reader"}"#
            )
            let seq = try await world.post("b", in: group, by: owner)
            _ = try await world.call("DELETE", "/v1/conversations/\(group)/messages/\(seq)", by: owner)
            let path = "/v1/conversations/\(group)/messages/\(seq)"
            let malformed = "/v1/conversations/nonsense/messages/1"
            func codes(_ path: String, _ json: String, _ people: [Person?]) async throws -> [String?] {
                var codes: [String?] = []
                for person in people { codes.append(try await world.call("PATCH", path, by: person, json: json).code) }
                return codes
            }
            let everybody = [nil, stranger, reader, owner]
            let tooLarge = #"{"body":"\#(String(repeating: "x", count: 16_385))"}"#
            #expect(try await codes(path, "{}", everybody) == ["invalid", "invalid", "invalid", "invalid"])
            #expect(try await codes(malformed, "{}", everybody) == ["invalid", "invalid", "invalid", "invalid"])
            #expect(try await codes(path, tooLarge, everybody) == ["too_large", "too_large", "too_large", "too_large"])
            #expect(
                try await codes(path, #"{"body":"c"}"#, everybody) == [
                    "unauthenticated", "not_found", "forbidden", "gone",
                ]
            )
            #expect(
                try await codes(malformed, #"{"body":"c"}"#, everybody) == [
                    "unauthenticated", "not_found", "not_found", "not_found",
                ]
            )
            for (method, path, json) in [
                ("PATCH", "/v1/me", #"{"name":""}"#), ("PATCH", "/v1/me", #"{"avatar":"javascript:x"}"#),
                ("POST", "/v1/me/password", #"{"password":"x","newPassword":"short"}"#),
                ("POST", "/v1/conversations", #"{"kind":"channel"}"#), ("PUT", "\(path)/reactions/%FF", "{}"),
                ("PATCH", "/v1/conversations/\(group)", #"{"name":" "}"#), ("GET", "/v1/users?limit=0", "{}"),
            ] {
                #expect(try await world.call(method, path, json: json).code == "invalid", "\(method) \(path)")
            }
            // Identifiers in a body are part of what exists.
            let create = #"{"kind":"group","members":["nonsense"]}"#
            #expect(try await world.call("POST", "/v1/conversations", json: create).code == "unauthenticated")
            #expect(try await world.call("POST", "/v1/conversations", by: owner, json: create).code == "not_found")
        }
    }

    @Test("Numbers in paths and queries are integers below 2^53 in one spelling")
    func integers() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let group = try await world.conversation("group", by: person)
            let base = "/v1/conversations/\(group)"
            for number in [
                "1.0", "1e3", "-1", "9007199254740992", "18446744073709551616", "", "x", "01", "+1", "%31%", "1%20",
            ] {
                for query in [
                    "messages?before=", "messages?after=", "messages?around=", "messages?at=", "messages?limit=",
                    "changes?since=",
                ] {
                    let answer = try await world.call("GET", "\(base)/\(query)\(number)", by: person)
                    #expect(answer.status == 400 && answer.code == "invalid", "\(query)\(number)")
                }
            }
            for seq in ["1.0", "1e3", "-1", "9007199254740992", "x"] {
                let answer = try await world.call("GET", "\(base)/messages/\(seq)", by: person)
                #expect(answer.status == 400 && answer.code == "invalid", "\(seq)")
            }
            for seq in ["0", "1", "9007199254740991"] {
                let answer = try await world.call("GET", "\(base)/messages/\(seq)", by: person)
                #expect(answer.status == 404 && answer.code == "not_found", "\(seq)")
            }
            #expect(try await world.call("GET", "\(base)/messages?before=1&after=2", by: person).code == "invalid")
            #expect(try await world.call("GET", "\(base)/messages?before=1&before=2", by: person).code == "invalid")
            #expect(try await world.call("GET", "\(base)/changes", by: person).code == "invalid")
            #expect(try await world.call("GET", "\(base)/messages?limit=0", by: person).code == "invalid")
            #expect(try await world.call("GET", "\(base)/messages?limit=201", by: person).status == 200)
            #expect(try await world.call("GET", "\(base)/messages?%31=1&unknown=%", by: person).status == 200)
        }
    }

    @Test("Malformed identifiers are not found")
    func identifiers() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let id = try await world.conversation("group", by: person).description
            for bad in [
                "x", id.lowercased(), String(id.dropLast()), id + "0", "8" + id.dropFirst(), Self.unknownID, "%ff",
                "U" + id.dropFirst(),
            ] {
                for path in ["/v1/conversations/\(bad)", "/v1/users/\(bad)", "/v1/conversations/\(bad)/messages/1"] {
                    let answer = try await world.call("GET", path, by: person)
                    #expect(answer.status == 404 && answer.code == "not_found", "\(path)")
                }
                let session = try await world.call("DELETE", "/v1/sessions/\(bad)", by: person)
                #expect(session.status == 404 && session.code == "not_found")
            }
        }
    }

    /// A path of a template, with well-formed parameters.
    static func filled(_ template: String) -> String {
        template.replacing("{id}", with: unknownID).replacing("{user}", with: unknownID).replacing("{seq}", with: "1")
            .replacing("{emoji}", with: "x")
    }
}
