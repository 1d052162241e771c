// Random steps of several people on several devices, over connections that drop and through restarts of the server. At
// checkpoints every device must hold what the server has, and unread must be what counting one by one gives.
import ChatClient
import ChatFixtures
import ChatProtocol
import Testing

@Suite("Random steps", .serialized)
struct RandomWalkTests {
    private static let stepsPerRound = 5

    @Test("unread is what counting gives, and every device agrees", arguments: [UInt64(20_260_722)])
    func walk(seed: UInt64) async throws {
        try await TestServer.with { server in
            let crowd = try await Crowd.gather(server, devices: [2, 2, 1, 2])
            let acknowledged = Acknowledged()
            let owner = crowd[0].client
            let channel = try await owner.create(NewConversation(kind: .channel, name: "Open", isPublic: true)).id
            let group = try await owner.create(
                NewConversation(kind: .group, members: crowd.people.dropFirst().map(\.id))
            ).id
            let direct = try await owner.create(NewConversation(kind: .direct, members: [crowd[1].id])).id
            var walks = crowd.people.enumerated().map { number, watched in
                var walk = RandomWalk(
                    person: watched.id,
                    devices: watched.devices.map(\.client),
                    acknowledged: acknowledged,
                    channel: channel,
                    conversations: number < 2 ? [channel, group, direct] : [channel, group],
                    random: SplitMix(seed: seed &+ UInt64(number))
                )
                for conversation in walk.conversations where number == 0 || conversation != channel {
                    walk.standings[conversation] = RandomWalk.Standing(readSeq: 0)
                }
                return walk
            }
            var random = SplitMix(seed: seed &+ 99)
            for round in 1...100 {
                walks = try await Self.round(walks, server, restarts: round % 34 == 0)
                try await Self.move(&walks, owner, group, acknowledged, &random)
                if round % 20 == 0 {
                    try await crowd.verify("round \(round) of seed \(seed)", markers: false)
                    try await Self.count(walks, crowd, "round \(round) of seed \(seed)")
                }
            }
        }
    }

    /// Everybody walks at the same time; the server may restart meanwhile.
    private static func round(_ walks: [RandomWalk], _ server: TestServer, restarts: Bool) async throws -> [RandomWalk]
    {
        try await withThrowingTaskGroup(of: (Int, RandomWalk?).self) { tasks in
            for (number, walk) in walks.enumerated() {
                tasks.addTask {
                    var walk = walk
                    for _ in 0..<stepsPerRound { try await walk.step() }
                    return (number, walk)
                }
            }
            if restarts {
                tasks.addTask {
                    try await server.restart()
                    return (-1, nil)
                }
            }
            var walked = walks
            for try await (number, walk) in tasks { if let walk { walked[number] = walk } }
            return walked
        }
    }

    /// The owner puts people out of the group and takes them in again; nobody does anything else at the time.
    private static func move(
        _ walks: inout [RandomWalk],
        _ owner: ChatClient,
        _ group: ConversationID,
        _ acknowledged: Acknowledged,
        _ random: inout SplitMix
    ) async throws {
        guard Int.random(in: 0..<3, using: &random) == 0 else { return }
        let number = Int.random(in: 1..<walks.count, using: &random)
        let person = walks[number].person
        do {
            if walks[number].standings[group] == nil {
                let member = try await owner.member(person, of: group)
                // Whoever comes in has read everything.
                #expect(member.readSeq == acknowledged.newest(of: group))
                walks[number].standings[group] = RandomWalk.Standing(readSeq: acknowledged.newest(of: group))
            } else {
                try await owner.remove(person, from: group)
                walks[number].standings[group] = nil
            }
        } catch CommandFailure.lost {
            // A dropped connection; which of the two it was, the server knows.
            let members = try await owner.conversations([group]).first?.members ?? []
            let readSeq = members.first { $0.user == person }?.readSeq
            let standing = walks[number].standings[group]
            walks[number].standings[group] = readSeq.map { standing ?? RandomWalk.Standing(readSeq: $0) }
        }
    }

    /// Counts unread messages one by one.
    private static func count(_ walks: [RandomWalk], _ crowd: Crowd, _ label: String) async throws {
        for (number, walk) in walks.enumerated() {
            let truth = try await Truth.ask(crowd.http, crowd[number].person)
            #expect(Set(truth.conversations.keys) == Set(walk.standings.keys), "\(label), person \(number)")
            for (conversation, standing) in walk.standings {
                guard let picture = truth.conversations[conversation] else { continue }
                #expect(picture.messages.map(\.seq) == Array(0..<picture.row.lastSeq).map { $0 + 1 })
                var unread: Int64 = 0
                for message in picture.messages where message.seq > standing.readSeq && !message.isDeleted {
                    unread += 1
                }
                let who = "\(label), person \(number), \(picture.row.kind)"
                #expect(picture.own?.unread == unread, "\(who)")
                #expect(picture.own?.readSeq == standing.readSeq, "\(who)")
                #expect(picture.own?.unreadFrom == standing.unreadFrom, "\(who)")
                for device in crowd[number].devices where device.holdsEverything {
                    #expect(try await device.client.replica(of: conversation)?.unread == unread, "\(who)")
                }
            }
        }
    }
}
