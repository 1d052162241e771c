// One call of the interface: method, path and what it does. The list of routes is data: the OpenAPI description, the access
// matrix and the metrics are checked against it or made from it.
import HTTPTypes

/// Who may call.
package enum RouteAccess: String, Sendable {
    /// Anybody.
    case open
    /// Who is signed in.
    case signedIn
}

/// A method and a path, as data.
package struct RouteName: Sendable, Hashable, CustomStringConvertible {
    package let method: String
    /// With parameters in braces.
    package let template: String
    package let access: RouteAccess
    package var description: String { "\(method) \(template)" }
}

/// A call, and what it does.
struct Route: Sendable {
    let method: HTTPRequest.Method
    let template: String
    let access: RouteAccess
    let handle: @Sendable (Call) async throws -> Answer

    /// Whether the call changes something, and so may have a body and needs more than a cookie.
    var changes: Bool { method != .get }
    var name: RouteName { RouteName(method: method.rawValue, template: template, access: access) }
}

/// Collects routes. A call comes in two steps, so that what is malformed is told before who is unknown: `form` reads, `use`
/// does.
struct Routes: Sendable {
    private(set) var all: [Route] = []
    let authenticate: @Sendable (Call) async throws -> Caller

    init(authenticate: @escaping @Sendable (Call) async throws -> Caller) {
        self.authenticate = authenticate
    }

    /// A call for everybody.
    mutating func open(
        _ method: HTTPRequest.Method,
        _ template: String,
        use: @escaping @Sendable (Call) async throws -> Answer
    ) {
        all.append(Route(method: method, template: template, access: .open, handle: use))
    }

    /// A call for those who are signed in, with something to read first.
    mutating func signedIn<Form: Sendable>(
        _ method: HTTPRequest.Method,
        _ template: String,
        form: @escaping @Sendable (Call) throws -> Form,
        use: @escaping @Sendable (Form, Call, Caller) async throws -> Answer
    ) {
        let authenticate = authenticate
        all.append(
            Route(method: method, template: template, access: .signedIn) { call in
                let read = Result { try form(call) }
                // What does not exist is told only to those who are signed in.
                if case .failure(let error) = read, !Refusals.isNotFound(error) { throw error }
                let caller = try await authenticate(call)
                return try await use(try read.get(), call, caller)
            }
        )
    }

    /// A call for those who are signed in, without anything to read; what only the server sets is refused all the same.
    mutating func signedIn(
        _ method: HTTPRequest.Method,
        _ template: String,
        use: @escaping @Sendable (Call, Caller) async throws -> Answer
    ) {
        signedIn(
            method,
            template,
            form: { try $0.body(NoFields.self) },
            use: { _, call, caller in try await use(call, caller) }
        )
    }
}
