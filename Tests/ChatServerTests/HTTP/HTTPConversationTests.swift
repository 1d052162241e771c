// Conversations, members and what is one's own in them, over HTTP.
import ChatProtocol
import Testing

@Suite("HTTP: conversations")
struct HTTPConversationTests {
    @Test("Creating answers 201, the direct conversation that there is 200, a known nonce the first answer")
    func create() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let other = try await world.person()
            let json = #"{"kind":"direct","members":["\#(other.id)"]}"#
            let first = try await world.call("POST", "/v1/conversations", by: person, json: json)
            let again = try await world.call("POST", "/v1/conversations", by: person, json: json)
            let turned = try await world.call(
                "POST",
                "/v1/conversations",
                by: other,
                json: #"{"kind":"direct","members":["\#(person.id)"]}"#
            )
            #expect([first.status, again.status, turned.status] == [201, 200, 200])
            #expect(Set([first, again, turned].map { $0.json["id"]?.string }).count == 1)
            #expect(first.json["members"]?.array?.count == 2)
            #expect(first.json["own"]?["role"]?.string == "member")
            #expect(first.json["history"]?.string == "all")
            let notes = try await world.call(
                "POST",
                "/v1/conversations",
                by: person,
                json: #"{"kind":"direct","members":[]}"#
            )
            #expect(notes.status == 201 && notes.json["memberCount"]?.integer == 1)
            let channel = #"{"kind":"channel","name":" Café ","topic":"t","public":true,"nonce":"once"}"#
            let made = try await world.call("POST", "/v1/conversations", by: person, json: channel)
            let repeated = try await world.call("POST", "/v1/conversations", by: person, json: channel)
            #expect([made.status, repeated.status] == [201, 200])
            #expect(made.json["id"] == repeated.json["id"])
            #expect(made.json["name"]?.string == "Café" && made.json["public"]?.bool == true)
            #expect(made.json["own"]?["role"]?.string == "owner")
        }
    }

    @Test("Creating refuses what makes no sense")
    func createRefusals() async throws {
        try await HTTPWorld.with(limits: ["groupMembers": 2]) { world in
            let person = try await world.person()
            let others = [try await world.person(), try await world.person()]
            let ids = others.map { "\"\($0.id)\"" }.joined(separator: ",")
            let cases: [(String, String)] = [
                ("{}", "invalid"), (#"{"kind":"room"}"#, "invalid"), (#"{"kind":"direct","name":"x"}"#, "invalid"),
                (#"{"kind":"direct","topic":"x"}"#, "invalid"), (#"{"kind":"direct","members":[\#(ids)]}"#, "invalid"),
                (#"{"kind":"direct","public":true}"#, "invalid"), (#"{"kind":"group","public":true}"#, "invalid"),
                (#"{"kind":"channel"}"#, "invalid"), (#"{"kind":"channel","name":""}"#, "invalid"),
                (#"{"kind":"channel","name":"\#(String(repeating: "x", count: 65))"}"#, "invalid"),
                (#"{"kind":"group","topic":"\#(String(repeating: "x", count: 257))"}"#, "invalid"),
                (#"{"kind":"group","nonce":""}"#, "invalid"),
                (#"{"kind":"group","nonce":"\#(String(repeating: "x", count: 65))"}"#, "invalid"),
                (#"{"kind":"group","members":[\#(ids)]}"#, "invalid"),
                (#"{"kind":"group","members":"x"}"#, "invalid"),
                (#"{"kind":"group","members":["0000000000001"]}"#, "not_found"),
                (#"{"kind":"direct","members":["0000000000001"]}"#, "not_found"),
            ]
            for (json, code) in cases {
                let answer = try await world.call("POST", "/v1/conversations", by: person, json: json)
                #expect(answer.code == code, "\(json): \(answer.text)")
            }
        }
    }

    @Test("Who is no member sees a summary of public channels, and nothing else")
    func look() async throws {
        try await HTTPWorld.with { world in
            let owner = try await world.person()
            let stranger = try await world.person()
            let open = try await world.conversation("channel", by: owner, name: "open", isPublic: true)
            let closed = try await world.conversation("channel", by: owner, name: "closed")
            let summary = try await world.call("GET", "/v1/conversations/\(open)", by: stranger)
            #expect(summary.status == 200)
            #expect(summary.json.names == ["id", "kind", "name", "public", "memberCount"])
            #expect(try await world.call("GET", "/v1/conversations/\(closed)", by: stranger).status == 404)
            let joined = try await world.call("PUT", "/v1/conversations/\(open)/members/me", by: stranger)
            #expect(joined.status == 200)
            #expect(joined.json["role"]?.string == "member" && joined.json["user"]?.string == stranger.id.description)
            #expect(try await world.call("PUT", "/v1/conversations/\(closed)/members/me", by: stranger).status == 404)
            let whole = try await world.call("GET", "/v1/conversations/\(open)", by: stranger)
            #expect(whole.json["own"]?["role"]?.string == "member")
            let left = try await world.call("DELETE", "/v1/conversations/\(open)/members/me", by: stranger)
            #expect(left.status == 204 && left.body.isEmpty)
            #expect(try await world.call("GET", "/v1/conversations/\(open)", by: stranger).json["own"] == nil)
            let found = try await world.call("GET", "/v1/channels?query=ope", by: stranger)
            #expect(found.json["items"]?.array?.map { $0["name"]?.string } == ["open"])
            #expect(
                try await world.call("GET", "/v1/channels?query=closed", by: owner).json["items"]?.array?.isEmpty
                    == true
            )
        }
    }

    @Test("Changing answers the conversation; changing nothing moves no rev; deleting leaves nothing")
    func change() async throws {
        try await HTTPWorld.with { world in
            let owner = try await world.person()
            let path = "/v1/conversations/\(try await world.conversation("channel", by: owner))"
            let changed = try await world.call(
                "PATCH",
                path,
                by: owner,
                json: #"{"name":"New","topic":"T","public":true}"#
            )
            #expect(changed.status == 200)
            #expect(changed.json["name"]?.string == "New" && changed.json["topic"]?.string == "T")
            let same = try await world.call("PATCH", path, by: owner, json: #"{"name":"New"}"#)
            #expect(same.json["rev"] == changed.json["rev"] && same.json["head"] == changed.json["head"])
            for clear in [#"{"topic":null}"#, #"{"topic":""}"#] {
                _ = try await world.call("PATCH", path, by: owner, json: #"{"topic":"T"}"#)
                #expect(try await world.call("PATCH", path, by: owner, json: clear).json["topic"] == nil, "\(clear)")
            }
            #expect(try await world.call("PATCH", path, by: owner, json: #"{"name":""}"#).code == "invalid")
            let deleted = try await world.call("DELETE", path, by: owner)
            #expect(deleted.status == 204 && deleted.body.isEmpty)
            #expect(try await world.call("GET", path, by: owner).status == 404)
            #expect(try await world.call("DELETE", path, by: owner).status == 404)
        }
    }

    @Test("Members are added, given roles, removed; the last owner keeps the role or leaves")
    func members() async throws {
        try await HTTPWorld.with { world in
            let owner = try await world.person()
            let other = try await world.person()
            let base = "/v1/conversations/\(try await world.conversation("group", by: owner))/members"
            let added = try await world.call("PUT", "\(base)/\(other.id)", by: owner)
            #expect(added.status == 200)
            #expect(added.json.names.filter { $0 != "readSeq" } == ["conversation", "user", "role", "joinedAt", "rev"])
            let again = try await world.call("PUT", "\(base)/\(other.id)", by: owner, json: "{}")
            #expect(again.json["rev"] == added.json["rev"])
            let admin = try await world.call("PUT", "\(base)/\(other.id)", by: owner, json: #"{"role":"admin"}"#)
            #expect(admin.json["role"]?.string == "admin")
            #expect(
                try await world.call("PUT", "\(base)/\(other.id)", by: owner, json: #"{"role":"king"}"#).code
                    == "invalid"
            )
            #expect(try await world.call("PUT", "\(base)/0000000000001", by: owner).code == "not_found")
            #expect(
                try await world.call("PUT", "\(base)/\(owner.id)", by: owner, json: #"{"role":"admin"}"#).code
                    == "conflict"
            )
            #expect(try await world.call("DELETE", "\(base)/\(owner.id)", by: other).code == "forbidden")
            #expect(try await world.call("DELETE", "\(base)/me", by: owner).status == 204)
            let members = try await world.call("GET", base, by: other)
            #expect(members.json["items"]?.array?.map { $0["role"]?.string } == ["owner"], "ownership passes on")
            #expect(try await world.call("DELETE", "\(base)/0000000000001", by: other).code == "not_found")
        }
    }

    @Test("Settings, draft and read marker are one's own")
    func own() async throws {
        try await HTTPWorld.with { world in
            let owner = try await world.person()
            let other = try await world.person()
            let group = try await world.conversation("group", by: owner, with: [other])
            let path = "/v1/conversations/\(group)"
            for number in 1...3 { try await world.post("\(number)", in: group, by: owner) }
            let settings = try await world.call(
                "PUT",
                "\(path)/settings",
                by: other,
                json: #"{"level":"none","muted":true}"#
            )
            #expect(settings.status == 200 && settings.json["level"]?.string == "none")
            let kept = try await world.call("PUT", "\(path)/settings", by: other, json: #"{"favourite":true}"#)
            #expect(kept.json["muted"]?.bool == true && kept.json["favourite"]?.bool == true)
            #expect(
                try await world.call("PUT", "\(path)/settings", by: other, json: #"{"level":"loud"}"#).code == "invalid"
            )
            let draft = try await world.call("PUT", "\(path)/draft", by: other, json: #"{"body":"d","replyTo":1}"#)
            #expect(draft.json["draft"]?.names == ["body", "replyTo", "at"])
            let removed = try await world.call("PUT", "\(path)/draft", by: other, json: #"{"body":""}"#)
            #expect(removed.status == 200 && removed.json["draft"] == nil)
            let unread = try await world.call("GET", path, by: other)
            #expect(unread.json["own"]?["unread"]?.integer == 3)
            let read = try await world.call("PUT", "\(path)/read", by: other, json: #"{"seq":2}"#)
            #expect(read.status == 200)
            #expect(read.json["readSeq"]?.integer == 2 && read.json["unread"]?.integer == 1)
            let marked = try await world.call("PUT", "\(path)/read", by: other, json: #"{"unreadFrom":1}"#)
            #expect(marked.json["unreadFrom"]?.integer == 1 && marked.json["readSeq"]?.integer == 2)
            let cleared = try await world.call("PUT", "\(path)/read", by: other, json: #"{"unreadFrom":null}"#)
            #expect(cleared.json["unreadFrom"] == nil)
            for bad in [
                "{}", #"{"seq":4}"#, #"{"seq":-1}"#, #"{"seq":1,"unreadFrom":1}"#, #"{"unreadFrom":0}"#,
                #"{"unreadFrom":4}"#,
            ] {
                #expect(try await world.call("PUT", "\(path)/read", by: other, json: bad).code == "invalid", "\(bad)")
            }
            #expect(try await world.call("GET", path, by: owner).json["own"]?["unread"]?.integer == 0)
        }
    }
}
