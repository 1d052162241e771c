// Messages and their log over HTTP.
import ChatProtocol
import Testing

@Suite("HTTP: messages")
struct HTTPMessageTests {
    /// Two people in a group.
    private func withGroup(
        limits: [String: Int64] = [:],
        _ body: (_ world: HTTPWorld, _ path: String, _ owner: Person, _ other: Person) async throws -> Void
    ) async throws {
        try await HTTPWorld.with(limits: limits) { world in
            let owner = try await world.person()
            let other = try await world.person()
            let group = try await world.conversation("group", by: owner, with: [other])
            try await body(world, "/v1/conversations/\(group)", owner, other)
        }
    }

    @Test("A post answers 201; the same nonce answers the stored message, with other content it is a conflict")
    func post() async throws {
        try await withGroup { world, path, owner, other in
            let json = #"{"nonce":"n1","body":"hello \u0001 é"}"#
            let first = try await world.call("POST", "\(path)/messages", by: owner, json: json)
            #expect(first.status == 201)
            #expect(
                first.json.names == ["conversation", "seq", "rev", "kind", "sender", "nonce", "body", "sentAt"]
                    || first.json.names.last == "mine"
            )
            #expect(first.json["body"]?.string == "hello \u{1} é")
            let again = try await world.call("POST", "\(path)/messages", by: owner, json: json)
            #expect(again.status == 200 && again.json["seq"] == first.json["seq"])
            let changed = try await world.call(
                "POST",
                "\(path)/messages",
                by: owner,
                json: #"{"nonce":"n1","body":"x"}"#
            )
            #expect(changed.status == 409 && changed.code == "conflict")
            let theirs = try await world.call("POST", "\(path)/messages", by: other, json: json)
            #expect(theirs.status == 201, "a nonce is its sender's")
            let edited = try await world.call("PATCH", "\(path)/messages/1", by: owner, json: #"{"body":"edited"}"#)
            #expect(edited.json["editedAt"]?.integer != nil)
            let after = try await world.call("POST", "\(path)/messages", by: owner, json: json)
            #expect(after.status == 200 && after.json["body"]?.string == "edited")
            let reply = try await world.call(
                "POST",
                "\(path)/messages",
                by: owner,
                json: #"{"nonce":"r","body":"re","replyTo":1,"thread":1}"#
            )
            #expect(reply.json["replyTo"]?.integer == 1 && reply.json["thread"]?.integer == 1)
            let attached = #"{"nonce":"a","body":"x","attachments":["0000000000001"]}"#
            #expect(try await world.call("POST", "\(path)/messages", by: owner, json: attached).code == "not_found")
        }
    }

