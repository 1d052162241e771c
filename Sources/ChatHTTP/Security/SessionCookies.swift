// How an answer gives, and takes back, what a browser keeps.
import ChatCore
import ChatProtocol
import HTTPTypes

struct SessionCookies: Sendable {
    private let session: HostCookie
    private let device: HostCookie

    init(isSecure: Bool) {
        session = .session(isSecure: isSecure)
        device = .device(isSecure: isSecure)
    }

    /// The token of the session's cookie.
    func token(in headers: HTTPFields) -> String? { session.token(in: headers[.cookie]) }

    /// The device's mark.
    func mark(in headers: HTTPFields) -> String? { device.token(in: headers[.cookie]) }

    /// The answer to signing up or in; who asked for a cookie gets the token in it, where scripts cannot read it.
    func answer(_ admission: Admission) -> Answer {
        var answer = Answer.json(admission.signedIn, status: .created)
        if let cookies = admission.cookies {
            answer.add(.setCookie, session.setting(cookies.session, maxAgeSeconds: cookies.sessionSeconds))
            if let mark = cookies.device {
                answer.add(.setCookie, device.setting(mark, maxAgeSeconds: cookies.deviceSeconds))
            }
        }
        return answer
    }

    /// The answer to signing out: the browser forgets the session, and what it kept of answers. The device stays known.
    func signedOut() -> Answer {
        var answer = Answer.nothing
        answer.add(.setCookie, session.removal)
        answer.add(.known("Clear-Site-Data"), "\"cache\"")
        return answer
    }
}
