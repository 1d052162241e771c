// What a client takes over into its next life: rows and positions together, and the outbox.

public import ChatProtocol

/// All that a client holds, to be stored by the app and given to the next ``ClientStateMachine``.
public struct ClientSnapshot: Sendable, Equatable {
    /// The epoch of the rows.
    public var epoch: String?
    /// The position in the user's own log.
    public var own: Int64?
    /// Copies of conversations, by id.
    public var replicas: [ConversationReplica]
    /// Positions of conversations without rows, by id.
    public var positions: [Hello.Position]
    /// Messages that are not acknowledged, in their order.
    public var outbox: [Send]
}

extension ClientStateMachine {
    /// What the client holds now.
    public var snapshot: ClientSnapshot {
        ClientSnapshot(
            epoch: epoch,
            own: own?.position,
            replicas: replicas.values.sorted { $0.id < $1.id },
            positions: tracked.filter { $0.value.isKnown && replicas[$0.key] == nil }
                .map { Hello.Position(conversation: $0.key, rev: $0.value.cursor.position) }
                .sorted { $0.conversation < $1.conversation },
            outbox: outbox.sends
        )
    }

    mutating func restore(_ snapshot: ClientSnapshot) {
        epoch = snapshot.epoch
        own = snapshot.own.map(LogCursor.init(position:))
        for var replica in snapshot.replicas {
            replica.forgetReads()
            follow(replica.id, from: replica.position)
            if configuration.keepsRows { replicas[replica.id] = replica }
        }
        // Positions without rows are of no use to a client that keeps rows.
        if !configuration.keepsRows {
            for position in snapshot.positions { follow(position.conversation, from: position.rev) }
        }
        for send in snapshot.outbox { outbox.append(send, ticket: nil, mayBeStored: true) }
    }

    /// Follows a conversation from a position, its row known or not kept.
    mutating func follow(_ conversation: ConversationID, from position: Int64) {
        tracked[conversation] = Tracked(
            cursor: LogCursor(position: position),
            born: serial,
            touched: serial,
            confirmedBy: lastSocket,
            isKnown: true
        )
    }
}
