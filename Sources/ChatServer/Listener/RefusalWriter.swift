// The listener's own answers: `application/problem+json`, with the security headers, and the connection closed.
import ChatGateway
import ChatProtocol
import NIOCore
import NIOHTTP1

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Turns a refusal into an answer.
struct RefusalWriter: Sendable {
    let securityHeaders: [(String, String)]

    /// The head and the body of the answer.
    func answer(_ refusal: HTTPRefusal, version: HTTPVersion = .http1_1) -> (head: HTTPResponseHead, body: ByteBuffer) {
        let problem = Problem(
            code: ErrorCode(rawValue: refusal.code),
            detail: refusal.detail,
            status: refusal.status,
            retryAfterMs: refusal.retryAfterMs.map(Int64.init)
        )
        let body = ByteBuffer(bytes: problem.encoded())
        var headers = HTTPHeaders(self.securityHeaders)
        headers.replaceOrAdd(name: "Content-Type", value: Problem.mediaType)
        headers.replaceOrAdd(name: "Content-Length", value: String(body.readableBytes))
        headers.replaceOrAdd(name: "Cache-Control", value: "no-store")
        headers.replaceOrAdd(name: "Date", value: Self.date(time(nil)))
        headers.replaceOrAdd(name: "Connection", value: "close")
        if let retryAfterMs = refusal.retryAfterMs {
            headers.replaceOrAdd(name: "Retry-After", value: String(max(0, retryAfterMs + 999) / 1_000))
        }
        for (name, value) in refusal.headers {
            headers.replaceOrAdd(name: name, value: value)
        }
        if headers.contains(name: "Upgrade") {
            // Upgrade is a field of this connection and must be named as one (RFC 9110, 7.8).
            headers.replaceOrAdd(name: "Connection", value: "close, Upgrade")
        }
        return (HTTPResponseHead(version: version, status: .init(statusCode: refusal.status), headers: headers), body)
    }

    /// The whole answer as bytes, for connections that get no HTTP pipeline at all.
    func bytes(_ refusal: HTTPRefusal) -> ByteBuffer {
        let (head, body) = self.answer(refusal)
        var bytes = ByteBuffer(string: "HTTP/1.1 \(head.status.code) \(head.status.reasonPhrase)\r\n")
        for (name, value) in head.headers {
            bytes.writeString("\(name): \(value)\r\n")
        }
        bytes.writeString("\r\n")
        bytes.writeImmutableBuffer(body)
        return bytes
    }

    /// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func date(_ seconds: time_t) -> String {
        var seconds = seconds
        var parts = tm()
        guard gmtime_r(&seconds, &parts) != nil else { return "Thu, 01 Jan 1970 00:00:00 GMT" }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = days[Int(parts.tm_wday)]
        let month = months[Int(parts.tm_mon)]
        let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return "\(day), \(two(parts.tm_mday)) \(month) \(1900 + parts.tm_year) \(clock) GMT"
    }
}
