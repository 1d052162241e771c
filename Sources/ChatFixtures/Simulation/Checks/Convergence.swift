// When everything is well again, every device has what the server has: rows, positions, memberships, its owner's own.
import ChatClient
import ChatProtocol

extension SimChecks {
    static func convergence(_ evidence: SimEvidence) -> [String] {
        evidence.devices.flatMap { device in
            judge(device, evidence).map { "\(device.name): \($0)" }
        }
    }

    private static func judge(_ device: SimDevice, _ evidence: SimEvidence) -> [String] {
        let machine = device.machine
        guard machine.isSettled else { return ["not settled, \(machine.connection)"] }
        var wrong: [String] = []
        if machine.outboxCount > 0 { wrong.append("\(machine.outboxCount) in the outbox") }
        let expected = evidence.log.conversations(of: device.user, after: nil, limit: .max)
        if machine.conversations != expected.map(\.id) {
            wrong.append("is in \(machine.conversations) instead of \(expected.map(\.id))")
        }
        if machine.ownPosition != evidence.log.ownPage(device.user, since: 0, limit: 0).head {
            wrong.append("own position \(machine.ownPosition ?? -1)")
        }
        for conversation in expected {
            guard let replica = machine.replica(of: conversation.id),
                let log = evidence.log.conversation(conversation.id)
            else { continue }
            wrong += compare(replica, conversation, log, device).map { "\(conversation.id): \($0)" }
        }
        return wrong
    }

    private static func compare(
        _ replica: ConversationReplica,
        _ conversation: Conversation,
        _ log: ConversationLog,
        _ device: SimDevice
    ) -> [String] {
        var wrong: [String] = []
        if replica.position != log.head { wrong.append("position \(replica.position) of \(log.head)") }
        if replica.lastSeq != log.lastSeq { wrong.append("lastSeq \(replica.lastSeq) of \(log.lastSeq)") }
        let row = replica.row
        if (row.name, row.topic, row.isPublic, row.rev)
            != (conversation.name, conversation.topic, conversation.isPublic, conversation.rev)
        {
            wrong.append("row \(row)")
        }
        if device.configuration.bootstrap == .everything, replica.messages.count != log.messages.count {
            wrong.append("\(replica.messages.count) messages of \(log.messages.count)")
        }
        for message in replica.messages {
            guard message.seq <= log.lastSeq else { continue }
            var expected = log.view(log.messages[Int(message.seq) - 1], reader: device.user)
            expected.mine = expected.mine?.isEmpty == true ? nil : expected.mine
            var held = message
            held.mine = held.mine?.isEmpty == true ? nil : held.mine
            if held != expected { wrong.append("holds \(held) instead of \(expected)") }
        }
        for range in replica.loaded {
            for seq in range where replica.message(seq) == nil { wrong.append("\(seq) is loaded, but not there") }
        }
        let members = replica.members.map(plain)
        if device.configuration.bootstrap == .everything,
            members != log.members.filter(\.isPresent).map({ plain(log.view($0)) })
        {
            wrong.append("members \(members)")
        }
        return wrong + compareOwn(replica, conversation)
    }

    /// Others' markers may be lost on the way; everything else may not.
    private static func plain(_ member: Member) -> Member {
        var member = member
        member.readSeq = nil
        return member
    }

    private static func compareOwn(_ replica: ConversationReplica, _ conversation: Conversation) -> [String] {
        guard var held = replica.own, var expected = conversation.own else { return ["has no own state"] }
        // Numbers that change with others' messages are counted by the client where it can; see the check of unread.
        (held.unread, held.mentions) = (0, 0)
        (expected.unread, expected.mentions) = (0, 0)
        return held == expected ? [] : ["own \(held) instead of \(expected)"]
    }
}
