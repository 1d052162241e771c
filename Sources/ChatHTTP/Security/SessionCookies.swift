// How an answer gives, and takes back, the session cookie.
import ChatCore
import ChatProtocol
import HTTPTypes

struct SessionCookies: Sendable {
    private let cookie: SessionCookie

    init(isSecure: Bool) {
        cookie = SessionCookie(isSecure: isSecure)
    }

    /// The answer to signing in; who asked for a cookie gets the token in it, where scripts cannot read it.
    func signedIn(_ answer: SignedIn, cookieToken: String?, forSeconds seconds: Int64) -> Answer {
        var result = Answer.json(answer, status: .created)
        if let cookieToken { result.headers[.setCookie] = cookie.setting(cookieToken, maxAgeSeconds: seconds) }
        return result
    }

    /// The answer to signing out: the browser forgets the cookie, and what it kept of answers.
    func signedOut() -> Answer {
        var answer = Answer.nothing
        answer.headers[.setCookie] = cookie.removal
        answer.headers[.known("Clear-Site-Data")] = "\"cache\""
        return answer
    }
}
