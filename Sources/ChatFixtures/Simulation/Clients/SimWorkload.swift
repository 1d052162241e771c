// What people do: hot and quiet conversations, several devices each, everything the protocol has, retries on purpose.
import ChatClient
import ChatCore
import ChatProtocol

final class SimWorkload {
    private unowned let world: SimWorld
    private var random: SimRandom
    private var isOver = false
    private var lastNonce = 0
    /// What each person has sent, for sending it again.
    private var written: [UserID: [Send]] = [:]

    init(_ world: SimWorld, _ random: SimRandom) {
        self.world = world
        self.random = random
    }

    func begin() {
        for device in world.devices { think(device) }
    }

    func end() { isOver = true }

    private func think(_ device: SimDevice) {
        world.scheduler.after(random.within(world.settings.thinkMs)) { [self] in
            guard !isOver else { return }
            act(device)
            think(device)
        }
    }

    // MARK: - One thing

    private func act(_ device: SimDevice) {
        switch random.below(100) {
        case 0..<38: send(device, count: 1)
        case 38..<43: send(device, count: 5)
        case 43..<48: sendAgain(device)
        case 48..<70: changeMessage(device)
        case 70..<80: mark(device)
        case 80..<86: read(device)
        case 86..<97: changeMembers(device)
        default: look(device)
        }
    }

    /// The busy conversation mostly; never a quiet one.
    private func room(_ device: SimDevice) -> ConversationID? {
        let rooms = device.machine.conversations.filter { !world.quietRooms.contains($0) }
        return random.chance(60) ? rooms.first : random.pick(rooms)
    }

    /// Several messages at once, one after the other.
    func send(_ device: SimDevice, count: Int) {
        guard let room = room(device) else { return }
        let lastSeq = device.machine.replica(of: room)?.lastSeq ?? 0
        for _ in 0..<count {
            var send = message(device, in: room)
            if lastSeq > 0 {
                if random.chance(10) { send.replyTo = random.within(1...lastSeq) }
                if random.chance(10) { send.thread = random.within(1...lastSeq) }
            }
            written[device.user, default: []].append(send)
            device.ask(.send(send))
        }
    }

    private func message(_ device: SimDevice, in room: ConversationID) -> Send {
        lastNonce += 1
        let padding = String(repeating: "x", count: random.pick([0, 10, 10, 200]) ?? 0)
        let mention = random.chance(5) ? " <@all>" : ""
        let body = "\(device.name)-\(lastNonce)\(mention) \(padding)é"
        return Send(conversation: room, nonce: "\(device.name)-\(lastNonce)", body: body)
    }

    /// The same nonce again, from any of the person's devices; sometimes with another text, which must be refused.
    private func sendAgain(_ device: SimDevice) {
        guard var send = random.pick(written[device.user] ?? []) else { return }
        if random.chance(20) { send.body += " (changed)" }
        device.ask(.send(send))
    }

    /// One message where nothing else happens.
    func sendQuietly(in room: ConversationID) {
        guard !isOver, let device = random.pick(world.devices), device.machine.replica(of: room) != nil else { return }
        let send = message(device, in: room)
        world.history.quiet.append(
            SimHistory.SendKey(user: device.user, conversation: room, nonce: send.nonce)
        )
        device.ask(.send(send))
    }

    private func changeMessage(_ device: SimDevice) {
        guard let room = room(device), let messages = device.machine.replica(of: room)?.messages,
            let message = random.pick(messages.suffix(20))
        else { return }
        let mine = messages.suffix(40).filter { $0.sender == device.user }
        let emoji = random.pick(["+1", "ok", "ha"]) ?? "+1"
        switch random.below(22) {
        case 0..<6:
            guard let own = random.pick(mine) else { return }
            lastNonce += 1
            let ifRev = random.chance(30) ? own.rev : nil
            device.ask(.edit(conversation: room, seq: own.seq, body: "edited \(lastNonce)", ifRev: ifRev))
        case 6..<9:
            guard let own = random.pick(mine) else { return }
            device.ask(.delete(conversation: room, seq: own.seq))
        case 9..<16: device.ask(.react(conversation: room, seq: message.seq, emoji: emoji))
        case 16..<19: device.ask(.unreact(conversation: room, seq: message.seq, emoji: emoji))
        case 19: device.ask(.unpin(conversation: room, seq: message.seq))
        case 20: device.ask(.delete(conversation: room, seq: message.seq))
        default: device.ask(.pin(conversation: room, seq: message.seq))
        }
    }

