// All calls of the interface for everybody, by resource.
import ChatCore

extension HTTPParts {
    func addCalls(to routes: inout Routes, gate: Gate) {
        let cookies = SessionCookies(isSecure: origins.isSecure)
        ServerCall(description: description).add(to: &routes)
        AccountCalls(accounts: accounts, gate: gate, cookies: cookies).add(to: &routes)
        SessionCalls(accounts: accounts, gate: gate, cookies: cookies).add(to: &routes)
        UserCalls(chat: chat).add(to: &routes)
        ConversationCalls(chat: chat).add(to: &routes)
        MemberCalls(chat: chat).add(to: &routes)
        OwnCalls(chat: chat).add(to: &routes)
        MessageCalls(chat: chat).add(to: &routes)
        LogCalls(chat: chat).add(to: &routes)
        WebSocketCall().add(to: &routes)
        HealthCalls(isReady: isReady).add(to: &routes)
        PageCalls(digest: chat.environment.digest).add(to: &routes)
    }
}
