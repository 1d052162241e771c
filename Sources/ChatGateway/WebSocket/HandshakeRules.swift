// Which HTTP requests may become WebSockets, judged from the request's head alone (RFC 6455, section 4.2).
import ChatProtocol
package import NIOCore
package import NIOHTTP1

/// The rules of the upgrade, without I/O.
package struct HandshakeRules: Sendable {
    /// What a request turned out to be.
    package enum Verdict: Sendable, Equatable {
        case upgrade
        case refuse(HTTPRefusal)
    }

    /// The subprotocol that a client must offer and that is chosen; nil if none is wanted.
    package var subprotocol: String?

    package init(subprotocol: String?) {
        self.subprotocol = subprotocol
    }

    /// Judges the form of a request to the WebSocket's path.
    package func judge(_ head: HTTPRequestHead) -> Verdict {
        let headers = head.headers
        guard head.method == .GET else {
            return self.refuse(405, "WebSockets are opened with GET", [("Allow", "GET")])
        }
        guard head.version != .http1_0, Self.wantsWebSocket(headers) else {
            return self.refuse(
                426,
                "this address speaks WebSocket only: send Upgrade: websocket",
                [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
            )
        }
        guard headers["Host"].count == 1 else {
            return self.refuse(400, "send exactly one Host")
        }
        let versions = headers["Sec-WebSocket-Version"]
        guard versions.count == 1, versions[0] == "13" else {
            return self.refuse(
                426,
                "only version 13 of the WebSocket protocol is spoken",
                [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
            )
        }
        let keys = headers["Sec-WebSocket-Key"]
        guard keys.count == 1, Self.isKey(keys[0]) else {
            return self.refuse(400, "Sec-WebSocket-Key must be 16 bytes in base 64, once")
        }
        guard headers["Origin"].count <= 1 else {
            return self.refuse(400, "send at most one Origin")
        }
        guard !headers.contains(name: "Transfer-Encoding"), headers["Content-Length"].allSatisfy({ $0 == "0" }) else {
            return self.refuse(400, "an upgrade request has no body")
        }
        if let subprotocol = self.subprotocol {
            guard headers[canonicalForm: "Sec-WebSocket-Protocol"].contains(where: { $0 == subprotocol }) else {
                return self.refuse(400, "offer the subprotocol \(subprotocol) in Sec-WebSocket-Protocol")
            }
        }
        return .upgrade
    }

    /// The fields of the answer beyond those that every WebSocket answer has. No extension is ever chosen.
    package var responseHeaders: HTTPHeaders {
        self.subprotocol.map { ["Sec-WebSocket-Protocol": $0] } ?? [:]
    }

    /// Whether the request asks for an upgrade to WebSocket.
    package static func wantsWebSocket(_ headers: HTTPHeaders) -> Bool {
        headers[canonicalForm: "Upgrade"].contains { $0.lowercased() == "websocket" }
            && headers[canonicalForm: "Connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// Sixteen bytes in base 64: 22 letters, then `==`.
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes[22] == UInt8(ascii: "="), bytes[23] == UInt8(ascii: "=") else { return false }
        let lettersAreValid = bytes[..<22].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default:
                false
            }
        }
        return lettersAreValid
    }

    private func refuse(_ status: Int, _ detail: String, _ headers: [(String, String)] = []) -> Verdict {
        .refuse(HTTPRefusal(status: status, code: ErrorCode.invalid.rawValue, detail: detail, headers: headers))
    }
}

extension Handshake {
    /// The facts of a request that `HandshakeRules` let through.
    package init(_ head: HTTPRequestHead, remoteAddress: SocketAddress?) {
        self.init(
            host: head.headers.first(name: "Host") ?? "",
            origin: head.headers.first(name: "Origin"),
            cookie: Self.joined(head.headers["Cookie"], by: "; "),
            forwardedFor: Self.joined(head.headers["X-Forwarded-For"], by: ", "),
            userAgent: head.headers.first(name: "User-Agent"),
            remoteAddress: remoteAddress
        )
    }

    private static func joined(_ values: [String], by separator: String) -> String? {
        values.isEmpty ? nil : values.joined(separator: separator)
    }
}
