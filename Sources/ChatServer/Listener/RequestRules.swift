// What a request's head must be before anyone else sees it (trust.md, H1 and H4). NIO's parser refuses most of what is
// malformed; here is what it lets pass.
import ChatGateway
import ChatProtocol
import NIOHTTP1

/// The rules of a head, without I/O.
struct RequestRules: Sendable {
    let maxTargetBytes: Int

    /// Nil if the request may go on.
    func judge(_ head: HTTPRequestHead) -> HTTPRefusal? {
        let headers = head.headers
        switch head.method {
        case .CONNECT, .TRACE:
            return Self.refuse(
                405,
                "this method is not served",
                [("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")]
            )
        default:
            break
        }
        guard head.uri.utf8.count <= self.maxTargetBytes else {
            return Self.refuse(414, "the address has at most \(self.maxTargetBytes) bytes")
        }
        guard headers["Host"].count <= 1, head.version == .http1_0 || headers.contains(name: "Host") else {
            return Self.refuse(400, "send exactly one Host")
        }
        let lengths = headers["Content-Length"]
        guard lengths.count <= 1, lengths.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isDigit) }) else {
            return Self.refuse(400, "send at most one Content-Length, a number")
        }
        let encodings = headers["Transfer-Encoding"]
        if !encodings.isEmpty {
            guard lengths.isEmpty else {
                return Self.refuse(400, "send Content-Length or Transfer-Encoding, not both")
            }
            guard encodings.count == 1, encodings[0].lowercased() == "chunked", head.version != .http1_0 else {
                return Self.refuse(400, "the only Transfer-Encoding is chunked, in HTTP/1.1")
            }
        }
        return nil
    }

    /// The refusal of what the parser could not read.
    static func refusal(of error: HTTPParserError) -> HTTPRefusal {
        switch error {
        case .headerOverflow:
            self.refuse(431, "the header of the request is too large")
        case .invalidVersion:
            self.refuse(400, "HTTP/1.1 is spoken here")
        case .invalidMethod:
            self.refuse(400, "this method is not known")
        default:
            self.refuse(400, "the request is not well-formed HTTP/1.1")
        }
    }

    static func refuse(_ status: Int, _ detail: String, _ headers: [(String, String)] = []) -> HTTPRefusal {
        HTTPRefusal(status: status, code: ErrorCode.invalid.rawValue, detail: detail, headers: headers)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
