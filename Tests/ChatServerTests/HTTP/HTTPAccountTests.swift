// Accounts and sessions over HTTP.
import ChatCore
import ChatProtocol
import Testing

@Suite("HTTP: accounts and sessions")
struct HTTPAccountTests {
    @Test("The server describes itself before anybody signs in")
    func server() async throws {
        try await HTTPWorld.with { world in
            let answer = try await world.call("GET", "/v1/server")
            #expect(answer.status == 200)
            let names = ["name", "version", "epoch", "signUp", "mail", "providers", "features", "limits"]
            #expect(answer.json.names == names)
            #expect(answer.json["limits"]?["bodyBytes"]?.integer == 16_384)
            #expect(answer.json["limits"]?.names.count == Limits.all.count)
        }
    }

    @Test("Signing up gives an account and a session; the first one is the operator's")
    func signUp() async throws {
        try await HTTPWorld.with { world in
            let answer = try await world.call(
                "POST",
                "/v1/accounts",
                json: #"{"email":"Ada@Example.org","handle":"ada","name":"  Ada  ","password":"correct horse battery"}"#
            )
            #expect(answer.status == 201)
            #expect(answer.json.names == ["user", "session"])
            #expect(answer.json["user"]?.names == ["id", "handle", "name"])
            #expect(answer.json["user"]?["name"]?.string == "Ada")
            #expect(answer.json["session"]?.names == ["id", "accessToken", "expiresInSeconds", "refreshToken"])
            #expect(answer.values("set-cookie").isEmpty)
            let token = try #require(answer.json["session"]?["accessToken"]?.string)
            let me = try await world.call("GET", "/v1/me", headers: [("Authorization", "bearer \(token)")])
            #expect(me.json.names == ["id", "handle", "name", "email", "createdAt", "operator", "settings"])
            #expect(me.json["operator"]?.bool == true)
            let second = try await world.person()
            #expect(try await world.call("GET", "/v1/me", by: second).json["operator"]?.bool == false)
        }
    }