    private func mark(_ device: SimDevice) {
        guard let room = room(device), let lastSeq = device.machine.replica(of: room)?.lastSeq, lastSeq > 0 else {
            return
        }
        switch random.below(10) {
        case 0..<6: device.ask(.read(conversation: room, mark: .upTo(random.within(max(1, lastSeq - 5)...lastSeq))))
        case 6..<8: device.ask(.read(conversation: room, mark: .unreadFrom(random.within(1...lastSeq))))
        case 8: device.ask(.read(conversation: room, mark: .unreadFrom(nil)))
        default: device.ask(.read(conversation: room, mark: .upTo(0)))
        }
    }

    private func read(_ device: SimDevice) {
        guard let room = room(device) else { return }
        let lastSeq = max(1, device.machine.replica(of: room)?.lastSeq ?? 1)
        let seq = random.within(1...lastSeq)
        let bound: HistoryBound =
            switch random.below(4) {
            case 0: .newest
            case 1: .before(seq)
            case 2: .after(seq)
            default: .around(seq)
            }
        device.ask(.history(conversation: room, bound: bound, limit: random.within(1...30)))
    }

    private func changeMembers(_ device: SimDevice) {
        let person = random.pick(world.devices)?.user ?? device.user
        guard let room = room(device) else { return }
        switch random.below(12) {
        case 0: device.ask(.leave(conversation: room))
        case 1..<3: device.ask(.remove(conversation: room, user: person))
        case 3..<6: device.ask(.member(conversation: room, user: person, role: nil))
        case 6:
            let role = random.pick(Role.allCases) ?? .member
            device.ask(.member(conversation: room, user: person, role: role))
        case 7..<10:
            let open = world.store.log.channels(matching: "", after: nil, limit: 10).map(\.id)
            if let channel = random.pick(open) { device.ask(.join(conversation: channel)) }
        case 10: world.visit(device.user, room, &random)
        default: create(device, with: person)
        }
    }

    private func create(_ device: SimDevice, with person: UserID) {
        lastNonce += 1
        let nonce = random.chance(50) ? "c\(lastNonce)" : nil
        switch random.below(4) {
        case 0: device.ask(.create(NewConversation(kind: .direct, members: [person], nonce: nonce)))
        case 1:
            let new = NewConversation(kind: .channel, name: "c\(lastNonce)", isPublic: true, nonce: nonce)
            device.ask(.create(new))
        default: device.ask(.create(NewConversation(kind: .group, members: [person], nonce: nonce)))
        }
    }

    private func look(_ device: SimDevice) {
        switch random.below(3) {
        case 0: device.ask(.open(conversation: room(device)))
        case 1: device.ask(.state(active: random.chance(70)))
        default:
            if let room = room(device) { device.ask(.typing(conversation: room)) }
        }
    }
}

extension SimWorld {
    /// What people do over HTTP: renaming, settings, drafts, and the end of a conversation.
    func visit(_ user: UserID, _ room: ConversationID, _ random: inout SimRandom) {
        guard let node = random.pick(nodes.filter(\.isUp)) else { return }
        let number = random.below(1_000)
        let kind = random.below(8)
        node.post(after: random.within(settings.latencyMs)) { [self] in change(user, room, number, kind, node) }
    }

    private func change(_ user: UserID, _ room: ConversationID, _ number: Int, _ kind: Int, _ node: SimNode) {
        switch kind {
        case 0..<3:
            node.write(
                EmptyAnswer.self,
                0,
                { log, _ throws(ChatError) in
                    let patch = ConversationPatch(
                        name: "name \(number)",
                        topic: number % 3 == 0 ? .clear : .set("topic")
                    )
                    return Changed(EmptyAnswer(), try log.update(room, patch, by: user).commit)
                },
                { _ in }
            )
        case 3..<5:
            node.write(
                EmptyAnswer.self,
                0,
                { log, _ throws(ChatError) in
                    let patch = SettingsPatch(level: number % 2 == 0 ? .mentions : nil, isFavourite: number % 3 == 0)
                    return Changed(EmptyAnswer(), try log.configure(patch, conversation: room, user: user).commit)
                },
                { _ in }
            )
        case 5..<7:
            node.write(
                EmptyAnswer.self,
                0,
                { log, now throws(ChatError) in
                    let draft = DraftRequest(body: number % 4 == 0 ? "" : "draft \(number)")
                    return Changed(
                        EmptyAnswer(),
                        try log.setDraft(draft, conversation: room, user: user, now: now).commit
                    )
                },
                { _ in }
            )
        default:
            // The busy conversation lives on.
            guard room != store.log.logs.first?.id else { return }
            node.write(
                EmptyAnswer.self,
                0,
                { log, now throws(ChatError) in
                    Changed(EmptyAnswer(), try log.delete(room, by: user, now: now).commit)
                },
                { _ in }
            )
        }
    }
}
