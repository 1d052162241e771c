// The limits that an operator can set (protocol.md, section 6): told in `hello` and `GET /v1/server` under these names.
// One table says name, default and kind; everything else (options, documentation, checks) is made from it.

/// The limits of a node. Numbers that are no settings are in ``FixedLimits``.
public struct Limits: Sendable, Equatable {
    /// Bytes of a message's body.
    public var bodyBytes: Int64 = 16_384
    /// Bytes of a client's WebSocket frame, also when assembled from fragments.
    public var frameBytes: Int64 = 65_536
    /// Bytes of a JSON body over HTTP.
    public var requestBytes: Int64 = 262_144
    /// Commands per second and connection.
    public var commandsPerSecond: Int64 = 20
    /// Commands of one connection at once.
    public var commandBurst: Int64 = 60
    /// Messages per second and user, over all devices.
    public var messagesPerSecond: Int64 = 5
    /// Messages of one user at once.
    public var messageBurst: Int64 = 20
    /// Open WebSockets of one user.
    public var connectionsPerUser: Int64 = 10
    /// Open WebSockets of one address.
    public var connectionsPerAddress: Int64 = 100
    /// WebSocket handshakes per second and address.
    public var handshakesPerSecondPerAddress: Int64 = 20
    /// WebSocket handshakes of one address at once.
    public var handshakeBurst: Int64 = 50
    /// Sign-ins per minute and address.
    public var signInsPerMinutePerAddress: Int64 = 10
    /// Sign-ins of one address at once.
    public var signInBurst: Int64 = 20
    /// New accounts per hour and address.
    public var accountsPerHourPerAddress: Int64 = 20
    /// Failed sign-ins of one account in 15 minutes before tries are slowed down.
    public var signInFailuresPerAccount: Int64 = 5
    /// Mentions in one message; the rest are text.
    public var mentionsPerMessage: Int64 = 50
    /// Members of a group.
    public var groupMembers: Int64 = 1_000
    /// Members of a channel.
    public var channelMembers: Int64 = 100_000
    /// Bytes of events queued for one connection.
    public var outboundBytes: Int64 = 1_048_576
    /// Seconds until `hello` must have come.
    public var helloSeconds: Int64 = 10
    /// Bytes of one file.
    public var attachmentBytes: Int64 = 26_214_400
    /// Files of one message.
    public var attachmentsPerMessage: Int64 = 10
    /// Characters of names of people and conversations.
    public var nameCharacters: Int64 = 64
    /// Characters of a conversation's topic.
    public var topicCharacters: Int64 = 256
    /// Bytes of a nonce.
    public var nonceBytes: Int64 = 64

    /// The defaults.
    public init() {}

    /// The limit of a name; `nil` if there is none of that name.
    public subscript(name name: String) -> Int64? {
        Limit.named(name).map { self[keyPath: $0.keyPath] }
    }

    /// Changes a limit.
    /// - Throws: `invalid` for unknown names, negative values, values above the limit's maximum, and 0 where
    ///   0 is no "off" (see ``Limit/zeroIsOff``).
    public mutating func set(_ name: String, to value: Int64) throws(WireError) {
        guard let limit = Limit.named(name) else {
            throw WireError(.invalid, "There is no limit named \"\(name)\".")
        }
        guard value >= 0, value <= limit.maximum else {
            throw WireError(.invalid, "Limit \(name) must be from 0 to \(limit.maximum).")
        }
        guard value > 0 || limit.zeroIsOff else {
            throw WireError(.invalid, "Limit \(name) cannot be switched off; it must be at least 1.")
        }
        self[keyPath: limit.keyPath] = value
    }

    /// All limits by name, as told to clients.
    public var asDictionary: [String: Int64] {
        var result: [String: Int64] = [:]
        result.reserveCapacity(Self.all.count)
        for limit in Self.all { result[limit.name] = self[keyPath: limit.keyPath] }
        return result
    }

