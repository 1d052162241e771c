// What a client must know before it signs in.
import ChatProtocol
import HTTPTypes

struct ServerCall: Sendable {
    let description: @Sendable () async -> ServerInfo

    func add(to routes: inout Routes) {
        routes.open(.get, "/v1/server") { _ in .json(await description()) }
    }
}
