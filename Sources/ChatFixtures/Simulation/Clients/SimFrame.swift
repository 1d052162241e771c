// A frame from a server to its clients: bytes as on the wire, read once for all who get it.
import ChatProtocol

final class SimFrame {
    let bytes: [UInt8]
    /// What a client reads in it; `nil` where it is no frame of the protocol.
    private(set) lazy var decoded: ServerFrame? = try? ServerFrame(bytes: bytes)

    init(_ event: Event) { bytes = event.encoded() }

    init(_ bytes: [UInt8]) { self.bytes = bytes }
}