    /// The table of all limits, in the order of the protocol's text.
    public static let all: [Limit] = [
        Limit("bodyBytes", \.bodyBytes, .size, maximum: 131_072, "Bytes of a message's body."),
        Limit("frameBytes", \.frameBytes, .size, maximum: 1 << 30, "Bytes of a client's WebSocket frame."),
        Limit("requestBytes", \.requestBytes, .size, maximum: 1 << 30, "Bytes of a JSON body over HTTP."),
        Limit("commandsPerSecond", \.commandsPerSecond, .rate, "Commands per second and connection."),
        Limit("commandBurst", \.commandBurst, .rate, "Commands of one connection at once."),
        Limit("messagesPerSecond", \.messagesPerSecond, .rate, "Messages per second and user, over all devices."),
        Limit("messageBurst", \.messageBurst, .rate, "Messages of one user at once."),
        Limit("connectionsPerUser", \.connectionsPerUser, .count, "Open WebSockets of one user."),
        Limit("connectionsPerAddress", \.connectionsPerAddress, .count, "Open WebSockets of one address."),
        Limit(
            "handshakesPerSecondPerAddress",
            \.handshakesPerSecondPerAddress,
            .rate,
            "WebSocket handshakes per second and address."
        ),
        Limit("handshakeBurst", \.handshakeBurst, .rate, "WebSocket handshakes of one address at once."),
        Limit("signInsPerMinutePerAddress", \.signInsPerMinutePerAddress, .rate, "Sign-ins per minute and address."),
        Limit("signInBurst", \.signInBurst, .rate, "Sign-ins of one address at once."),
        Limit("accountsPerHourPerAddress", \.accountsPerHourPerAddress, .rate, "New accounts per hour and address."),
        Limit(
            "signInFailuresPerAccount",
            \.signInFailuresPerAccount,
            .count,
            "Failed sign-ins of one account in 15 minutes before tries are slowed down."
        ),
        Limit("mentionsPerMessage", \.mentionsPerMessage, .count, "Mentions in one message; the rest are text."),
        Limit("groupMembers", \.groupMembers, .count, "Members of a group."),
        Limit("channelMembers", \.channelMembers, .count, "Members of a channel."),
        Limit("outboundBytes", \.outboundBytes, .size, "Bytes of events queued for one connection."),
        Limit("helloSeconds", \.helloSeconds, .duration, maximum: 86_400, "Seconds until hello must have come."),
        Limit("attachmentBytes", \.attachmentBytes, .size, "Bytes of one file."),
        Limit("attachmentsPerMessage", \.attachmentsPerMessage, .count, "Files of one message."),
        Limit("nameCharacters", \.nameCharacters, .size, maximum: 1_024, "Characters of a name."),
        Limit("topicCharacters", \.topicCharacters, .size, maximum: 4_096, "Characters of a topic."),
        Limit("nonceBytes", \.nonceBytes, .size, maximum: 1_024, "Bytes of a nonce."),
    ]
}

/// One line of the table of limits.
public struct Limit: Sendable {
    /// What the number measures.
    public enum Kind: String, Sendable, CaseIterable {
        /// How often, and how many at once; 0 in the rate or in its burst is "off" for both.
        case rate
        /// How many; 0 is "off".
        case count
        /// How large; cannot be off.
        case size
        /// How long; cannot be off.
        case duration
    }

    /// The name on the wire and in options.
    public let name: String
    /// Where ``Limits`` holds it.
    public let keyPath: any WritableKeyPath<Limits, Int64> & Sendable
    /// What the number measures.
    public let kind: Kind
    /// The largest value that makes sense (a body must fit into a server frame of 1 MiB when every byte is escaped).
    public let maximum: Int64
    /// What it is for.
    public let text: String

    init(
        _ name: String,
        _ keyPath: any WritableKeyPath<Limits, Int64> & Sendable,
        _ kind: Kind,
        maximum: Int64 = FixedLimits.largestInteger,
        _ text: String
    ) {
        self.name = name
        self.keyPath = keyPath
        self.kind = kind
        self.maximum = maximum
        self.text = text
    }

    /// The value without any setting.
    public var defaultValue: Int64 { Limits()[keyPath: keyPath] }

    /// Whether 0 switches the limit off; otherwise 0 is refused.
    public var zeroIsOff: Bool { kind == .rate || kind == .count }

    /// The limit of a name.
    public static func named(_ name: String) -> Limit? { Limits.all.first { $0.name == name } }
}
