// Why a node does not start, in one line that an operator understands.

/// A failure at the start. Its description is the whole of what the operator is told.
package struct StartFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence, without a line break.
    package let line: String

    package init(_ line: String) {
        self.line = line.split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    package var description: String { line }
}
