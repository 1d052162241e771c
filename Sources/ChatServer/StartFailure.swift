// Why a node does not start, in one line that an operator understands.
import ChatCore
import Glibc
import NIOCore

/// A failure at the start. Its description is the whole of what the operator is told.
package struct StartFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence, without a line break.
    package let line: String

    package init(_ line: String) {
        self.line = line.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// What an error of any part means to an operator.
    package init(explaining error: any Error) {
        switch error {
        case let error as StartFailure: self = error
        case let error as ChatError: self.init(error.message)
        case let error as IOError: self.init("the operating system refuses: \(Self.reason(error.errnoCode))")
        default: self.init("something unforeseen happened: \(error)")
        }
    }

    /// Why nobody can listen at an address.
    package init(listeningOn address: ListenerAddress, _ error: any Error) {
        switch error {
        case let error as IOError:
            self.init("cannot listen on \(address): \(Self.reason(error.errnoCode))")
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            self.init("cannot listen on \(address): there is no such host")
        default:
            self.init(explaining: error)
        }
    }

    package var description: String { line }

    private static func reason(_ code: CInt) -> String { String(cString: strerror(code)) }
}
