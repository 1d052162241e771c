// What a client does: everything that the state machine asks its driver for, in order.

public import ChatProtocol

/// Everything that a client's driver has to do.
public enum ClientAction: Sendable, Equatable {
    /// Open a WebSocket; answer with `opened` or `failed`.
    case open(SocketID)
    /// Write a frame.
    case send(SocketID, CommandFrame)
    /// Close the WebSocket. Nothing that it says afterwards matters.
    case close(SocketID, CloseCode)
    /// Give ``ClientInput/wake`` at that time of the driver's clock; replaces the former wish.
    case wake(at: Int64)
    /// The token was refused: get a fresh one and answer with ``ClientInput/token(_:)``.
    case needToken
    /// The result of a command of the app.
    case result(Ticket, Result<JSON, CommandFailure>)
    /// Tell the app.
    case deliver(ClientEvent)
}

/// Why a command of the app has no answer.
public enum CommandFailure: Error, Sendable, Equatable {
    /// The server refused it.
    case refused(ErrorBody)
    /// A message that the server refused, but an earlier try of which was not answered: it may have been stored.
    case unresolved(ErrorBody)
    /// The connection went before the answer: it may have been done or not.
    case lost
    /// It was not sent, because the client is disconnected or stopped.
    case notConnected
    /// It was not sent, because too much waits already.
    case tooMany
    /// The app took it back.
    case withdrawn
    /// The answer could not be read.
    case malformed
}
