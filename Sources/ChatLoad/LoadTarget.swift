// The node under load, and the people who make the load.
import ChatClient
import ChatProtocol

/// Where the load goes.
package struct LoadTarget: Sendable {
    package var host: String
    package var port: Int
    /// For figures of the server itself.
    package var adminPort: Int?
    /// For memory and CPU of the server itself, where it runs on this machine.
    package var processID: Int32?

    package init(host: String, port: Int, adminPort: Int? = nil, processID: Int32? = nil) {
        self.host = host
        self.port = port
        self.adminPort = adminPort
        self.processID = processID
    }
}

/// Somebody who was signed up for the load.
struct LoadUser: Sendable {
    var id: UserID
    var token: String
}

extension LoadTarget {
    /// Signs up people, a few at a time: each costs the server a slow hash.
    func signUp(_ count: Int, progress: @escaping @Sendable (Int) -> Void) async throws -> [LoadUser] {
        let run = UInt32.random(in: 0 ... .max)
        let lanes = 4
        return try await withThrowingTaskGroup(of: [LoadUser].self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    let http = ChatHTTPClient(host: host, port: port)
                    var users: [LoadUser] = []
                    for number in stride(from: lane, to: count, by: lanes) {
                        let handle = "load-\(String(run, radix: 36))-\(number)"
                        let answer = try await http.signUp(
                            SignUpRequest(
                                email: "\(handle)@example.org",
                                handle: handle,
                                name: "Load \(number)",
                                password: "not a secret \(run)"
                            )
                        )
                        users.append(LoadUser(id: answer.user.id, token: answer.session.accessToken ?? ""))
                        progress(1)
                    }
                    await http.close()
                    return users
                }
            }
            var users: [LoadUser] = []
            for try await part in group { users += part }
            return users
        }
    }

    /// A connection that keeps positions only.
    func connect(_ user: LoadUser) async throws -> ChatClient {
        let client = ChatClient(
            host: host,
            port: port,
            configuration: Self.configuration
        )
        try await client.connect(token: user.token, timeout: .seconds(60))
        return client
    }

    /// Positions only, and nothing fetched that was not asked for.
    private static var configuration: ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.keepsRows = false
        configuration.bootstrap = .newest(0)
        return configuration
    }

    /// Makes groups so that every user is in `each` of them.
    func makeGroups(_ users: [LoadUser], each: Int, size: Int, progress: (Int) -> Void) async throws {
        let http = ChatHTTPClient(host: host, port: port)
        for round in 0..<each {
            let order = users.shuffled()
            for start in stride(from: 0, to: order.count, by: size) {
                let members = order[start..<min(start + size, order.count)]
                guard let owner = members.first else { continue }
                let group = NewConversation(
                    kind: .group,
                    name: "Load \(round)",
                    members: members.dropFirst().map(\.id)
                )
                try await create(group, by: owner, http)
                progress(members.count)
            }
        }
        await http.close()
    }

    /// Makes a conversation.
    @discardableResult
    func create(
        _ new: NewConversation,
        by user: LoadUser,
        _ http: ChatHTTPClient
    ) async throws -> ConversationID {
        let answer = try await http.request("POST", "/v1/conversations", json: new, token: user.token)
        guard answer.status < 300 else { throw LoadError("A conversation was refused: \(answer.text)") }
        return try answer.decode(Conversation.self).id
    }
}

/// Why a load could not be made.
package struct LoadError: Error, CustomStringConvertible {
    package var description: String
    init(_ description: String) { self.description = description }
}
