// `hello`: who it is, where everything stands, and from where the events go on; step by step as SessionHandler does it.
import ChatCore
import ChatGateway
import ChatProtocol

extension SimConnection {
    private static var maximumReadings: Int { 5 }

    func open(_ id: Int64, _ hello: Hello) {
        guard let token = hello.token else {
            return perform(session.refused(id, .unauthenticated, closing: .unauthenticated))
        }
        read(id, hello, OpenRequest(tokenHash: Array(token.utf8), isCookie: false), reading: 1)
    }

    private func read(_ id: Int64, _ hello: Hello, _ credential: OpenRequest, reading: Int) {
        let watch = loop.hub.beginReading()
        node.store.read(from: node) { log in
            log.open([credential])[0]
        } then: { [self] result in
            guard !isGone else { return loop.hub.endReading(watch) }
            switch result {
            case .success(let opening):
                resume(id, hello, credential, opening, loop.renewed(watch), reading: reading)
            case .failure(let error):
                loop.hub.endReading(watch)
                refuse(id, error)
            }
        }
    }

    private func refuse(_ id: Int64, _ error: ChatError) {
        switch error.code {
        case .unauthenticated:
            perform(session.refused(id, error, closing: .unauthenticated))
        case .gone:
            let ended = ChatError(.unauthenticated, "The session has ended; sign in again.")
            perform(session.refused(id, ended, closing: .sessionEnded))
        default:
            perform(session.refused(id, error, closing: .overloaded))
        }
    }

    private func resume(
        _ id: Int64,
        _ hello: Hello,
        _ credential: OpenRequest,
        _ opening: Opening,
        _ watch: Watch,
        reading: Int
    ) {
        var resumption = Resumption(hello: hello, opening: opening)
        resumption.answer { loop.hub.resume($0, from: $1, head: $2) }
        readMissing(resumption, opening.user.id) { [self] resumption in
            guard !isGone else { return loop.hub.endReading(watch) }
            complete(id, hello, credential, opening, resumption, watch, reading: reading)
        }
    }

    /// Asks the store for what the latest events did not answer, one conversation after the other.
    private func readMissing(
        _ begun: Resumption,
        _ reader: UserID,
        then finish: @escaping (Resumption) -> Void
    ) {
        var resumption = begun
        guard let position = resumption.next() else { return finish(resumption) }
        node.changes(
            position.conversation,
            since: position.rev,
            limit: Int64(FixedLimits.pageMaximum),
            reader: reader
        ) { [self] result in
            // What cannot be read now is for the client to sync: the index tells it that it must.
            if case .success(let page) = result { resumption.add(page) }
            readMissing(resumption, reader, then: finish)
        }
    }

    private func complete(
        _ id: Int64,
        _ hello: Hello,
        _ credential: OpenRequest,
        _ opening: Opening,
        _ resumption: Resumption,
        _ watch: Watch,
        reading: Int
    ) {
        guard loop.hub.isCovered(watch) else {
            loop.hub.endReading(watch)
            guard reading < Self.maximumReadings else { return refuse(id, .unavailable) }
            return read(id, hello, credential, reading: reading + 1)
        }
        user = opening.user.id
        let text = ReplyFrame.encoded(re: id, ok: mutated(reply(opening, hello, resumption)), reservingCapacity: 1_024)
        write(SimFrame(text))
        slot = loop.open(self, mutated(opening), watch: watch)
        perform(session.opened(now: node.now))
    }

    private func reply(_ opening: Opening, _ hello: Hello, _ resumption: Resumption) -> HelloReply {
        let entries = opening.entries.prefix(FixedLimits.indexEntries).map(\.index)
        return HelloReply(
            user: opening.user,
            session: opening.session,
            connection: "\(node.name)-\(loop.number)-\(number)",
            node: node.name,
            heartbeatMs: world.settings.heartbeatMs,
            features: [],
            limits: world.settings.limits.asDictionary,
            epoch: opening.epoch,
            own: opening.own,
            index: Array(entries),
            more: opening.entries.count > entries.count,
            changes: resumption.isKnownEpoch ? resumption.changes : nil,
            gone: resumption.isKnownEpoch ? resumption.gone : nil
        )
    }

    // MARK: - Bugs

    private func mutated(_ opening: Opening) -> Opening {
        guard world.mutant == .resumeInclusive else { return opening }
        var opening = opening
        for index in opening.entries.indices { opening.entries[index].index.head -= 1 }
        return opening
    }

    private func mutated(_ reply: HelloReply) -> HelloReply {
        guard world.mutant == .resumeSkip else { return reply }
        var reply = reply
        for index in reply.changes?.indices ?? 0..<0 where reply.changes?[index].messages.isEmpty == false {
            reply.changes?[index].messages.removeFirst()
        }
        return reply
    }
}
