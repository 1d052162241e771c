// What happens to a client: everything that the state machine is told.

public import ChatProtocol

/// Names one socket of a client, so that what an old one still says is recognised. Given out by the machine, 1, 2, 3 …
public typealias SocketID = UInt64

/// Names one command of the app, so that its result is recognised. Given out by the app; use each once.
public typealias Ticket = UInt64

/// Everything that can happen to a client.
public enum ClientInput: Sendable, Equatable {
    /// The app wants to be connected. `token` replaces the former one; `nil` keeps it (or relies on the cookie).
    /// While waiting to reconnect, it means "now"; after a stop, "again".
    case connect(token: String?)
    /// The app wants to be disconnected. The outbox stays.
    case disconnect
    /// The answer to ``ClientAction/needToken``; `nil`: there is none, the user must sign in.
    case token(String?)
    /// The WebSocket is open.
    case opened(SocketID)
    /// The WebSocket could not be opened.
    case failed(SocketID)
    /// The WebSocket is closed; without a close frame `code` is `nil`.
    case closed(SocketID, code: CloseCode?, reason: String)
    /// A WebSocket ping or pong came: a sign of life.
    case heard(SocketID)
    /// A frame came.
    case frame(SocketID, ServerFrame)
    /// Something came that is no frame of the protocol.
    case malformed(SocketID)
    /// The time asked for by ``ClientAction/wake(at:)`` has come. Too early or too often is harmless.
    case wake
    /// The app asks for something. Exactly one ``ClientAction/result(_:_:)`` answers it.
    /// `send` goes through the outbox and survives reconnects; its nonce is made if empty.
    case command(Ticket, Command)
    /// The app takes back a message of the outbox that was never sent.
    case withdraw(conversation: ConversationID, nonce: String)
}
