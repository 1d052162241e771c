// Server frames: never masked, never fragmented, no extensions, so a header is two, four or ten bytes in front of the
// payload.
package import NIOCore

/// The opcodes of RFC 6455, section 5.2.
package enum FrameOpcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { self.rawValue & 0x8 != 0 }
}

/// How server frames are written.
package enum FrameEncoding {
    /// The longest header of a frame that is not masked.
    package static let maxHeaderBytes = 10

    /// The number of header bytes in front of a payload.
    package static func headerBytes(payloadBytes: Int) -> Int {
        payloadBytes <= 125 ? 2 : payloadBytes <= 0xFFFF ? 4 : 10
    }

    /// Writes the header of a whole, unmasked frame.
    package static func writeHeader(_ opcode: FrameOpcode, payloadBytes: Int, into buffer: inout ByteBuffer) {
        buffer.writeInteger(0x80 | opcode.rawValue)
        switch payloadBytes {
        case ...125:
            buffer.writeInteger(UInt8(truncatingIfNeeded: payloadBytes))
        case ...0xFFFF:
            buffer.writeInteger(126 as UInt8)
            buffer.writeInteger(UInt16(truncatingIfNeeded: payloadBytes))
        default:
            buffer.writeInteger(127 as UInt8)
            buffer.writeInteger(UInt64(payloadBytes))
        }
    }

    /// Writes a whole, unmasked frame.
    package static func write(_ opcode: FrameOpcode, payload: ByteBuffer, into buffer: inout ByteBuffer) {
        buffer.reserveCapacity(
            minimumWritableBytes: self.headerBytes(payloadBytes: payload.readableBytes) + payload.readableBytes
        )
        self.writeHeader(opcode, payloadBytes: payload.readableBytes, into: &buffer)
        buffer.writeImmutableBuffer(payload)
    }

    /// Writes a close frame; the reason is cut, at a character, to what fits (123 bytes).
    package static func writeClose(code: UInt16?, reason: String, into buffer: inout ByteBuffer) {
        guard let code else {
            self.writeHeader(.close, payloadBytes: 0, into: &buffer)
            return
        }
        var text = reason[...]
        while text.utf8.count > 123 {
            text.removeLast()
        }
        self.writeHeader(.close, payloadBytes: 2 + text.utf8.count, into: &buffer)
        buffer.writeInteger(code)
        buffer.writeSubstring(text)
    }
}
