// A hundred thousand broken frames: nothing traps, nothing grows, and the server answers the next client.
import NIOCore
import Testing

@testable import ChatGateway

@Suite("WebSocket fuzz", .timeLimit(.minutes(2)))
struct WebSocketFuzzTests {
    static let frameCount = 100_000

    /// Makes frames, most of them nearly right.
    struct Mutator {
        var generator: Seeded

        init(seed: UInt64) { self.generator = Seeded(seed: seed) }

        mutating func frame() -> [UInt8] {
            let opcode: UInt8 =
                [0, 1, 1, 2, 2, 2, 8, 9, 9, 10, UInt8.random(in: 0...15, using: &self.generator)]
                .randomElement(using: &self.generator) ?? 0
            let size = [0, 1, 7, 125, 126, 127, 300, 2_000].randomElement(using: &self.generator) ?? 0
            let text = Bool.random(using: &self.generator)
            let isFinal = opcode >= 8 || Int.random(in: 0..<4, using: &self.generator) > 0
            var frame = self.made(
                Shape(opcode: opcode, size: opcode >= 8 ? min(size, 125) : size, text: text, isFinal: isFinal)
            )
            for _ in 0..<Int.random(in: 0...2, using: &self.generator) {
                self.mutate(&frame)
            }
            return frame
        }

        private struct Shape: Hashable {
            var opcode: UInt8
            var size: Int
            var text: Bool
            var isFinal: Bool
        }

        /// Sound frames are made once: making them is most of the work otherwise.
        private var sound: [Shape: [UInt8]] = [:]

        private mutating func made(_ shape: Shape) -> [UInt8] {
            if let frame = self.sound[shape] { return frame }
            let payload = shape.text ? [UInt8].ascii(shape.size) : .ramp(shape.size)
            let frame = clientFrame(shape.opcode, payload, fin: shape.isFinal)
            self.sound[shape] = frame
            return frame
        }

        private mutating func mutate(_ frame: inout [UInt8]) {
            guard !frame.isEmpty else { return }
            let index = Int.random(in: 0..<frame.count, using: &self.generator)
            switch Int.random(in: 0..<6, using: &self.generator) {
            case 0, 1: frame[index] ^= 1 << UInt8.random(in: 0..<8, using: &self.generator)
            case 2: frame[min(index, 1)] = UInt8.random(in: 0...255, using: &self.generator)
            case 3: frame.removeSubrange(index...)
            case 4: frame.insert(UInt8.random(in: 0...255, using: &self.generator), at: index)
            default: frame += frame[index...]
            }
        }
    }

    @Test("the state machine alone, each frame from a fresh start and in one stream")
    func assembler() {
        var mutator = Mutator(seed: 41)
        var stream = MessageAssembler()
        var input = ByteBuffer()
        var violations = 0
        var mostBuffered = 0
        var mostLeft = 0
        for _ in 0..<Self.frameCount {
            let frame = mutator.frame()
            var fresh = MessageAssembler()
            _ = WebSocketAssemblerTests.feed(frame, Int.random(in: 1...2_000, using: &mutator.generator), to: &fresh)
            mostBuffered = max(mostBuffered, fresh.bufferedBytes, stream.bufferedBytes)

            input.writeBytes(frame)
            loop: while true {
                switch stream.next(&input) {
                case .incomplete: break loop
                case .close, .violation:
                    // As a reconnect: a new stream begins.
                    violations += 1
                    stream = MessageAssembler()
                    input = ByteBuffer()
                default: break
                }
            }
            mostLeft = max(mostLeft, input.readableBytes)
        }
        #expect(mostBuffered <= 65_536 + 125)
        #expect(mostLeft < 14)
        // Neither all nor none of them are wrong.
        #expect((5_000..<95_000).contains(violations), "\(violations)")
    }

    @Test("the echo server: it still answers afterwards")
    func server() async throws {
        try await WebSocketEchoTests.withServer { server in
            let perConnection = 50
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<4 {
                    group.addTask {
                        var mutator = Mutator(seed: UInt64(1_000 + lane))
                        for _ in 0..<(Self.frameCount / 4 / perConnection) {
                            try await Self.attack(server.port, (0..<perConnection).map { _ in mutator.frame() })
                        }
                    }
                }
                try await group.waitForAll()
            }
            let client = try await RawClient.open(port: server.port)
            try await client.send(clientFrame(1, Array("still there".utf8)))
            #expect(await client.readFrame() == .text("still there"))
            client.close()
        }
    }

    /// One connection: everything is sent, then an end, and whatever the server says is well-formed.
    private static func attack(_ port: Int, _ frames: [[UInt8]]) async throws {
        let client = try await RawClient.open(port: port)
        do {
            try await client.send(frames.flatMap { $0 })
            // Ends also a stream that is in the middle of a frame.
            try await client.closeOutput()
        } catch {
            // The server hung up in the middle: that is what it should do.
        }
        for frame in await client.readFrames() {
            #expect(!frame.isMasked && frame.isFinal && frame.rsv == 0)
            #expect([1, 2, 8, 10].contains(frame.opcode))
            if let code = frame.closeCode { #expect(MessageAssembler.isValidCloseCode(code)) }
        }
    }
}
