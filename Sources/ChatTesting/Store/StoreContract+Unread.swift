// Unread and mentions against a count by brute force, over random steps of several people.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let unread: [ContractCheck] = [
        ContractCheck("unread equals the count by brute force over 10,000 random steps", bruteForce)
    ]

    /// What the protocol's sentences say, counted one by one.
    private struct Model {
        struct Post {
            var sender: UserID
            var mentions: Set<UserID>
            var isDeleted = false
        }

        var posts: [Post] = []
        /// Present members' markers.
        var markers: [UserID: Int64] = [:]
        var unreadFrom: [UserID: Int64] = [:]

        var lastSeq: Int64 { Int64(posts.count) }

        func unread(_ user: UserID) -> (unread: Int64, mentions: Int64) {
            let above = posts.dropFirst(Int(markers[user] ?? 0)).filter { !$0.isDeleted && $0.sender != user }
            return (Int64(above.count), Int64(above.filter { $0.mentions.contains(user) }.count))
        }
    }

    private static func bruteForce(_ world: StoreWorld) async throws {
        let people = try await world.users(5)
        let group = try await world.create(.group, by: people[0], with: people)
        var model = Model()
        for person in people { model.markers[person] = 0 }
        var random = SplitMix64(seed: 99)
        for step in 0..<10_000 {
            try await unreadStep(world, group.id, people, &model, &random)
            let person = people[Int(random.next() % 5)]
            guard step % 10 == 0 || step > 9_900 else { continue }
            guard let readSeq = model.markers[person] else {
                #expect(try await world.store.memberships.index(of: person, after: nil, limit: 10).isEmpty)
                continue
            }
            let expected = model.unread(person)
            let entry = try #require(try await world.store.memberships.index(of: person, after: nil, limit: 10).first)
            #expect(entry.unread == expected.unread, "step \(step)")
            #expect(entry.mentions == expected.mentions, "step \(step)")
            #expect(entry.readSeq == readSeq, "step \(step)")
            #expect(entry.unreadFrom == model.unreadFrom[person] ?? 0, "step \(step)")
        }
        #expect(model.posts.count > 1_000)
    }

    private static func unreadStep(
        _ world: StoreWorld,
        _ id: ConversationID,
        _ people: [UserID],
        _ model: inout Model,
        _ random: inout SplitMix64
    ) async throws {
        let person = people[Int(random.next() % 5)]
        let isIn = model.markers[person] != nil
        let seq = Int64.random(in: 1...max(1, model.lastSeq), using: &random)
        switch random.next() % 16 {
        case 0...4 where isIn:
            // Several at once, from whoever is in.
            var batch: [AppendRequest] = []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let sender = people[Int(random.next() % 5)]
                guard model.markers[sender] != nil else { continue }
                let named = people[Int(random.next() % 5)]
                let all = random.next() % 8 == 0
                batch.append(world.request(id, by: sender, mentions: [named], mentionsAll: all))
                var mentions: Set<UserID> = all ? Set(people) : []
                if model.markers[named] != nil { mentions.insert(named) }
                model.posts.append(Model.Post(sender: sender, mentions: mentions))
                model.markers[sender] = model.lastSeq
                model.unreadFrom[sender] = nil
            }
            for result in try await world.append(batch) { _ = try result.get() }
        case 5...8 where isIn && model.lastSeq > 0:
            model.markers[person] = max(model.markers[person] ?? 0, seq)
            model.unreadFrom[person] = nil
            let state = try await world.mark(.upTo(seq), id, by: person)
            #expect(state.unread == model.unread(person).unread)
        case 9...10 where isIn && model.lastSeq > 0:
            model.unreadFrom[person] = seq
            try await world.mark(.unreadFrom(seq), id, by: person)
        case 11...12 where model.lastSeq > 0:
            guard !model.posts[Int(seq) - 1].isDeleted else { return }
            model.posts[Int(seq) - 1].isDeleted = true
            try await world.change(.delete, id, seq, by: people[0])
        case 13 where isIn && person != people[0]:
            model.markers[person] = nil
            model.unreadFrom[person] = nil
            try await world.remove(person, from: id, by: person)
        case 14 where !isIn:
            model.markers[person] = model.lastSeq
            try await world.set(person, in: id, by: people[0])
        case 15 where isIn && model.lastSeq > 0:
            guard !model.posts[Int(seq) - 1].isDeleted, model.posts[Int(seq) - 1].sender == person else { return }
            let named = people[Int(random.next() % 5)]
            model.posts[Int(seq) - 1].mentions = model.markers[named] == nil ? [] : [named]
            let edit = MessageChange.edit(body: "\(random.next())", ifRev: nil, mentions: [named], mentionsAll: false)
            try await world.change(edit, id, seq, by: person)
        default: break
        }
    }
}
