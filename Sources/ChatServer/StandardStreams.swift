// Standard output and standard error, written at once and without a buffer: whoever waits for a line gets it.
import Glibc

package enum StandardStreams {
    /// For what scripts read.
    package static let output: @Sendable (String) -> Void = { write($0, to: STDOUT_FILENO) }

    /// For people.
    package static let error: @Sendable (String) -> Void = { write($0, to: STDERR_FILENO) }

    /// A reader that went away is no reason to end; neither is there anybody left to tell.
    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                let count = Glibc.write(descriptor, start, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}
