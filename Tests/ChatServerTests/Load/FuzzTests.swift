// Frames that nobody would send: whatever comes, each is answered once or closes its connection, and the node goes on.
import ChatClient
import ChatFixtures
import ChatProtocol
import Foundation
import Testing

@Suite("Mutated frames")
struct FuzzTests {
    private static let seed: UInt64 = 20_260_722
    private static let frames = 100_000
    private static let connections = 4

    @Test("after 100,000 mutated frames the node answers as before")
    func mutated() async throws {
        try await TestServer.with { server in
            let (anna, bert) = (try await server.signUp(), try await server.signUp())
            let client = try await server.connect(anna)
            let group = try await client.create(NewConversation(kind: .group, members: [bert.id])).id
            for number in 0..<10 { _ = try await client.send("message \(number)", to: group) }
            let commands = try Self.fixtures(conversation: group, user: bert.id)
            #expect(commands.count > 30)
            let examined = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 0..<Self.connections {
                    tasks.addTask {
                        var mutator = FrameMutator(seed: Self.seed + UInt64(number), commands: commands)
                        return try await Self.storm(server, bert, &mutator, count: Self.frames / Self.connections) {
                            // Some of the frames are good ones, and Bert leaves by them.
                            _ = try await client.member(bert.id, of: group)
                        }
                    }
                }
                return try await tasks.reduce(0, +)
            }
            #expect(examined >= Self.frames)
            // Whatever was done to the group by frames that were valid after all, two can talk.
            let talk = try await client.create(NewConversation(kind: .group, name: "After all", members: [bert.id])).id
            let other = try await server.connect(bert)
            for number in 1...20 {
                _ = try await (number.isMultiple(of: 2) ? client : other).send("word \(number)", to: talk)
            }
            for reader in [client, other] {
                try await reader.waitUntil { $0.replica(of: talk)?.message(20) != nil }
                #expect(try await reader.history(of: talk).messages.map(\.seq) == Array(1...20))
            }
        }
    }

    /// Sends mutated frames, some at a time; a connection that is closed for one of them is replaced.
    private static func storm(
        _ server: TestServer,
        _ person: TestServer.Person,
        _ mutator: inout FrameMutator,
        count: Int,
        before: () async throws -> Void
    ) async throws -> Int {
        var examined = 0
        while examined < count {
            try await before()
            let (wire, _) = try await Wire.open(server, person)
            examined += try await storm(wire, &mutator, count: min(2_000, count - examined))
            await wire.close()
        }
        return examined
    }

    /// One connection's life. - Returns: how many frames the server has looked at.
    private static func storm(_ wire: Wire, _ mutator: inout FrameMutator, count: Int) async throws -> Int {
        var examined = 0
        while examined < count {
            var bytes: [UInt8] = []
            var ids: [Int64] = []
            var isLast = false
            while ids.count < 100, !isLast {
                switch mutator.next(id: wire.nextID()) {
                case .command(let id, let text):
                    ids.append(id)
                    bytes += RawFrame.text(text)
                case .raw(let frame):
                    // It may swallow what follows: nothing does.
                    bytes += frame
                    isLast = true
                }
            }
            do {
                try await wire.socket.send(bytes: bytes)
            } catch {
                // Closed by the server already: what it was closed for was looked at.
                return examined + 1
            }
            for id in ids {
                do {
                    _ = try await wire.answer(to: id)
                    examined += 1
                } catch is WireEnded {
                    return examined + 1
                }
            }
            // A broken frame may be a command all the same, under an id that was used.
            if isLast { return examined + 1 }
            #expect(wire.repeatedReplies == [])
        }
        return examined
    }

    /// The commands of the protocol's fixtures, about a conversation and a user that exist.
    private static func fixtures(conversation: ConversationID, user: UserID) throws -> [JSON] {
        let folder = URL(filePath: #filePath).appending(path: "../../../../Protocol/fixtures").standardizedFileURL
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.filter { $0.hasPrefix("command.") && !$0.hasPrefix("command.hello") }.map { name in
            let json = try JSONParser.parse(try Data(contentsOf: folder.appending(path: name)))
            return json.replacing(["conversation": "\(conversation)", "user": "\(user)"])
        }
    }
}

extension JSON {
    /// With other values for fields of these names.
    fileprivate func replacing(_ values: [String: String]) -> JSON {
        guard case .object(let fields) = self else { return self }
        return .object(
            fields.map { field in
                JSON.Field(field.name, values[field.name].map { .string($0) } ?? field.value)
            }
        )
    }
}
