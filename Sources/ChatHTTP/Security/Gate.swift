// Who calls: by token, or by cookie with what makes a cookie safe. A request with both is judged by the token.
import ChatCore
import ChatProtocol
import HTTPTypes

/// Lets callers in.
struct Gate: Sendable {
    private let accounts: Accounts
    private let origins: OriginPolicy
    private let cookies: SessionCookies

    init(_ parts: HTTPParts) {
        accounts = parts.accounts
        origins = parts.origins
        cookies = SessionCookies(isSecure: parts.origins.isSecure)
    }

    /// Whether a request leans on the cookie.
    func isByCookie(_ headers: HTTPFields) -> Bool {
        Self.bearer(headers) == nil && cookies.token(in: headers) != nil
    }

    /// The token or cookie of a request, whether it opens anything or not.
    func token(of call: Call) -> String? { Self.bearer(call.headers) ?? cookies.token(in: call.headers) }

    /// The caller. - Throws: `unauthenticated`; `forbidden` where a page of elsewhere may be using the cookie.
    func caller(of call: Call) async throws -> Caller {
        if let token = Self.bearer(call.headers) { return try await caller(token, isCookie: false) }
        guard let token = cookies.token(in: call.headers) else { throw ChatError.unauthenticated }
        if call.method != .get { try checkOrigin(of: call) }
        return try await caller(token, isCookie: true)
    }

    private func caller(_ token: String, isCookie: Bool) async throws -> Caller {
        let session = try await accounts.authenticate(token: token, isCookie: isCookie)
        return Caller(user: session.user, session: session.id)
    }

    /// Refuses pages of other origins, and requests that do not say whence they come.
    private func checkOrigin(of call: Call) throws {
        guard isOwn(call) == true else { throw Self.foreign }
    }

    /// A cookie is not given to pages of other origins; programs that are no browsers name none.
    func checkGiving(to call: Call) throws {
        guard isOwn(call) != false else { throw Self.foreign }
    }

    /// Whether the request is from a page that may use the cookie; `nil` if it does not say.
    private func isOwn(_ call: Call) -> Bool? {
        call.headers[.origin].map { origins.allows($0, host: call.authority) }
    }

    private static let foreign = ChatError(.forbidden, "The cookie is for this server's own pages: send their Origin.")

    /// The token of `Authorization: Bearer <token>`, perhaps empty; the scheme in any case (RFC 9110, section 11.1). Other
    /// schemes are a proxy's business.
    private static func bearer(_ headers: HTTPFields) -> String? {
        guard let value = headers[.authorization] else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.first?.lowercased() == "bearer" else { return nil }
        return parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
    }
}
