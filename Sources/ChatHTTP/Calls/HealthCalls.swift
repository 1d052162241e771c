// Whether the process lives, and whether it takes traffic: for load balancers and operators.
import ChatProtocol
import HTTPTypes

struct HealthCalls: Sendable {
    let isReady: @Sendable () async -> Bool

    func add(to routes: inout Routes) {
        routes.open(.get, "/healthz") { _ in Self.ok }
        routes.open(.get, "/readyz") { _ in
            guard await isReady() else { throw Failure(503, .unavailable, "The node takes no traffic now.") }
            return Self.ok
        }
    }

    private static var ok: Answer { .json(JSON.object([.init("status", .string("ok"))])) }
}

/// What is counted, for Prometheus; on the operators' listener alone.
struct MetricsCall: Sendable {
    let text: @Sendable () async -> String

    func add(to routes: inout Routes) {
        routes.open(.get, "/metrics") { _ in
            .text(Array(await text().utf8), contentType: "text/plain; version=0.0.4; charset=utf-8")
        }
    }
}