    @Test("Signing up refuses what is malformed, common or taken")
    func signUpRefusals() async throws {
        try await HTTPWorld.with { world in
            _ = try await world.call(
                "POST",
                "/v1/accounts",
                json: #"{"email":"ada@example.org","handle":"ada","name":"A","password":"correct horse battery"}"#
            )
            func status(_ email: String, _ handle: String, _ name: String, _ password: String) async throws -> [String]
            {
                let json = #"{"email":"\#(email)","handle":"\#(handle)","name":"\#(name)","password":"\#(password)"}"#
                let answer = try await world.call("POST", "/v1/accounts", json: json)
                return [String(answer.status), answer.code ?? ""]
            }
            let good = "correct horse battery"
            #expect(try await status("x", "xyz", "X", good) == ["400", "invalid"])
            #expect(try await status("x@example.org", "Xyz", "X", good) == ["400", "invalid"])
            #expect(try await status("x@example.org", "xy", "X", good) == ["400", "invalid"])
            #expect(try await status("x@example.org", "xyz", " ", good) == ["400", "invalid"])
            #expect(try await status("x@example.org", "xyz", "X\u{202E}", good) == ["400", "invalid"])
            #expect(
                try await status("x@example.org", "xyz", String(repeating: "x", count: 65), good) == ["400", "invalid"]
            )
            #expect(try await status("x@example.org", "xyz", "X", "short") == ["400", "invalid"])
            #expect(try await status("x@example.org", "xyz", "X", "password") == ["400", "invalid"])
            #expect(
                try await status("x@example.org", "xyz", "X", String(repeating: "x", count: 129)) == ["400", "invalid"]
            )
            #expect(try await status("ADA@example.org", "xyz", "X", good) == ["409", "conflict"])
            #expect(try await status("x@example.org", "ada", "X", good) == ["409", "conflict"])
            #expect(try await status("x@example.org", "xyz", "X", good) == ["201", ""])
        }
    }

    @Test("Who may sign up is the operator's decision; the first account can always be made")
    func policies() async throws {
        for policy in [SignUpPolicy.invite, .closed] {
            try await HTTPWorld.with(signUp: policy) { world in
                _ = try await world.person()
                let answer = try await world.call(
                    "POST",
                    "/v1/accounts",
                    json: #"{"email":"x@example.org","handle":"xyz","name":"X","password":"correct horse battery"}"#
                )
                #expect(answer.status == 403 && answer.code == "forbidden")
            }
        }
    }

    @Test("Signing in takes e-mail or handle; wrong ones all look the same")
    func signIn() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            for login in [
                #""email":"\#(person.email)""#, #""email":"\#(person.handle)""#, #""handle":"\#(person.handle)""#,
            ] {
                let answer = try await world.call(
                    "POST",
                    "/v1/sessions",
                    json: #"{\#(login),"password":"\#(Person.password)","device":"Test"}"#
                )
                #expect(answer.status == 201)
                #expect(answer.json["user"]?["id"]?.string == person.id.description)
            }
            let wrong = try await world.call(
                "POST",
                "/v1/sessions",
                json: #"{"email":"\#(person.email)","password":"wrong"}"#
            )
            let unknown = try await world.call(
                "POST",
                "/v1/sessions",
                json: #"{"email":"no@example.org","password":"wrong"}"#
            )
            #expect(wrong.status == 401 && wrong.code == "unauthenticated")
            #expect(wrong.body == unknown.body)
            let sessions = try await world.call("GET", "/v1/sessions", by: person)
            let items = try #require(sessions.json["items"]?.array)
            #expect(items.count == 4)
            #expect(
                items.filter { $0["current"]?.bool == true }.map { $0["id"]?.string } == [person.session.description]
            )
            #expect(items.filter { $0["device"]?.string == "Test" }.count == 3)
            #expect(Set(items[0].names).isSuperset(of: ["id", "createdAt", "lastSeenAt", "current"]))
        }
    }

    @Test("A refresh token is used once; again in time it answers the same, later it ends the session")
    func refresh() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let json = #"{"refreshToken":"\#(person.refreshToken)"}"#
            let first = try await world.call("POST", "/v1/sessions/refresh", json: json)
            #expect(first.status == 200)
            #expect(first.json.names == ["session"])
            #expect(first.json["session"]?.names == ["id", "accessToken", "expiresInSeconds", "refreshToken"])
            let fresh = try #require(first.json["session"]?["accessToken"]?.string)
            #expect(fresh != person.token)
            func status(_ token: String) async throws -> Int {
                try await world.call("GET", "/v1/me", headers: [("Authorization", "Bearer \(token)")]).status
            }
            let both = [try await status(person.token), try await status(fresh)]
            #expect(both == [200, 200])
            world.clock.advance(seconds: 20)
            let again = try await world.call("POST", "/v1/sessions/refresh", json: json)
            #expect(again.json["session"]?["accessToken"]?.string == fresh)
            world.clock.advance(seconds: 41)
            #expect(try await status(person.token) == 401, "the former token lives 60 s")
            #expect(try await status(fresh) == 200)
            let late = try await world.call("POST", "/v1/sessions/refresh", json: json)
            #expect(late.status == 401 && late.code == "unauthenticated")
            #expect(try await status(fresh) == 401, "the session is over")
            for bad in ["{}", #"{"refreshToken":"x"}"#, #"{"refreshToken":"\#(person.token)"}"#] {
                let answer = try await world.call("POST", "/v1/sessions/refresh", json: bad)
                #expect(answer.status == (bad == "{}" ? 400 : 401), "\(bad)")
            }
        }
    }

    @Test("Sessions can be ended by their owner alone")
    func sessions() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let other = try await world.signIn(person)
            let stranger = try await world.person()
            let path = "/v1/sessions/\(other.session)"
            #expect(try await world.call("DELETE", path, by: stranger).status == 404)
            #expect(try await world.call("GET", "/v1/me", by: other).status == 200)
            #expect(try await world.call("DELETE", path, by: person).status == 204)
            #expect(try await world.call("GET", "/v1/me", by: other).status == 401)
            #expect(try await world.call("DELETE", path, by: person).status == 404)
            #expect(try await world.call("DELETE", "/v1/sessions/current", by: person).status == 204)
            #expect(try await world.call("GET", "/v1/me", by: person).status == 401)
        }
    }

    @Test("The profile changes by absent, given and null fields")
    func profile() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let other = try await world.person()
            let changed = try await world.call(
                "PATCH",
                "/v1/me",
                by: person,
                json:
                    #"{"name":"New","status":"away","avatar":"https://example.org/a.png","settings":{"theme":"dark"}}"#
            )
            #expect(changed.status == 200)
            #expect(changed.json["name"]?.string == "New")
            #expect(changed.json["handle"]?.string == person.handle)
            #expect(changed.json["settings"]?["theme"]?.string == "dark")
            let cleared = try await world.call("PATCH", "/v1/me", by: person, json: #"{"status":null,"avatar":null}"#)
            #expect(cleared.json["status"] == nil && cleared.json["avatar"] == nil)
            #expect(cleared.json["name"]?.string == "New")
            let same = try await world.call("PATCH", "/v1/me", by: person)
            #expect(same.status == 200 && same.body == cleared.body)
            let taken = try await world.call("PATCH", "/v1/me", by: person, json: #"{"handle":"\#(other.handle)"}"#)
            #expect(taken.status == 409 && taken.code == "conflict")
            for bad in [#"{"name":""}"#, #"{"handle":"A"}"#, #"{"avatar":"javascript:x"}"#, #"{"settings":[]}"#] {
                #expect(try await world.call("PATCH", "/v1/me", by: person, json: bad).code == "invalid", "\(bad)")
            }
            // Others see the person, never the e-mail or settings.
            let seen = try await world.call("GET", "/v1/users/\(person.id)", by: other)
            #expect(seen.json.names == ["id", "handle", "name"])
            #expect(!seen.text.contains("@"))
        }
    }

    @Test("A new password ends the other sessions and needs the old one")
    func password() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let other = try await world.signIn(person)
            func change(_ old: String, _ new: String) async throws -> HTTPProbe.Answer {
                try await world.call(
                    "POST",
                    "/v1/me/password",
                    by: person,
                    json: #"{"password":"\#(old)","newPassword":"\#(new)"}"#
                )
            }
            #expect(try await change("wrong", "another long one").code == "forbidden")
            #expect(try await change(Person.password, "short").code == "invalid")
            #expect(try await world.call("GET", "/v1/me", by: other).status == 200)
            let done = try await change(Person.password, "another long one")
            #expect(done.status == 204 && done.body.isEmpty)
            #expect(try await world.call("GET", "/v1/me", by: person).status == 200)
            #expect(try await world.call("GET", "/v1/me", by: other).status == 401)
            let old = #"{"email":"\#(person.handle)","password":"\#(Person.password)"}"#
            #expect(try await world.call("POST", "/v1/sessions", json: old).status == 401)
            let new = #"{"email":"\#(person.handle)","password":"another long one"}"#
            #expect(try await world.call("POST", "/v1/sessions", json: new).status == 201)
        }
    }

    @Test("An account's end ends its sessions and memberships; its messages become tombstones")
    func erase() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person("Erased")
            let other = try await world.person()
            let group = try await world.conversation("group", by: other, with: [person])
            try await world.post("secret", in: group, by: person)
            let gone = try await world.call("DELETE", "/v1/me", by: person)
            #expect(gone.status == 204)
            #expect(gone[header: "clear-site-data"] == "\"cache\"")
            #expect(try await world.call("GET", "/v1/me", by: person).status == 401)
            let json = #"{"email":"\#(person.email)","password":"\#(Person.password)"}"#
            #expect(try await world.call("POST", "/v1/sessions", json: json).status == 401)
            let history = try await world.call("GET", "/v1/conversations/\(group)/messages", by: other)
            #expect(!history.text.contains("secret"))
            #expect(history.json["messages"]?.array?.first?["deleted"]?.bool == true)
            let members = try await world.call("GET", "/v1/conversations/\(group)/members", by: other)
            #expect(members.json["items"]?.array?.count == 1)
            let found = try await world.call("GET", "/v1/users?query=Erased", by: other)
            #expect(found.json["items"]?.array?.isEmpty == true)
        }
    }

    @Test("All own data can be taken along")
    func export() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let other = try await world.person()
            let group = try await world.conversation("group", by: person, with: [other])
            try await world.post("mine", in: group, by: person)
            try await world.post("theirs", in: group, by: other)
            let answer = try await world.call("GET", "/v1/me/export", by: person)
            #expect(answer.status == 200)
            #expect(answer[header: "content-type"] == "application/json")
            #expect(answer[header: "content-disposition"]?.hasPrefix("attachment") == true)
            #expect(answer.json.names == ["profile", "sessions", "conversations"])
            let conversation = try #require(answer.json["conversations"]?.array?.first)
            #expect(conversation["conversation"]?["id"]?.string == group.description)
            #expect(conversation["messages"]?.array?.map { $0["body"]?.string } == ["mine"])
            _ = try await world.call("GET", "/v1/me/export", by: person)
            _ = try await world.call("GET", "/v1/me/export", by: person)
            let limited = try await world.call("GET", "/v1/me/export", by: person)
            #expect(limited.status == 429 && limited.code == "rate_limited")
        }
    }
}
