// Lists: every item once, in a stable order, page by page.
import ChatProtocol
import Testing

@Suite("HTTP: lists")
struct HTTPListTests {
    /// Reads a list to its end. - Returns: the items, and the sizes of the pages.
    private func walk(
        _ world: HTTPWorld,
        _ path: String,
        by person: Person,
        limit: Int
    ) async throws -> (items: [JSON], sizes: [Int]) {
        var items: [JSON] = []
        var sizes: [Int] = []
        var next: String?
        repeat {
            let cursor = next.map { "&cursor=\($0)" } ?? ""
            let answer = try await world.call("GET", "\(path)limit=\(limit)\(cursor)", by: person)
            try #require(answer.status == 200, "\(answer.text)")
            let page = try #require(answer.json["items"]?.array)
            items += page
            sizes.append(page.count)
            next = answer.json["next"]?.string
            #expect(answer.json.names == (next == nil ? ["items"] : ["items", "next"]))
            try #require(sizes.count < 100)
        } while next != nil
        return (items, sizes)
    }

    @Test("Every list pages through all of it, each item once, in the order of identifiers")
    func paging() async throws {
        try await HTTPWorld.with { world in
            let owner = try await world.person()
            var others: [Person] = []
            for _ in 0..<4 { others.append(try await world.person()) }
            let group = try await world.conversation("group", by: owner, with: others)
            for number in 0..<4 {
                _ = try await world.conversation("channel", by: owner, name: "channel \(number)", isPublic: true)
                _ = try await world.signIn(owner)
            }
            let lists: [(path: String, id: String, count: Int)] = [
                ("/v1/users?", "id", 5), ("/v1/conversations?", "id", 5), ("/v1/channels?", "id", 4),
                ("/v1/conversations/\(group)/members?", "user", 5), ("/v1/sessions?", "id", 5),
            ]
            for (path, id, count) in lists {
                let (all, one) = try await walk(world, path, by: owner, limit: 200)
                #expect(one == [count], "\(path)")
                let ids = all.compactMap { $0[id]?.string }
                #expect(ids.count == count && ids == ids.sorted(), "\(path)")
                for limit in 1...6 {
                    let (items, sizes) = try await walk(world, path, by: owner, limit: limit)
                    #expect(items.map { $0[id]?.string } == ids, "\(path)\(limit)")
                    #expect(sizes.dropLast().allSatisfy { $0 == limit }, "\(path)\(limit)")
                    #expect(sizes.last.map { (1...limit).contains($0) } == true, "no empty last page: \(path)\(limit)")
                }
            }
        }
    }

    @Test("The default is 50 rows, the most is 200, and what is above that is taken as that")
    func sizes() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            for number in 0..<201 {
                _ = try await world.conversation("channel", by: person, name: "channel \(number)", isPublic: true)
            }
            for (query, count) in [
                ("", 50), ("?limit=200", 200), ("?limit=201", 200), ("?limit=9007199254740991", 200),
            ] {
                let answer = try await world.call("GET", "/v1/channels\(query)", by: person)
                #expect(answer.json["items"]?.array?.count == count, "\(query)")
                #expect(answer.json["next"] != nil)
            }
            for query in ["limit=0", "limit=-1", "limit=x", "limit=", "limit=1.0", "limit=1&limit=2"] {
                let answer = try await world.call("GET", "/v1/channels?\(query)", by: person)
                #expect(answer.status == 400 && answer.code == "invalid", "\(query)")
            }
        }
    }

    @Test("Cursors that no answer gave are refused, whoever asks")
    func cursors() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let id = person.id.description
            for cursor in [
                "", "x", id, id.lowercased(), "a\(id)", "b\(id.lowercased())", "a", "a\(id.lowercased())0", "%ff",
            ] {
                for path in ["/v1/users", "/v1/conversations", "/v1/channels", "/v1/sessions"] {
                    for who in [nil, person] {
                        let answer = try await world.call("GET", "\(path)?cursor=\(cursor)", by: who)
                        #expect(answer.status == 400 && answer.code == "invalid", "\(path) \(cursor)")
                    }
                }
            }
        }
    }

    @Test("People are found by name and handle, taken literally, and never by e-mail")
    func search() async throws {
        try await HTTPWorld.with { world in
            let first = try await world.person("Ada 100%")
            _ = try await world.person("Grace_Hopper")
            _ = try await world.person("Émilie")
            func found(_ query: String) async throws -> [String] {
                let answer = try await world.call("GET", "/v1/users?query=\(query)", by: first)
                try #require(answer.status == 200, "\(answer.text)")
                #expect(!answer.text.contains("@"))
                return (answer.json["items"]?.array ?? []).compactMap { $0["name"]?.string }
            }
            #expect(try await found("ada") == ["Ada 100%"])
            #expect(try await found("100%25") == ["Ada 100%"])
            #expect(try await found("%25") == ["Ada 100%"])
            #expect(try await found("_") == ["Grace_Hopper"])
            #expect(try await found("Ada+100") == ["Ada 100%"])
            #expect(try await found(first.handle) == ["Ada 100%"])
            #expect(try await found("example.org") == [])
            #expect(try await found("%27%20OR%201=1--") == [])
            #expect(try await found("").count == 3)
            for bad in ["%", "%zz", "%ff", "%00", "a&query=b", String(repeating: "a", count: 257)] {
                let answer = try await world.call("GET", "/v1/users?query=\(bad)", by: first)
                #expect(answer.status == 400 && answer.code == "invalid", "\(bad)")
            }
        }
    }
}
