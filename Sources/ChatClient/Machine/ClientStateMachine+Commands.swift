// Commands of the app: asked at once, queued while there is no connection, answered exactly once.

import ChatProtocol
import DequeModule

extension ClientStateMachine {
    mutating func take(_ command: Command, ticket: Ticket) {
        standing.note(command)
        switch command {
        case .send(let send):
            enqueue(send, ticket: ticket)
            return
        case .hello:
            // The machine says hello itself; the server would refuse a second one.
            let error = ErrorBody(code: .invalid, message: "hello is said by the client itself.")
            actions.append(.result(ticket, .failure(.refused(error))))
            return
        case .open(let conversation):
            if let conversation { jobs.prefer(conversation) }
        default: break
        }
        switch phase {
        case .idle, .stopped:
            actions.append(.result(ticket, .failure(.notConnected)))
            return
        case .opening, .greeting, .waiting, .needsToken:
            // What is ephemeral makes no sense later.
            if case .typing = command {
                actions.append(.result(ticket, .failure(.notConnected)))
                return
            }
        case .online: break
        }
        guard commands.count < configuration.commandCapacity else {
            actions.append(.result(ticket, .failure(.tooMany)))
            return
        }
        commands.append(WaitingCommand(ticket: ticket, command: named(command)))
    }

    /// Sends a command of the app.
    mutating func ask(_ waiting: WaitingCommand) {
        transmit(waiting.command, origin: .app(waiting.ticket))
    }

    /// A conversation to create gets a nonce, so that it can be asked for again.
    private mutating func named(_ command: Command) -> Command {
        guard case .create(var conversation) = command, conversation.nonce == nil else { return command }
        conversation.nonce = makeNonce()
        return .create(conversation)
    }

    /// The connection is gone: what may be asked again goes first in the queue, the outcome of the rest is unknown.
    mutating func loseInFlight() {
        let lost = inFlight.sorted { $0.key < $1.key }.map(\.value)
        inFlight = [:]
        sentOrder = []
        for sent in lost.reversed() {
            guard case .app(let ticket) = sent.origin, sent.command.isRepeatable else { continue }
            commands.prepend(WaitingCommand(ticket: ticket, command: sent.command))
        }
        for sent in lost {
            guard case .app(let ticket) = sent.origin, !sent.command.isRepeatable else { continue }
            actions.append(.result(ticket, .failure(.lost)))
        }
        for entry in outbox.connectionLost() { wasStored(entry) }
    }

    /// Nobody is going to send what waits. The outbox stays.
    mutating func failWaitingCommands() {
        for waiting in commands { actions.append(.result(waiting.ticket, .failure(.notConnected))) }
        commands = []
    }

    /// A name for a message or a conversation that nobody else gives: 128 random bits.
    mutating func makeNonce() -> String {
        let high = draw() >> 1
        let low = draw() >> 1
        return CrockfordBase32.encode(high) + CrockfordBase32.encode(low)
    }
}

extension Command {
    /// Whether asking twice is the same as asking once, whatever others do in between.
    var isRepeatable: Bool {
        switch self {
        case .index, .conversations, .sync, .syncOwn, .history, .open, .presence, .state, .ping: true
        case .read(_, .upTo): true
        case .create(let conversation): conversation.nonce != nil
        case .hello, .send, .edit, .delete, .react, .unreact, .pin, .unpin, .read, .typing, .join, .leave, .member,
            .remove:
            false
        }
    }
}
