// What is to be written, collected: small frames of one tick are copied into one buffer and cost one write; large ones
// are handed on as they are, in order.
package import NIOCore

/// The unwritten frames of one connection. A value, without I/O: its owner writes what `next` hands out.
package struct FrameWriter: Sendable {
    /// From this size on a payload is not copied.
    private static let largeBytes = 4096
    /// At this size what was collected is handed out without waiting for the flush, so that the channel's writability
    /// tells the truth.
    private static let fullBytes = 16_384

    private var ready: [ByteBuffer] = []
    private var collected = ByteBuffer()

    package init() {}

    /// Bytes that were not handed out yet.
    package var bytes: Int { self.ready.reduce(self.collected.readableBytes) { $0 + $1.readableBytes } }

    /// Whether there is nothing to hand out.
    package var isEmpty: Bool { self.ready.isEmpty && self.collected.readableBytes == 0 }

    /// Takes a complete frame.
    package mutating func add(encoded frame: ByteBuffer) {
        if frame.readableBytes >= Self.largeBytes {
            self.seal()
            self.ready.append(frame)
        } else {
            self.collected.writeImmutableBuffer(frame)
            self.sealIfFull()
        }
    }

    /// Takes the payload of a frame.
    package mutating func add(_ opcode: FrameOpcode, payload: ByteBuffer) {
        if payload.readableBytes >= Self.largeBytes {
            FrameEncoding.writeHeader(opcode, payloadBytes: payload.readableBytes, into: &self.collected)
            self.seal()
            self.ready.append(payload)
        } else {
            FrameEncoding.write(opcode, payload: payload, into: &self.collected)
            self.sealIfFull()
        }
    }

    /// Takes a close frame.
    package mutating func addClose(code: UInt16?, reason: String) {
        FrameEncoding.writeClose(code: code, reason: reason, into: &self.collected)
    }

    /// The next buffer to write, in order; those that are still being collected only if asked for. Buffers are not
    /// kept: an idle connection holds none.
    package mutating func next(all: Bool) -> ByteBuffer? {
        guard self.ready.isEmpty else { return self.ready.removeFirst() }
        guard all, self.collected.readableBytes > 0 else { return nil }
        var bytes = ByteBuffer()
        swap(&bytes, &self.collected)
        return bytes
    }

    private mutating func seal() {
        guard self.collected.readableBytes > 0 else { return }
        self.ready.append(self.collected)
        self.collected = ByteBuffer()
    }

    private mutating func sealIfFull() {
        if self.collected.readableBytes >= Self.fullBytes {
            self.seal()
        }
    }
}
