// History: every form of bound, at both ends and across buckets; and who may read.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let history: [ContractCheck] = [
        ContractCheck("history answers every form of bound", bounds),
        ContractCheck("history by time finds the first message at or after it", byTime),
        ContractCheck("paging through history finds each message once", paging),
        ContractCheck("only members read, as long as they are members", readersOnly),
    ]

    private static func seqs(
        _ world: StoreWorld,
        _ conversation: ConversationID,
        _ bound: HistoryBound,
        _ limit: Int,
        _ reader: UserID
    ) async throws -> (seqs: [Int64], more: Bool) {
        let page = try await world.store.messages.history(
            conversation: conversation,
            bound: bound,
            limit: limit,
            reader: reader
        )
        return (page.messages.map(\.seq), page.more)
    }

    /// 300 messages, a second apart: three buckets of any size up to 128.
    private static func filled(_ world: StoreWorld) async throws -> (ConversationID, UserID) {
        let user = try await world.user()
        let notes = try await world.create(.direct, by: user)
        for _ in 0..<3 {
            var batch: [AppendRequest] = []
            for _ in 0..<100 { batch.append(world.request(notes.id, by: user)) }
            for request in batch {
                world.now += 1_000
                try await world.send(request)
            }
        }
        return (notes.id, user)
    }

    private static func bounds(_ world: StoreWorld) async throws {
        let (id, user) = try await filled(world)
        func expect(_ bound: HistoryBound, _ limit: Int, _ range: ClosedRange<Int64>?, _ more: Bool) async throws {
            let page = try await seqs(world, id, bound, limit, user)
            #expect(page.seqs == range.map(Array.init) ?? [], "\(bound)")
            #expect(page.more == more, "\(bound)")
        }
        try await expect(.newest, 50, 251...300, true)
        try await expect(.newest, 300, 1...300, false)
        try await expect(.before(251), 50, 201...250, true)
        try await expect(.before(11), 10, 1...10, false)
        try await expect(.before(1), 10, nil, false)
        try await expect(.before(301), 10, 291...300, true)
        try await expect(.before(9_999), 10, 291...300, true)
        try await expect(.after(0), 10, 1...10, true)
        try await expect(.after(290), 10, 291...300, false)
        try await expect(.after(300), 10, nil, false)
        try await expect(.after(9_999), 10, nil, false)
        try await expect(.around(150), 5, 148...152, true)
        try await expect(.around(150), 1, 150...150, true)
        try await expect(.around(1), 4, 1...2, true)
        try await expect(.around(300), 4, 298...300, true)
        try await expect(.around(150), 1_000, 1...300, false)
        await expectRefusal(.notFound) { _ = try await seqs(world, id, .around(0), 5, user) }
        await expectRefusal(.notFound) { _ = try await seqs(world, id, .around(301), 5, user) }
        await expectRefusal(.notFound) {
            _ = try await world.store.messages.message(conversation: id, seq: 301, reader: user)
        }
        let empty = try await world.create(.group, by: user)
        for bound in [HistoryBound.newest, .before(5), .after(0), .at(0)] {
            let page = try await seqs(world, empty.id, bound, 5, user)
            #expect(page.seqs.isEmpty)
            #expect(!page.more)
        }
    }

    private static func byTime(_ world: StoreWorld) async throws {
        let (id, user) = try await filled(world)
        let messages = try await world.history(id, of: user)
        for index in [0, 1, 126, 127, 128, 129, 255, 256, 298, 299] {
            for offset in [-1, 0, 1] as [Int64] {
                let time = messages[index].sentAt + offset
                let first = messages.first { $0.sentAt >= time }?.seq
                let page = try await seqs(world, id, .at(time), 1, user)
                #expect(page.seqs.first == first, "\(index) \(offset)")
            }
        }
        // Many messages of one time, across a bucket's end: the first of them.
        let busy = try await world.create(.group, by: user)
        world.now += 1_000
        try await world.send(busy.id, by: user)
        world.now += 1_000
        let time = world.now
        for _ in 0..<3 { _ = try await world.append((0..<100).map { _ in world.request(busy.id, by: user) }) }
        #expect(try await seqs(world, busy.id, .at(time), 1, user).seqs == [2])
        #expect(try await seqs(world, busy.id, .at(0), 1, user).seqs == [1])
        #expect(try await seqs(world, busy.id, .at(time + 1), 1, user).seqs.isEmpty)
    }

    private static func paging(_ world: StoreWorld) async throws {
        let (id, user) = try await filled(world)
        var seen: [Int64] = []
        var bound = HistoryBound.newest
        while true {
            let page = try await seqs(world, id, bound, 7, user)
            seen = page.seqs + seen
            guard page.more, let first = page.seqs.first else { break }
            bound = .before(first)
        }
        #expect(seen == Array(1...300))
    }

    private static func readersOnly(_ world: StoreWorld) async throws {
        let people = try await world.users(3)
        let group = try await world.create(.group, by: people[0], with: [people[1]])
        let channel = try await world.create(.channel, by: people[0], isPublic: true)
        try await world.send(group.id, by: people[0])
        try await world.send(channel.id, by: people[0])
        let messages = world.store.messages
        // Whoever joins reads everything, also what was written before.
        try await world.set(people[1], in: channel.id, by: people[1])
        #expect(try await world.history(channel.id, of: people[1]).count == 1)
        try await world.remove(people[1], from: group.id, by: people[0])
        // A public channel may be looked at and joined, but not read.
        for (id, reader) in [(group.id, people[1]), (group.id, people[2]), (channel.id, people[2])] {
            await expectRefusal(.notFound) { _ = try await world.history(id, of: reader) }
            await expectRefusal(.notFound) { _ = try await messages.message(conversation: id, seq: 1, reader: reader) }
            await expectRefusal(.notFound) {
                _ = try await messages.changes(conversation: id, since: 0, limit: 10, reader: reader)
            }
            await expectRefusal(.notFound) {
                _ = try await world.store.conversations.members(
                    of: id,
                    matching: "",
                    after: nil,
                    limit: 9,
                    reader: reader
                )
            }
            await expectRefusal(.notFound) { try await world.mark(.upTo(1), id, by: reader) }
            await expectRefusal(.notFound) { try await world.change(.react(emoji: "x"), id, 1, by: reader) }
            #expect(try await world.view(id, of: reader) == nil)
            #expect(try await world.store.memberships.joined(reader, conversation: id) == nil)
        }
    }
}
