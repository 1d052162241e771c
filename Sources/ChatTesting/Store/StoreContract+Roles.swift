// The protocol's table of roles, asked of the store itself: every role, every action, in every kind of conversation.
import ChatCore
import ChatProtocol
import Testing

extension StoreContract {
    static let roles: [ContractCheck] = [
        ContractCheck("what each role may do in a group", { try await matrix($0, .group) }),
        ContractCheck("what each role may do in a channel", { try await matrix($0, .channel) }),
        ContractCheck("who gives and takes which roles", giving),
        ContractCheck("direct conversations stay as they are", direct),
    ]

    /// `nil`: no member.
    private static let everybody: [Role?] = [nil, .reader, .member, .admin, .owner]

    private static func matrix(_ world: StoreWorld, _ kind: ConversationKind) async throws {
        for role in everybody {
            // A conversation of their own for each, with a message of the owner and one of the person's.
            let people = try await world.users(4)
            let (owner, person, other, newcomer) = (people[0], people[1], people[2], people[3])
            let id = try await world.create(kind, by: owner, with: [person, other]).id
            try await world.send(id, by: owner, "the owner's")
            try await world.send(id, by: person, "one's own")
            try await world.send(id, by: other, "another's")
            if let role {
                try await world.set(person, role, in: id, by: owner)
            } else {
                try await world.remove(person, from: id, by: owner)
            }
            func check(_ minimum: Role, _ action: () async throws -> Void) async {
                guard let role else { return await expectRefusal(.notFound, action) }
                guard role < minimum else {
                    await #expect(throws: Never.self, "\(role) \(kind)") { try await action() }
                    return
                }
                await expectRefusal(.forbidden, action)
            }
            let edit = MessageChange.edit(body: "edited", ifRev: nil, mentions: [], mentionsAll: false)
            await check(.reader) { _ = try await world.history(id, of: person) }
            await check(.reader) { try await world.mark(.upTo(1), id, by: person) }
            await check(.reader) { try await world.change(.react(emoji: "x"), id, 1, by: person) }
            await check(.reader) { try await world.change(.unreact(emoji: "x"), id, 1, by: person) }
            await check(.member) { try await world.send(id, by: person) }
            await check(.member) { try await world.change(edit, id, 2, by: person) }
            await check(.member) { try await world.change(.pin, id, 1, by: person) }
            await check(.member) { try await world.change(.unpin, id, 1, by: person) }
            await check(.member) { try await world.change(.delete, id, 2, by: person) }
            await check(.admin) { try await world.change(.delete, id, 3, by: person) }
            await check(kind == .group ? .member : .admin) { try await world.set(newcomer, in: id, by: person) }
            await check(.admin) {
                let patch = ConversationPatch(name: "renamed")
                world.told(try await world.store.conversations.update(id, patch, by: person))
            }
            await check(.admin) { try await world.set(other, .reader, in: id, by: person) }
            await check(.admin) { try await world.remove(other, from: id, by: person) }
            await check(.owner) { world.told(try await world.store.conversations.delete(id, by: person)) }
        }
    }

    private static func giving(_ world: StoreWorld) async throws {
        let people = try await world.users(5)
        let (owner, admin, peer, member, newcomer) = (people[0], people[1], people[2], people[3], people[4])
        let group = try await world.create(.group, by: owner, with: [admin, peer, member])
        try await world.set(admin, .admin, in: group.id, by: owner)
        try await world.set(peer, .admin, in: group.id, by: owner)
        // Only those below oneself, only roles below one's own.
        for (target, role) in [
            (owner, Role.member), (peer, .member), (member, .admin), (member, .owner), (newcomer, .admin),
        ] {
            await expectRefusal(.forbidden) { try await world.set(target, role, in: group.id, by: admin) }
        }
        for target in [owner, peer] {
            await expectRefusal(.forbidden) { try await world.remove(target, from: group.id, by: admin) }
        }
        await expectRefusal(.forbidden) { try await world.set(newcomer, .owner, in: group.id, by: member) }
        try await world.set(member, .reader, in: group.id, by: admin)
        try await world.set(member, .member, in: group.id, by: admin)
        // Oneself: down, never up.
        await expectRefusal(.forbidden) { try await world.set(admin, .owner, in: group.id, by: admin) }
        try await world.set(admin, .member, in: group.id, by: admin)
        await expectRefusal(.forbidden) { try await world.set(admin, .admin, in: group.id, by: admin) }
        // Owners everyone and any.
        try await world.set(peer, .owner, in: group.id, by: owner)
        try await world.set(peer, .reader, in: group.id, by: owner)
        // Whoever is added must exist.
        let nobody: UserID = try world.id()
        await expectRefusal(.notFound) { try await world.set(nobody, in: group.id, by: owner) }
        await expectRefusal(.notFound) { try await world.remove(newcomer, from: group.id, by: owner) }
    }

    private static func direct(_ world: StoreWorld) async throws {
        let people = try await world.users(3)
        let id = try await world.create(.direct, by: people[0], with: [people[1]]).id
        let conversations = world.store.conversations
        for person in people[0...1] {
            #expect(try await world.view(id, of: person)?.own?.role == .member)
            await expectRefusal(.forbidden) { try await world.set(people[2], in: id, by: person) }
            await expectRefusal(.forbidden) { try await world.set(people[0], .owner, in: id, by: person) }
            await expectRefusal(.forbidden) { try await world.remove(people[0], from: id, by: person) }
            await expectRefusal(.forbidden) { try await world.remove(people[1], from: id, by: person) }
            await expectRefusal(.forbidden) {
                _ = try await conversations.update(id, ConversationPatch(name: "x"), by: person)
            }
            await expectRefusal(.forbidden) { _ = try await conversations.delete(id, by: person) }
        }
        await expectRefusal(.notFound) { try await world.set(people[2], in: id, by: people[2]) }
    }
}
