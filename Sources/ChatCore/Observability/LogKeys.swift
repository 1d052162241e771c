// The facts a log line may carry, by name. Messages of log lines are constant sentences; what varies goes in here.
// There is no key for bodies, tokens, passwords or e-mail addresses: they are never logged.
package import Logging

/// Names of log metadata: dotted, lower case, the same words as in code and protocol.
package enum LogKey: String, Sendable {
    case addressPeer = "peer.address"
    case batchSize = "batch.size"
    case closeCode = "close.code"
    case command = "command"
    case configurationKey = "configuration.key"
    case connectionID = "connection.id"
    case conversationID = "conversation.id"
    case count = "count"
    case dataFolder = "data.folder"
    case durationMs = "duration.ms"
    case epoch = "epoch"
    case errorCode = "error.code"
    case errorType = "error.type"
    case incidentID = "incident.id"
    case limitName = "limit.name"
    case nodeID = "node.id"
    case port = "port"
    case rev = "rev"
    case route = "route"
    case schemaVersion = "schema.version"
    case seq = "seq"
    case sessionID = "session.id"
    case status = "status"
    case userID = "user.id"
    case version = "version"
    case writer = "writer"
}

extension Logger {
    /// A value of the metadata under a known key.
    package subscript(key: LogKey) -> Logger.Metadata.Value? {
        get { self[metadataKey: key.rawValue] }
        set { self[metadataKey: key.rawValue] = newValue }
    }
}

extension Logger.Metadata {
    /// Metadata from known keys: `logger.info("…", metadata: .keys([.userID: "\(user)"]))`.
    package static func keys(_ pairs: KeyValuePairs<LogKey, Logger.MetadataValue>) -> Logger.Metadata {
        Logger.Metadata(pairs.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { _, last in last })
    }
}
