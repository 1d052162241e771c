// What SQLite's errors mean to those who asked.
import ChatCore
import ChatProtocol
import GRDB

extension ChatError {
    /// An error of a read, or of a write that was rolled back: nothing was stored.
    init(store error: any Error) {
        switch error {
        case let error as ChatError:
            self = error
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_NOMEM, .SQLITE_CANTOPEN,
                .SQLITE_READONLY, .SQLITE_INTERRUPT, .SQLITE_MISUSE, .SQLITE_PROTOCOL:
                self.init(.unavailable, ChatError.unavailable.message, underlying: error)
            default:
                self.init(.internal, "The store failed; nothing was stored.", underlying: error)
            }
        default:
            self.init(.internal, "The store failed; nothing was stored.", underlying: error)
        }
    }

    /// An error of the commit itself. After a failed write or fsync a crash may still bring the transaction back.
    init(commit error: any Error) {
        if let error = error as? DatabaseError, error.resultCode == .SQLITE_IOERR {
            self.init(.unknown, ChatError.unknown.message, underlying: error)
        } else {
            self.init(store: error)
        }
    }
}
