// `hello`: who it is, where everything stands, and from where the events go on (architecture.md, section 5).
import ChatCore
import ChatProtocol
import Metrics
import NIOCore

extension SessionHandler {
    /// How often a snapshot is read again when too much happened while it was read.
    private static var maximumReadings: Int { 5 }

    func open(_ id: Int64, _ hello: Hello) {
        stopWaitingForHello()
        loop.node.metrics.commands("hello").increment()
        guard let credential = credential(of: hello) else {
            return perform(session.refused(id, .unauthenticated, closing: .unauthenticated))
        }
        read(id, hello, credential, reading: 1)
    }

    /// The token, or the cookie of the upgrade request. A cookie counts only for pages whose origin was judged.
    private func credential(of hello: Hello) -> OpenRequest? {
        if let token = hello.token {
            return OpenRequest(tokenHash: loop.node.environment.digest(Array(token.utf8)), isCookie: false)
        }
        let cookie = HostCookie.session(isSecure: configuration.origins.isSecure)
        guard handshake.origin != nil, let value = cookie.token(in: handshake.cookie) else { return nil }
        return OpenRequest(tokenHash: loop.node.environment.digest(Array(value.utf8)), isCookie: true)
    }

    private func read(_ id: Int64, _ hello: Hello, _ credential: OpenRequest, reading: Int) {
        let watch = loop.hub.beginReading()
        let mailbox = loop.mailbox
        let number = key.number
        loop.node.hellos.open(credential) { result in
            mailbox.post { loop in
                guard let handler = loop.connections[number] else { return loop.hub.endReading(watch) }
                switch result {
                case .success(let opening):
                    handler.resume(id, hello, credential, opening, watch, reading: reading)
                case .failure(let error):
                    loop.hub.endReading(watch)
                    handler.refuse(id, error)
                }
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

    /// Answers `resume` from the latest events where they reach, and asks the store for the rest.
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
        guard !resumption.missing.isEmpty else {
            return complete(id, hello, credential, opening, resumption, watch, reading: reading)
        }
        let chat = self.chat
        let number = key.number
        let reader = opening.user.id
        let begun = resumption
        loop.run {
            var resumption = begun
            while let position = resumption.next() {
                let page = await attempt { () async throws(ChatError) in
                    try await chat.changes(
                        position.conversation,
                        since: position.rev,
                        limit: Int64(FixedLimits.pageMaximum),
                        reader: reader
                    )
                }
                // What cannot be read now is for the client to sync: the index tells it that it must.
                if case .success(let page) = page { resumption.add(page) }
            }
            return resumption
        } then: { loop, resumption in
            guard let handler = loop.connections[number] else { return loop.hub.endReading(watch) }
            handler.complete(id, hello, credential, opening, resumption, watch, reading: reading)
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
        self.opening = Opening(
            user: opening.user,
            session: opening.session,
            epoch: opening.epoch,
            own: opening.own,
            entries: []
        )
        let limit = configuration.limits.connectionsPerUser
        if let idlest = loop.node.registry.enter(record, of: opening.user.id, limit: limit) {
            loop.node.mailboxes[idlest.loop].post {
                $0.connections[idlest.number]?.close(.tooManyConnections, "Another device took this one's place.")
            }
        }
        loop.node.presence.connected(opening.user.id)
        loop.node.metrics.hellos.increment()
        write(ReplyFrame.encoded(re: id, ok: reply(opening, hello, resumption), reservingCapacity: 1_024))
        slot = loop.open(self, opening, watch: watch)
        perform(session.opened(now: loop.now))
    }

    private func reply(_ opening: Opening, _ hello: Hello, _ resumption: Resumption) -> HelloReply {
        let entries = opening.entries.prefix(FixedLimits.indexEntries).map(\.index)
        return HelloReply(
            user: opening.user,
            session: opening.session,
            connection: name,
            node: configuration.node,
            heartbeatMs: configuration.times.heartbeatMs,
            features: configuration.features.filter { hello.features.contains($0) },
            limits: configuration.limits.asDictionary,
            epoch: opening.epoch,
            own: opening.own,
            index: Array(entries),
            more: opening.entries.count > entries.count,
            changes: resumption.isKnownEpoch ? resumption.changes : nil,
            gone: resumption.isKnownEpoch ? resumption.gone : nil
        )
    }
}
