// The HTTP interface as one responder: finds the call, reads the request, answers, and puts on every answer what every answer
// has. All calls are listed in `Routes+All.swift`.
package import ChatCore
package import ChatProtocol
import HTTPTypes
package import Hummingbird
package import Logging
package import Metrics
import NIOCore

/// Everything the interface needs from the rest of the server.
package struct HTTPParts: Sendable {
    package var chat: Chat
    package var accounts: Accounts
    /// Which pages may use the cookie; also says whether people come over HTTPS.
    package var origins: OriginPolicy
    /// Whose word about the client's address counts.
    package var proxies: TrustedProxies
    /// What `GET /v1/server` says.
    package var description: @Sendable () async -> ServerInfo
    /// Whether the node takes traffic.
    package var isReady: @Sendable () async -> Bool
    package var metrics: any MetricsFactory
    package var logger: Logger

    package init(
        chat: Chat,
        accounts: Accounts,
        origins: OriginPolicy,
        proxies: TrustedProxies,
        description: @escaping @Sendable () async -> ServerInfo,
        isReady: @escaping @Sendable () async -> Bool,
        metrics: any MetricsFactory = MetricsSystem.factory,
        logger: Logger
    ) {
        self.chat = chat
        self.accounts = accounts
        self.origins = origins
        self.proxies = proxies
        self.description = description
        self.isReady = isReady
        self.metrics = metrics
        self.logger = logger
    }
}

/// Answers requests.
package struct HTTPInterface: HTTPResponder {
    package typealias Context = HTTPContext

    private let routes: [Route]
    private let table: RouteTable
    private let metrics: HTTPMetrics
    private let fields: HTTPFields
    private let proxies: TrustedProxies
    private let gate: Gate
    private let environment: ChatCore.Environment
    private let requestBytes: Int64
    private let logger: Logger

    /// The interface for everybody: calls, page, description, health.
    package init(_ parts: HTTPParts) {
        let gate = Gate(parts)
        var routes = Routes(authenticate: { try await gate.caller(of: $0) })
        parts.addCalls(to: &routes, gate: gate)
        self.init(routes, gate: gate, parts)
    }

    /// The interface for operators, on a listener of its own.
    package init(admin parts: HTTPParts, metricsText: @escaping @Sendable () async -> String) {
        let gate = Gate(parts)
        var routes = Routes(authenticate: { try await gate.caller(of: $0) })
        HealthCalls(isReady: parts.isReady).add(to: &routes)
        MetricsCall(text: metricsText).add(to: &routes)
        self.init(routes, gate: gate, parts)
    }

    private init(_ routes: Routes, gate: Gate, _ parts: HTTPParts) {
        self.routes = routes.all
        table = RouteTable(routes.all)
        metrics = HTTPMetrics(routes.all.map(\.name), factory: parts.metrics)
        fields = SecurityHeaders(isSecure: parts.origins.isSecure).fields
        proxies = parts.proxies
        self.gate = gate
        environment = parts.chat.environment
        requestBytes = parts.chat.limits.requestBytes
        logger = parts.logger
    }

    /// All calls, as data.
    package var routeNames: [RouteName] { routes.map(\.name) }

    package func respond(to request: Request, context: HTTPContext) async throws -> Response {
        let startedAt = environment.monotonic()
        let id = Hexadecimal.text(environment.random(8))
        let match = table.match(request.method, request.uri.path)
        var index: Int?
        if case .found(let found, _) = match { index = found }
        var answer: Answer
        do {
            answer = try await self.answer(to: request, match, context)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            answer = Refusals.failure(error, request: id, logger: logger).answer
        }
        let milliseconds = environment.monotonic() - startedAt
        metrics.note(index, answer.status, milliseconds: milliseconds)
        logger.debug(
            "Answered a request.",
            metadata: .keys([
                .route: "\(index.map { routes[$0].name.description } ?? "other")", .status: "\(answer.status.code)",
                .incidentID: "\(id)", .durationMs: "\(milliseconds)",
            ])
        )
        return try await response(answer, isHead: request.method == .head, id: id)
    }

    private func answer(
        to request: Request,
        _ match: RouteTable.Match,
        _ context: HTTPContext
    ) async throws -> Answer {
        switch match {
        case .unknown:
            throw Failure(404, .notFound, "There is no such call. GET /openapi.yaml lists them all.")
        case .otherMethods(let methods):
            let allowed = methods.map(\.rawValue).joined(separator: ", ")
            throw Failure(405, .notFound, "Use one of: \(allowed).", headers: [.allow: allowed])
        case .found(let index, let parameters):
            let route = routes[index]
            var body = JSON.object([])
            if route.changes {
                body = try await BodyReader.object(
                    of: request,
                    limit: requestBytes,
                    needsType: route.access == .signedIn && gate.isByCookie(request.headers)
                )
            }
            let call = Call(
                method: route.method,
                parameters: parameters,
                query: Query(request.uri.query),
                headers: request.headers,
                authority: request.head.authority,
                body: body,
                address: proxies.clientAddress(peer: context.peer, forwardedFor: request.headers[.xForwardedFor])
            )
            return try await route.handle(call)
        }
    }

    private func response(_ answer: Answer, isHead: Bool, id: String) async throws -> Response {
        var headers = fields
        headers[.cacheControl] = answer.cacheControl
        headers[.requestID] = id
        for field in answer.headers { headers.append(field) }
        // 204 and 304 have no body, and so no type and no length.
        guard answer.status != .noContent, answer.status != .notModified else {
            return Response(status: answer.status, headers: headers, body: .nothing)
        }
        headers[.contentType] = answer.contentType
        guard isHead else { return Response(status: answer.status, headers: headers, body: answer.body.responseBody) }
        headers[.contentLength] = String(try await answer.body.length)
        return Response(status: answer.status, headers: headers, body: .nothing)
    }
}

extension HTTPField.Name {
    fileprivate static let xForwardedFor = known("X-Forwarded-For")
    fileprivate static let requestID = known("X-Request-ID")

    /// A name that is written in this program.
    static func known(_ text: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name("\(text)") else { preconditionFailure("\(text) is no field name") }
        return name
    }
}

enum Hexadecimal {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits: [Character] = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
