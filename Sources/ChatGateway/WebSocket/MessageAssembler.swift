// The rules of RFC 6455 for what a client may send: bytes in, whole messages and violations out. A value, without I/O.
//
// NIO's WebSocketFrameDecoder is not used: it hands out whole frames only, so mask, reserved bits, opcode, fragment
// order and the assembled size could be judged only after a frame was buffered, it cannot be held while reading is
// paused, and it does not tell that a frame is unfinished. Here a frame is judged from its first two bytes, its size
// from its header, and its payload is unmasked, checked and copied as it arrives; nothing is buffered twice.
import ChatProtocol
package import NIOCore

/// Assembles the messages of one client.
package struct MessageAssembler: Sendable {
    /// The bounds of what is buffered.
    package struct Limits: Sendable, Equatable {
        /// The largest frame and the largest assembled message, in bytes.
        package var maxMessageBytes: Int
        /// The most frames of one message.
        package var maxFragments: Int

        package init(maxMessageBytes: Int = 65_536, maxFragments: Int = 256) {
            self.maxMessageBytes = maxMessageBytes
            self.maxFragments = maxFragments
        }
    }

    /// What the next bytes amounted to.
    package enum Outcome: Sendable, Equatable {
        /// A whole text message, valid UTF-8.
        case text(ByteBuffer)
        /// A whole binary message.
        case binary(ByteBuffer)
        /// A ping with its payload, to be answered.
        case ping(ByteBuffer)
        /// A pong with its payload.
        case pong(ByteBuffer)
        /// A valid close frame; the code is nil if its body was empty. Nothing is read after it.
        case close(code: UInt16?, reason: String)
        /// All bytes are used up (but for the beginning of a header) and no message is whole yet.
        case incomplete
        /// The peer broke a rule: close with this code. Nothing is read after it.
        case violation(code: UInt16, reason: String)
    }

    private struct Frame {
        var opcode: FrameOpcode
        var isFinal: Bool
        var maskingKey: UInt32
        var length: Int
        var taken: Int
    }

    private enum Stage {
        case header
        case payload(Frame)
        case over
    }

    private let limits: Limits
    private var stage = Stage.header
    /// What kind of message is being assembled; nil between messages.
    private var kind: FrameOpcode?
    private var fragments = 0
    private var message = ByteBuffer()
    private var utf8 = UTF8Validator()
    /// The payload of a control frame, which may come between two fragments.
    private var control = ByteBuffer()

    package init(limits: Limits = .init()) {
        self.limits = limits
    }

    /// Whether neither a message nor a frame is begun. (The beginning of a header stays in the input.)
    package var isIdle: Bool {
        guard case .payload = self.stage else { return self.kind == nil }
        return false
    }

    /// Bytes of unfinished messages held here.
    package var bufferedBytes: Int { self.message.readableBytes + self.control.readableBytes }

    /// Takes bytes from the input up to the end of the next message, control frame or violation; to be called until it
    /// answers `incomplete`.
    package mutating func next(_ input: inout ByteBuffer) -> Outcome {
        while true {
            switch self.stage {
            case .over:
                input.moveReaderIndex(to: input.writerIndex)
                return .incomplete

            case .header:
                switch self.readHeader(&input) {
                case .frame(let frame):
                    self.begin(frame)
                case .incomplete:
                    return .incomplete
                case .violation(let code, let reason):
                    return self.fail(code, reason)
                }

            case .payload(var frame):
                self.take(&frame, from: &input)
                self.stage = .payload(frame)
                if let outcome = self.checkText(frame) {
                    return outcome
                }
                guard frame.taken == frame.length else { return .incomplete }
                self.stage = .header
                if let outcome = self.end(frame) {
                    return outcome
                }
            }
        }
    }

    // MARK: - Headers

    private enum Header {
        case frame(Frame)
        case incomplete
        case violation(CloseCode, String)
    }

    private func readHeader(_ input: inout ByteBuffer) -> Header {
        guard
            let first = input.getInteger(at: input.readerIndex, as: UInt8.self),
            let second = input.getInteger(at: input.readerIndex + 1, as: UInt8.self)
        else { return .incomplete }
        guard first & 0x70 == 0 else { return .violation(.protocolError, "reserved bits are set") }
        guard let opcode = FrameOpcode(rawValue: first & 0x0F) else {
            return .violation(.protocolError, "unknown opcode")
        }
        guard second & 0x80 != 0 else { return .violation(.protocolError, "client frames must be masked") }
        let isFinal = first & 0x80 != 0
        let shortLength = Int(second & 0x7F)
        if let broken = self.judge(opcode, isFinal: isFinal, shortLength: shortLength) { return broken }

        let lengthBytes = shortLength == 126 ? 2 : shortLength == 127 ? 8 : 0
        let length: Int
        switch shortLength {
        case 126:
            guard let long = input.getInteger(at: input.readerIndex + 2, as: UInt16.self) else { return .incomplete }
            guard long > 125 else { return .violation(.protocolError, "the length is not written in the shortest way") }
            length = Int(long)
        case 127:
            guard let long = input.getInteger(at: input.readerIndex + 2, as: UInt64.self) else { return .incomplete }
            guard long <= UInt64(Int64.max) else { return .violation(.protocolError, "the length is negative") }
            guard long > 0xFFFF else {
                return .violation(.protocolError, "the length is not written in the shortest way")
            }
            length = Int(long)
        default:
            length = shortLength
        }
        // The message is never larger than the limit, so the difference does not underflow, nor the sum overflow.
        if !opcode.isControl, length > self.limits.maxMessageBytes - self.message.readableBytes {
            return .violation(.tooLarge, "at most \(self.limits.maxMessageBytes) bytes in a message")
        }
        guard let key = input.getInteger(at: input.readerIndex + 2 + lengthBytes, as: UInt32.self) else {
            return .incomplete
        }
        input.moveReaderIndex(forwardBy: 2 + lengthBytes + 4)
        return .frame(Frame(opcode: opcode, isFinal: isFinal, maskingKey: key, length: length, taken: 0))
    }

    /// What can be said of a frame from its first two bytes.
    private func judge(_ opcode: FrameOpcode, isFinal: Bool, shortLength: Int) -> Header? {
        switch opcode {
        case .close, .ping, .pong:
            guard isFinal else { return .violation(.protocolError, "control frames cannot be fragmented") }
            guard shortLength <= 125 else { return .violation(.protocolError, "control frames have at most 125 bytes") }
        case .continuation:
            guard self.kind != nil else { return .violation(.protocolError, "there is nothing to continue") }
            guard self.fragments < self.limits.maxFragments else {
                return .violation(.tooLarge, "at most \(self.limits.maxFragments) fragments in a message")
            }
        case .text, .binary:
            guard self.kind == nil else { return .violation(.protocolError, "the message before is not finished") }
        }
        return nil
    }

    private mutating func begin(_ frame: Frame) {
        self.stage = .payload(frame)
        switch frame.opcode {
        case .text, .binary:
            self.kind = frame.opcode
            self.fragments = 1
        case .continuation:
            self.fragments += 1
        case .close, .ping, .pong:
            break
        }
    }

    // MARK: - Payloads

    /// Unmasks what has come of the payload into its buffer. Space is made for what is there, not for what a header
    /// promises: a thousand promises of 64 KiB cost nothing.
    private mutating func take(_ frame: inout Frame, from input: inout ByteBuffer) {
        let count = min(input.readableBytes, frame.length - frame.taken)
        guard count > 0 else { return }
        let pattern = Self.pattern(frame.maskingKey, offset: frame.taken)
        input.readWithUnsafeReadableBytes { source in
            let source = UnsafeRawBufferPointer(rebasing: source[..<count])
            if frame.opcode.isControl {
                self.control.writeUnmasked(source, pattern: pattern)
            } else {
                self.message.writeUnmasked(source, pattern: pattern)
            }
            return count
        }
        frame.taken += count
    }

    /// The masking key as eight bytes in memory order, beginning at the payload's given offset.
    private static func pattern(_ key: UInt32, offset: Int) -> UInt64 {
        let rotation = UInt32((offset & 3) * 8)
        let rotated = rotation == 0 ? key : key << rotation | key >> (32 - rotation)
        return (UInt64(rotated) << 32 | UInt64(rotated)).bigEndian
    }

    /// Checks the newly arrived part of a text, so that it fails at the first wrong byte.
    private mutating func checkText(_ frame: Frame) -> Outcome? {
        guard !frame.opcode.isControl, self.kind == .text else { return nil }
        let checked = self.checkedBytes
        let valid = self.message.withUnsafeReadableBytes { bytes in
            self.utf8.accept(UnsafeRawBufferPointer(rebasing: bytes[checked...]))
        }
        self.checkedBytes = self.message.readableBytes
        return valid ? nil : self.fail(.invalidPayload, "the text is not valid UTF-8")
    }

    private var checkedBytes = 0

    /// A frame is whole: what does it make?
    private mutating func end(_ frame: Frame) -> Outcome? {
        switch frame.opcode {
        case .ping:
            return .ping(self.takeControl())
        case .pong:
            return .pong(self.takeControl())
        case .close:
            return self.endClose(self.takeControl())
        case .text, .binary, .continuation:
            guard frame.isFinal else { return nil }
            guard self.utf8.isComplete else { return self.fail(.invalidPayload, "the text ends within a character") }
            let isText = self.kind == .text
            var message = ByteBuffer()
            swap(&message, &self.message)
            self.kind = nil
            self.fragments = 0
            self.checkedBytes = 0
            return isText ? .text(message) : .binary(message)
        }
    }

    private mutating func takeControl() -> ByteBuffer {
        var payload = ByteBuffer()
        swap(&payload, &self.control)
        return payload
    }

    private mutating func endClose(_ body: ByteBuffer) -> Outcome {
        var body = body
        guard body.readableBytes > 0 else {
            self.stage = .over
            return .close(code: nil, reason: "")
        }
        guard let code = body.readInteger(as: UInt16.self) else {
            return self.fail(.protocolError, "a close frame has no body or a whole code")
        }
        guard Self.isValidCloseCode(code) else { return self.fail(.protocolError, "the close code is not valid") }
        var utf8 = UTF8Validator()
        guard body.withUnsafeReadableBytes({ utf8.accept($0) }), utf8.isComplete else {
            return self.fail(.invalidPayload, "the close reason is not valid UTF-8")
        }
        self.stage = .over
        return .close(code: code, reason: String(buffer: body))
    }

    /// The codes that may be sent over the wire: those of RFC 6455 and its registry, and 3000–4999.
    package static func isValidCloseCode(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    private mutating func fail(_ code: CloseCode, _ reason: String) -> Outcome {
        self.stage = .over
        self.kind = nil
        self.message = ByteBuffer()
        self.control = ByteBuffer()
        return .violation(code: code.rawValue, reason: reason)
    }
}

extension ByteBuffer {
    /// Appends bytes, eight at a time combined with a repeating pattern that is given in memory order.
    fileprivate mutating func writeUnmasked(_ source: UnsafeRawBufferPointer, pattern: UInt64) {
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: source.count) { target in
            var index = 0
            while index + 8 <= source.count {
                let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ pattern
                target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            withUnsafeBytes(of: pattern) { key in
                while index < source.count {
                    target[index] = source[index] ^ key[index & 7]
                    index += 1
                }
            }
            return source.count
        }
    }
}
