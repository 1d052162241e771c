// Finding routes: literals before parameters, segment by segment, exactly.
import HTTPTypes
import Testing

@testable import ChatHTTP

@Suite("HTTP: route table")
struct RouteTableTests {
    private static let templates = [
        ("GET", "/"), ("GET", "/v1/a"), ("POST", "/v1/a"), ("DELETE", "/v1/a/current"), ("DELETE", "/v1/a/{id}"),
        ("GET", "/v1/a/{id}"), ("PUT", "/v1/a/{id}/b/me"), ("PUT", "/v1/a/{id}/b/{user}"),
        ("GET", "/v1/a/{id}/b/{user}/c/{x}"),
    ]

    private func match(_ method: String, _ path: String) throws -> String {
        let routes = Self.templates.compactMap { method, template in
            HTTPRequest.Method(method).map { method in
                Route(method: method, template: template, access: .open) { _ in .nothing }
            }
        }
        switch RouteTable(routes).match(try #require(HTTPRequest.Method(method)), path) {
        case .found(let index, let parameters):
            let values = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return ([routes[index].name.description] + values).joined(separator: " ")
        case .otherMethods(let methods): return methods.map(\.rawValue).joined(separator: ",")
        case .unknown: return "unknown"
        }
    }

    @Test(
        "Finds the one route, or says which methods there are",
        arguments: [
            ("GET", "/", "GET /"), ("HEAD", "/", "GET /"), ("POST", "/", "GET,HEAD"), ("GET", "", "unknown"),
            ("GET", "//", "unknown"), ("GET", "/v1/a", "GET /v1/a"), ("GET", "/v1/a/", "unknown"),
            ("GET", "v1/a", "unknown"),
            ("PUT", "/v1/a", "GET,HEAD,POST"), ("DELETE", "/v1/a/current", "DELETE /v1/a/current"),
            ("GET", "/v1/a/current", "DELETE"), ("DELETE", "/v1/a/x", "DELETE /v1/a/{id} id=x"),
            ("DELETE", "/v1/a/%2F", "DELETE /v1/a/{id} id=%2F"), ("PUT", "/v1/a/1/b/me", "PUT /v1/a/{id}/b/me id=1"),
            ("PUT", "/v1/a/1/b/2", "PUT /v1/a/{id}/b/{user} id=1 user=2"), ("PUT", "/v1/a//b/2", "unknown"),
            ("GET", "/v1/a/1/b/2/c/3", "GET /v1/a/{id}/b/{user}/c/{x} id=1 user=2 x=3"),
            ("GET", "/v1/a/1/b", "unknown"),
            ("GET", "/v1", "unknown"), ("GET", "*", "unknown"), ("GET", "/V1/a", "unknown"),
        ]
    )
    func find(method: String, path: String, found: String) throws {
        #expect(try match(method, path) == found)
    }
}
