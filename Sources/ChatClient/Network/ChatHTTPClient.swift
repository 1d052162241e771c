// A small HTTP client for one server: one connection, kept alive, requests one after the other. Enough for signing in
// and for tests; it follows no redirects and keeps no cookies.

public import ChatProtocol
public import NIOCore
import NIOHTTP1
public import NIOPosix

/// An answer over HTTP.
public struct HTTPAnswer: Sendable {
    /// The status.
    public var status: Int
    /// The fields in their order.
    public var headers: [(name: String, value: String)]
    /// The body, its chunks joined.
    public var body: [UInt8]

    /// The first field of a name, in whatever case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON.
    public func json() throws -> JSON { try JSONParser.parse(body) }

    /// The body as a type of the protocol.
    public func decode<Value: JSONDecodable>(_ type: Value.Type = Value.self) throws -> Value {
        try Value(bytes: body)
    }
}

/// An HTTP client for one server.
public final class ChatHTTPClient: Sendable {
    private let host: String
    private let port: Int
    private let loop: any EventLoop
    private let connection: NIOLoopBoundBox<HTTPConnection>

    /// Creates a client; it connects with the first request.
    public init(host: String, port: Int, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) {
        self.host = host
        self.port = port
        loop = group.next()
        connection = .makeBoxSendingValue(HTTPConnection(loop: loop, host: host, port: port), eventLoop: loop)
    }

    /// Asks for something.
    /// - Parameters:
    ///   - method: The method, in capitals.
    ///   - path: The path and query, from `/` on, encoded.
    ///   - body: Sent as it is, with its length.
    ///   - token: Sent as `Authorization: Bearer`.
    ///   - headers: Other fields; they replace those made here.
    ///   - timeout: How long the whole answer may take.
    public func request(
        _ method: String,
        _ path: String,
        body: [UInt8]? = nil,
        token: String? = nil,
        headers: [(String, String)] = [],
        timeout: Duration = .seconds(20)
    ) async throws -> HTTPAnswer {
        var fields = HTTPHeaders()
        fields.add(name: "Host", value: "\(host):\(port)")
        if let token { fields.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            fields.add(name: "Content-Length", value: String(body.count))
        } else if ["POST", "PUT", "PATCH"].contains(method) {
            // Else NIO announces chunks, which is a body of no type.
            fields.add(name: "Content-Length", value: "0")
        }
        for (name, value) in headers { fields.replaceOrAdd(name: name, value: value) }
        let head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: fields)
        let connection = connection
        return try await loop.flatSubmit {
            connection.value.request(HTTPExchange(head: head, body: body, timeout: TimeAmount(timeout)))
        }.get()
    }

    /// Asks for something with a JSON body.
    public func request(
        _ method: String,
        _ path: String,
        json: some JSONEncodable,
        token: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        try await request(
            method,
            path,
            body: json.encoded(),
            token: token,
            headers: [("Content-Type", "application/json")] + headers
        )
    }

    /// Asks for something and reads the answer.
    /// - Throws: `Problem`, as the server gave it, for a status of 400 and above.
    public func call<Value: JSONDecodable>(
        _ method: String,
        _ path: String,
        body: JSON? = nil,
        token: String? = nil,
        as type: Value.Type = Value.self
    ) async throws -> Value {
        let answer: HTTPAnswer
        if let body {
            answer = try await request(method, path, json: body, token: token)
        } else {
            answer = try await request(method, path, token: token)
        }
        return try Self.success(answer).decode(type)
    }

    /// Creates an account and signs in.
    public func signUp(_ request: SignUpRequest) async throws -> SignedIn {
        try Self.success(try await self.request("POST", "/v1/accounts", json: request)).decode()
    }

    /// Signs in.
    public func signIn(_ request: SignInRequest) async throws -> SignedIn {
        try Self.success(try await self.request("POST", "/v1/sessions", json: request)).decode()
    }

    /// Trades a refresh token, which can be used once, for a fresh grant.
    public func refresh(_ refreshToken: String) async throws -> SessionGrant {
        let request = RefreshRequest(refreshToken: refreshToken)
        return try Self.success(try await self.request("POST", "/v1/sessions/refresh", json: request))
            .decode(Refreshed.self).session
    }

    /// Closes the connection; the next request opens another one.
    public func close() async {
        let connection = connection
        // Whether it was open does not matter.
        try? await loop.submit { connection.value.close() }.get()
    }

    private static func success(_ answer: HTTPAnswer) throws -> HTTPAnswer {
        guard answer.status >= 400 else { return answer }
        throw try answer.decode(Problem.self)
    }
}