    @Test("One nonce sent many times at once is one message")
    func concurrentNonces() async throws {
        try await withGroup { world, path, owner, _ in
            let answers = try await withThrowingTaskGroup(of: HTTPProbe.Answer.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await world.call("POST", "\(path)/messages", by: owner, json: #"{"nonce":"n","body":"b"}"#)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == 201 }.count == 1)
            #expect(answers.filter { $0.status == 200 }.count == 39)
            #expect(Set(answers.map { $0.json["seq"]?.integer }) == [1])
        }
    }

    @Test("Edits and deletions answer the message; what is gone is gone")
    func change() async throws {
        try await withGroup { world, path, owner, other in
            _ = try await world.call("POST", "\(path)/messages", by: owner, json: #"{"nonce":"n","body":"b"}"#)
            let message = "\(path)/messages/1"
            #expect(try await world.call("PATCH", message, by: other, json: #"{"body":"c"}"#).code == "forbidden")
            let rev = try #require(try await world.call("GET", message, by: owner).json["rev"]?.integer)
            let stale = try await world.call("PATCH", message, by: owner, json: #"{"body":"c","ifRev":\#(rev - 1)}"#)
            #expect(stale.status == 409 && stale.code == "conflict")
            let edited = try await world.call("PATCH", message, by: owner, json: #"{"body":"c","ifRev":\#(rev)}"#)
            #expect(edited.status == 200 && edited.json["rev"]?.integer == rev + 1)
            let same = try await world.call("PATCH", message, by: owner, json: #"{"body":"c"}"#)
            #expect(same.json["rev"]?.integer == rev + 1, "the same body moves nothing")
            #expect(try await world.call("DELETE", message, by: other).code == "forbidden")
            let deleted = try await world.call("DELETE", message, by: owner)
            #expect(deleted.status == 200 && deleted.json["deleted"]?.bool == true && deleted.json["body"] == nil)
            #expect(
                deleted.json.names == ["conversation", "seq", "rev", "kind", "sender", "nonce", "sentAt", "deleted"]
            )
            for (method, suffix) in [("PATCH", ""), ("DELETE", ""), ("PUT", "/pin"), ("PUT", "/reactions/x")] {
                let json = method == "PATCH" ? #"{"body":"c"}"# : "{}"
                let answer = try await world.call(method, message + suffix, by: owner, json: json)
                #expect(answer.status == 410 && answer.code == "gone", "\(method) \(suffix)")
            }
            #expect(try await world.call("GET", message, by: owner).json["deleted"]?.bool == true)
            let reply = try await world.call(
                "POST",
                "\(path)/messages",
                by: owner,
                json: #"{"nonce":"r","body":"re","replyTo":1}"#
            )
            #expect(reply.status == 201, "a tombstone may be replied to")
        }
    }

    @Test("Reactions are strict UTF-8 in the path, at most 20 different ones; pins come and go")
    func reactions() async throws {
        try await withGroup { world, path, owner, other in
            _ = try await world.call("POST", "\(path)/messages", by: owner, json: #"{"nonce":"n","body":"b"}"#)
            let message = "\(path)/messages/1"
            let thumb = "%F0%9F%91%8D"
            let first = try await world.call("PUT", "\(message)/reactions/\(thumb)", by: other)
            #expect(first.status == 200)
            #expect(first.json["mine"]?.array == [.string("👍")])
            #expect(first.json["reactions"]?.array?.first?["emoji"]?.string == "👍")
            let again = try await world.call("PUT", "\(message)/reactions/\(thumb)", by: other)
            #expect(again.json["rev"] == first.json["rev"])
            let seen = try await world.call("GET", message, by: owner)
            #expect(seen.json["reactions"]?.array?.first?["count"]?.integer == 1)
            let taken = try await world.call("DELETE", "\(message)/reactions/\(thumb.lowercased())", by: other)
            #expect(taken.json["reactions"] == nil)
            for bad in [
                "%", "%F", "%ZZ", "%FF", "%F0%9F%91", "%00", "%0A", "%C0%AF", String(repeating: "x", count: 33),
            ] {
                let answer = try await world.call("PUT", "\(message)/reactions/\(bad)", by: owner)
                #expect(answer.status == 400 && answer.code == "invalid", "\(bad)")
                #expect(
                    try await world.call("PUT", "\(message)/reactions/\(bad)").code == "invalid",
                    "form comes first"
                )
            }
            #expect(try await world.call("PUT", "\(message)/reactions/a%2Fb", by: owner).status == 200)
            for number in 0..<19 {
                #expect(try await world.call("PUT", "\(message)/reactions/e\(number)", by: owner).status == 200)
            }
            #expect(try await world.call("PUT", "\(message)/reactions/more", by: owner).code == "invalid")
            let pinned = try await world.call("PUT", "\(message)/pin", by: other)
            #expect(pinned.json["pinned"]?["by"]?.string == other.id.description)
            #expect(try await world.call("DELETE", "\(message)/pin", by: owner).json["pinned"] == nil)
        }
    }

    @Test("History comes in seq order, bounded on one side or around a message")
    func history() async throws {
        try await withGroup { world, path, owner, other in
            for number in 1...9 {
                _ = try await world.call(
                    "POST",
                    "\(path)/messages",
                    by: owner,
                    json: #"{"nonce":"\#(number)","body":"\#(number)"}"#
                )
                world.clock.advance(seconds: 10)
            }
            func page(_ query: String) async throws -> ([Int64], more: Bool) {
                let page = try await world.call("GET", "\(path)/messages?\(query)", by: other).decoded(HistoryPage.self)
                return (page.messages.map(\.seq), page.more)
            }
            #expect(try await page("") == ([1, 2, 3, 4, 5, 6, 7, 8, 9], false))
            #expect(try await page("limit=3") == ([7, 8, 9], true))
            #expect(try await page("before=7&limit=3") == ([4, 5, 6], true))
            #expect(try await page("before=4&limit=3") == ([1, 2, 3], false))
            #expect(try await page("after=3&limit=3") == ([4, 5, 6], true))
            #expect(try await page("after=6&limit=3") == ([7, 8, 9], false))
            #expect(try await page("after=9&limit=3") == ([], false))
            #expect(try await page("around=5&limit=3").0 == [4, 5, 6])
            #expect(try await page("around=5&limit=1").0 == [5])
            #expect(try await page("before=1").0 == [])
            let sixth = try #require(
                try await world.call("GET", "\(path)/messages/6", by: other).json["sentAt"]?.integer
            )
            #expect(try await page("at=\(sixth)&limit=2").0 == [6, 7])
            #expect(try await page("at=\(sixth - 5_000)&limit=2").0 == [6, 7])
            #expect(try await page("at=0&limit=2").0 == [1, 2])
            #expect(try await page("at=9007199254740991").0 == [])
            for missing in ["around=0", "around=10"] {
                #expect(
                    try await world.call("GET", "\(path)/messages?\(missing)", by: other).code == "not_found",
                    "\(missing)"
                )
            }
            _ = try await world.call("DELETE", "\(path)/messages/2", by: owner)
            let tombstone = try await world.call("GET", "\(path)/messages?before=3", by: other)
            #expect(tombstone.json["messages"]?.array?.map { $0["deleted"]?.bool ?? false } == [false, true])
        }
    }

    @Test("A page's tag changes with its rows and its reader, and with nothing else")
    func tags() async throws {
        try await withGroup { world, path, owner, other in
            for number in 1...3 {
                _ = try await world.call(
                    "POST",
                    "\(path)/messages",
                    by: owner,
                    json: #"{"nonce":"\#(number)","body":"b"}"#
                )
            }
            func get(_ person: Person, _ query: String = "", tag: String? = nil) async throws -> HTTPProbe.Answer {
                let headers = tag.map { [("If-None-Match", $0)] } ?? []
                return try await world.call("GET", "\(path)/messages?\(query)", by: person, headers: headers)
            }
            let first = try await get(owner)
            let tag = try #require(first[header: "etag"])
            #expect(tag.hasPrefix("W/\""))
            #expect(first[header: "cache-control"] == "private, no-cache")
            let same = try await get(owner, tag: tag)
            #expect(same.status == 304 && same.body.isEmpty && same[header: "etag"] == tag)
            #expect(same[header: "cache-control"] == "private, no-cache")
            #expect(try await get(other, tag: tag).status == 200, "another reader's page is another page")
            #expect(try await get(owner, "limit=2", tag: tag).status == 200)
            // Every kind of change of a row, and every row more, is seen.
            var last = tag
            for (method, suffix, json) in [
                ("PATCH", "/1", #"{"body":"c"}"#), ("PUT", "/2/reactions/x", "{}"), ("DELETE", "/2/reactions/x", "{}"),
                ("PUT", "/2/pin", "{}"), ("DELETE", "/3", "{}"), ("POST", "", #"{"nonce":"new","body":"b"}"#),
            ] {
                let change = try await world.call(method, "\(path)/messages\(suffix)", by: owner, json: json)
                #expect(change.status < 300, "\(change.text)")
                let answer = try await get(owner, tag: last)
                #expect(answer.status == 200, "\(method) \(suffix)")
                last = try #require(answer[header: "etag"])
                #expect(try await get(owner, tag: last).status == 304)
            }
            // A page that cannot change any more stays as it is, though others do.
            let old = try #require(try await get(owner, "before=3")[header: "etag"])
            _ = try await world.call("POST", "\(path)/messages", by: owner, json: #"{"nonce":"newer","body":"b"}"#)
            #expect(try await get(owner, "before=3", tag: old).status == 304)
            // The last page of those behind a message is another one when more follow.
            let behind = try #require(try await get(owner, "after=3&limit=2")[header: "etag"])
            _ = try await world.call("POST", "\(path)/messages", by: owner, json: #"{"nonce":"newest","body":"b"}"#)
            #expect(try await get(owner, "after=3&limit=2", tag: behind).status == 200)
        }
    }

    @Test("Changes page through rows of all kinds; a position above the head is told to start afresh")
    func changes() async throws {
        try await withGroup { world, path, owner, other in
            for number in 1...5 {
                _ = try await world.call(
                    "POST",
                    "\(path)/messages",
                    by: owner,
                    json: #"{"nonce":"\#(number)","body":"b"}"#
                )
            }
            _ = try await world.call("PATCH", path, by: owner, json: #"{"name":"Renamed"}"#)
            var since: Int64 = 0
            var rows = 0
            var pages = 0
            while true {
                let answer = try await world.call("GET", "\(path)/changes?since=\(since)&limit=2", by: other)
                let page = try answer.decoded(ChangesPage.self)
                #expect(page.row?.own == nil)
                rows += page.messages.count + page.members.count + (page.row == nil ? 0 : 1)
                #expect(page.messages.count + page.members.count + (page.row == nil ? 0 : 1) <= 2)
                pages += 1
                since = page.upTo
                if !page.more {
                    #expect(page.upTo == page.head)
                    break
                }
            }
            #expect(rows == 8, "five messages, two members, the conversation")
            #expect(pages == 4)
            let nothing = try await world.call("GET", "\(path)/changes?since=\(since)", by: other)
            #expect(nothing.json.names == ["conversation", "messages", "members", "upTo", "head"])
            let above = try await world.call("GET", "\(path)/changes?since=\(since + 1)", by: other)
            #expect(above.json["reset"]?.bool == true)
        }
    }
}
