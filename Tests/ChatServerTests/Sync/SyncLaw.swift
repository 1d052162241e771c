// The law of sync: what a client holds after events is what it would hold after asking afresh. Asserted after every kind
// of change, for every member and every device, and for the user's own log.
import ChatClient
import ChatFixtures
import ChatProtocol
import Testing

extension Crowd {
    /// Compares, for everybody: each device after its events, a new client after its first sync, `changes` page by page
    /// from 0, and the answer to whoever asks over HTTP.
    /// - Parameter markers: whether others' read markers are compared; a device that was away does not know them.
    func verify(
        _ label: String,
        markers: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for (number, watched) in people.enumerated() {
            let who = "after \(label), person \(number)"
            let truth = try await Truth.ask(http, watched.person)
            verifyPaged(truth, watched.person, who, sourceLocation)
            var everything = ClientConfiguration()
            everything.bootstrap = .everything
            let fresh = try await server.connect(watched.person, configuration: everything)
            let wanted = truth.conversations
            try await compare(fresh, watched.id, with: wanted, "\(who), a new client", sourceLocation) { $0 }
            try await expectEverything(fresh, wanted, "\(who), a new client", sourceLocation)
            for (number, device) in watched.devices.enumerated() {
                let name = "\(who), device \(number)"
                try await compare(device.client, watched.id, with: wanted, name, sourceLocation) { picture in
                    let picture = markers ? picture : picture.withoutMarkers()
                    return device.holdsEverything ? picture : picture.withoutChannelMembers()
                }
                if device.holdsEverything { try await expectEverything(device.client, wanted, name, sourceLocation) }
            }
            try await verifyOwn(watched, fresh, who, sourceLocation)
            await fresh.close()
        }
    }

    /// - Parameter part: what of a picture is compared.
    private func compare(
        _ client: ChatClient,
        _ reader: UserID,
        with truth: [ConversationID: Picture],
        _ name: String,
        _ sourceLocation: SourceLocation,
        part: @escaping @Sendable (Picture) -> Picture
    ) async throws {
        let look: @Sendable (ClientStateMachine) -> Comparison = { machine in
            var comparison = Comparison(wanted: truth.mapValues(part))
            for conversation in machine.conversations {
                guard let replica = machine.replica(of: conversation) else { continue }
                let loaded = replica.loaded
                comparison.held[conversation] = part(Picture(replica, reader: reader)).restricted(to: loaded)
                comparison.wanted[conversation] = comparison.wanted[conversation]?.restricted(to: loaded)
            }
            return comparison
        }
        do {
            try await client.waitUntil(timeout: .seconds(15)) { machine in
                guard machine.isSettled else { return false }
                let comparison = look(machine)
                return comparison.held == comparison.wanted
            }
        } catch ChatClientError.timedOut {
            let (held, wanted) = try await client.read { (look($0).held, look($0).wanted) }
            for (conversation, picture) in wanted where held[conversation] != picture {
                let differences = held[conversation]?.differences(from: picture) ?? "is not held"
                Issue.record("\(name): \(conversation): \(differences)", sourceLocation: sourceLocation)
            }
            for conversation in held.keys where wanted[conversation] == nil {
                Issue.record("\(name): \(conversation) is held and is not the user's", sourceLocation: sourceLocation)
            }
            if held == wanted { Issue.record("\(name) did not settle", sourceLocation: sourceLocation) }
        }
    }

    /// A client that was told to hold all messages holds all of them.
    private func expectEverything(
        _ client: ChatClient,
        _ wanted: [ConversationID: Picture],
        _ name: String,
        _ sourceLocation: SourceLocation
    ) async throws {
        for (conversation, picture) in wanted {
            let count = try await client.replica(of: conversation)?.messages.count
            #expect(count == picture.messages.count, "\(name): \(conversation)", sourceLocation: sourceLocation)
        }
    }

    private func verifyPaged(
        _ truth: Truth,
        _ person: TestServer.Person,
        _ who: String,
        _ sourceLocation: SourceLocation
    ) {
        for (id, picture) in truth.conversations {
            guard let paged = truth.paged[id], let row = paged.row else {
                Issue.record("\(who): \(id): no row by changes", sourceLocation: sourceLocation)
                continue
            }
            #expect(paged.problems.isEmpty, "\(who): \(id)", sourceLocation: sourceLocation)
            let rebuilt = Picture(
                row.with(picture),
                messages: Array(paged.messages.values),
                members: paged.members.values.filter { $0.leftAt == nil },
                reader: person.id
            )
            let difference = rebuilt == picture ? nil : rebuilt.differences(from: picture)
            #expect(difference == nil, "\(who): \(id) by changes", sourceLocation: sourceLocation)
        }
    }

    /// The user's own log: what devices were told equals what there is.
    private func verifyOwn(
        _ watched: Watched,
        _ fresh: ChatClient,
        _ who: String,
        _ sourceLocation: SourceLocation
    ) async throws {
        let mirror = OwnMirror()
        var since: Int64 = 0
        while true {
            let page = try await fresh.syncOwn(since: since, limit: 7)
            #expect(page.rows.count <= 7, sourceLocation: sourceLocation)
            #expect(page.rows.map(\.rev) == page.rows.map(\.rev).sorted(), sourceLocation: sourceLocation)
            mirror.take(page.rows)
            since = page.upTo
            guard page.more else { break }
        }
        let head = since
        let wanted = mirror.rows.mapValues(\.withoutDerived)
        let sawHere = Set(try await fresh.read { $0.conversations })
        for (number, device) in watched.devices.enumerated() {
            try await device.client.waitUntil(timeout: .seconds(15)) { $0.ownPosition == head }
            let told = device.ownRows.mapValues(\.withoutDerived)
            for (key, row) in wanted {
                let text = "\(who), device \(number): \(String(describing: told[key])) instead of \(row)"
                #expect(told[key] == row, "\(text)", sourceLocation: sourceLocation)
            }
            for (key, row) in told where wanted[key] == nil {
                // Reactions end with their message or its conversation, and need not be told of.
                if case .reaction(let conversation, let seq) = key {
                    if !sawHere.contains(conversation) { continue }
                    let message = try await fresh.read { $0.replica(of: conversation)?.message(seq) }
                    if message?.isDeleted == true { continue }
                }
                Issue.record("\(who), device \(number): \(row) is over", sourceLocation: sourceLocation)
            }
        }
    }
}

/// What a client holds, and what it should hold of that.
private struct Comparison {
    var held: [ConversationID: Picture] = [:]
    var wanted: [ConversationID: Picture]
}

extension Conversation {
    /// A row of `changes` has no derived fields; those of the truth are taken.
    fileprivate func with(_ truth: Picture) -> Conversation {
        var row = self
        row.head = truth.row.head
        row.lastSeq = truth.row.lastSeq
        row.memberCount = truth.row.memberCount
        row.own = truth.own
        row.lastMessage = truth.last
        return row
    }
}

extension OwnRow {
    /// `unread` and `mentions` are derived from the log: they are true at the time of the row.
    fileprivate var withoutDerived: OwnRow {
        guard case .membership(var row) = self else { return self }
        row.state.unread = 0
        row.state.mentions = 0
        return .membership(row)
    }
}
