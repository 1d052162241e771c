// `/v1/ws` belongs to the gateway; what comes here asked for it without asking for a WebSocket.
import ChatProtocol
import HTTPTypes

struct WebSocketCall: Sendable {
    func add(to routes: inout Routes) {
        routes.open(.get, "/v1/ws") { _ in
            throw Failure(
                426,
                .invalid,
                "This address speaks WebSocket only: send Upgrade: websocket.",
                headers: [.upgrade: "websocket", .known("Sec-WebSocket-Version"): "13"]
            )
        }
    }
}
