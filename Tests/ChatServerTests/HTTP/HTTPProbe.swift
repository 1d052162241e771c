// A client that sends exactly the bytes it is told to, one request per connection, and takes the answer apart: for tests that
// look at headers, framing and requests that no proper client would send.
import ChatProtocol
import NIOCore
import NIOPosix
import Testing

/// Sends requests to a port of this machine.
struct HTTPProbe: Sendable {
    let port: Int
    var host = "127.0.0.1"

    /// What came back.
    struct Answer: Sendable {
        var status: Int
        /// Names in lower case, in their order.
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        subscript(header name: String) -> String? { headers.first { $0.name == name }?.value }
        func values(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
        var text: String { String(decoding: body, as: UTF8.self) }
        /// The object in the body; `null` if there is none.
        var json: JSON { (try? JSONParser.parse(body)) ?? .null }  // Tests look at what they expect and fail on null.
        /// The problem's code; `nil` if the answer is none.
        var code: String? { json["code"]?.string }
        func decoded<Value: JSONDecodable>(_ type: Value.Type = Value.self) throws -> Value { try Value(bytes: body) }
    }

    struct Malformed: Error {
        var text: String
    }

    /// Sends a request with the headers that HTTP demands and those given.
    func call(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) async throws -> Answer {
        var lines = ["\(method) \(path) HTTP/1.1"]
        if !headers.contains(where: { $0.0.lowercased() == "host" }) { lines.append("Host: \(host):\(port)") }
        lines.append("Connection: close")
        lines += headers.map { "\($0.0): \($0.1)" }
        let isFramed = headers.contains { ["content-length", "transfer-encoding"].contains($0.0.lowercased()) }
        if let body, !isFramed { lines.append("Content-Length: \(body.count)") }
        let head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        return try Self.parse(try await exchange(head + (body ?? [])), isHead: method == "HEAD")
    }

    /// Sends bytes and reads until the server closes.
    func exchange(_ bytes: [UInt8]) async throws -> [UInt8] {
        let collector = Collector()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    collector.received = channel.eventLoop.makePromise()
                    try channel.pipeline.syncOperations.addHandler(collector)
                }
            }
            .connect(host: host, port: port)
            .get()
        let received = try #require(collector.received)
        // A server may refuse and close before it has read everything: what it said is what counts.
        try? await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        return try await received.futureResult.get()
    }

    private static func parse(_ bytes: [UInt8], isHead: Bool) throws -> Answer {
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }) else {
            throw Malformed(text: String(decoding: bytes, as: UTF8.self))
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { throw Malformed(text: String(lines.first ?? "")) }
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts[0]).lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        let rest = Array(bytes[(end + 4)...])
        var answer = Answer(status: status, headers: headers, body: rest)
        if answer[header: "transfer-encoding"]?.lowercased() == "chunked" {
            answer.body = isHead ? rest : try dechunked(rest)
        } else if let length = answer[header: "content-length"], !isHead, Int(length) != rest.count {
            throw Malformed(text: "\(rest.count) bytes where \(length) were announced")
        }
        return answer
    }

    private static func dechunked(_ bytes: [UInt8]) throws -> [UInt8] {
        var rest = bytes[...]
        var body: [UInt8] = []
        while true {
            guard let end = rest.firstIndex(of: 0x0D),
                let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16),
                rest.count >= end - rest.startIndex + 2 + size + 2
            else { throw Malformed(text: "a chunk is missing") }
            let start = end + 2
            if size == 0 { return body }
            body += rest[start..<(start + size)]
            rest = rest[(start + size + 2)...]
        }
    }

    /// Collects everything that comes until the connection ends. Confined to its event loop after it is set up.
    private final class Collector: ChannelInboundHandler, @unchecked Sendable {
        typealias InboundIn = ByteBuffer
        var received: EventLoopPromise<[UInt8]>?
        private var bytes: [UInt8] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes += unwrapInboundIn(data).readableBytesView
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func channelInactive(context: ChannelHandlerContext) { received?.succeed(bytes) }
    }
}

extension JSON {
    var string: String? { if case .string(let value) = self { value } else { nil } }
    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    var names: [String] { if case .object(let fields) = self { fields.map(\.name) } else { [] } }
}
