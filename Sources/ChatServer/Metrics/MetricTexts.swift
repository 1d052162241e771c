// What each metric is for, as the operator reads it in `/metrics`.

enum MetricTexts {
    /// The sentence for a label; the label itself where nobody wrote one (metrics of libraries).
    static func help(_ label: String) -> String { texts[label] ?? label }

    private static let texts = [
        "vibetalk.connections.open": "Open WebSockets now.",
        "vibetalk.hellos": "WebSockets whose hello was answered.",
        "vibetalk.handshakes.refused": "WebSocket handshakes refused because of an address, a limit or the machine.",
        "vibetalk.closes": "WebSockets closed, by close code.",
        "vibetalk.commands": "Commands of clients, by name.",
        "vibetalk.errors": "Commands and calls answered with an error, by code.",
        "vibetalk.sends": "Messages stored.",
        "vibetalk.deliveries": "Events written to connections.",
        "vibetalk.ephemera.dropped": "Typing, presence and markers dropped for slow or busy connections.",
        "vibetalk.behind": "Times a connection was told that it is behind.",
        "vibetalk.batch.messages": "Messages per batch.",
        "vibetalk.commit.duration": "From handing a batch to the store to its durable commit.",
        "vibetalk.send.duration": "From taking a message off the wire to its acknowledgement.",
        "vibetalk.batch.retries": "Batches that were retried row by row.",
        "vibetalk.feed.gaps": "Holes that a feed had to wait for or fetch.",
        "vibetalk.feeds": "Conversations followed for local members now.",
        "vibetalk.sign_ins": "Sign-ins that succeeded.",
        "vibetalk.sign_ins.failed": "Sign-ins with a wrong login or password.",
        "vibetalk.sign_ins.limited": "Sign-ins, sign-ups and refreshes refused because of a rate or a delay.",
        "vibetalk.sign_ups": "Accounts created.",
        "vibetalk.password.hash.duration": "Password hashes, waiting and computing.",
        "vibetalk.http.requests": "Calls over HTTP, by route and class of status.",
        "vibetalk.http.duration": "From the head of a call to its answer, by route.",
    ]
}
