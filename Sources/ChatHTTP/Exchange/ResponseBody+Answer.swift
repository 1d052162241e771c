// An answer's body on its way out.
import Hummingbird
import NIOCore

extension Answer.Body {
    var responseBody: ResponseBody {
        switch self {
        case .none:
            .nothing
        case .bytes(let bytes):
            ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        case .pieces(let source):
            ResponseBody { writer in
                let next = source()
                while let piece = try await next() {
                    if !piece.isEmpty { try await writer.write(ByteBuffer(bytes: piece)) }
                }
                try await writer.finish(nil)
            }
        }
    }
}

extension Answer.Body {
    /// How many bytes it has. Pieces are made for it: without a length, the answer to `HEAD` could not be told from the
    /// beginning of a chunked body.
    var length: Int {
        get async throws {
            switch self {
            case .none: return 0
            case .bytes(let bytes): return bytes.count
            case .pieces(let source):
                let next = source()
                var sum = 0
                while let piece = try await next() { sum += piece.count }
                return sum
            }
        }
    }
}

extension ResponseBody {
    /// No body, and no length made up for it.
    static var nothing: ResponseBody {
        ResponseBody(contentLength: nil) { writer in try await writer.finish(nil) }
    }
}
