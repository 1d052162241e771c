// What one connection sees of one log: each interval once, in order, joined end to end, from the snapshot on; nothing
// while it is behind, nothing after `left`.
import ChatProtocol

extension SimChecks {
    private struct Stream {
        var position: Int64
        var isBehind = false
    }

    static func gapFreeStreams(_ evidence: SimEvidence) -> [String] {
        evidence.history.connections.flatMap { connection in
            judge(connection).map { "d\(connection.device), connection \(connection.number): \($0)" }
        }
    }

    private static func judge(_ connection: SimHistory.Connection) -> [String] {
        var wrong: [String] = []
        var streams: [ConversationID: Stream] = [:]
        var own: Int64 = 0
        for received in connection.received {
            switch SimSeen(received) {
            case .hello(let reply):
                own = reply.own
                for entry in reply.index { streams[entry.conversation] = Stream(position: entry.head) }
                for page in reply.changes ?? [] where !page.more {
                    let position = max(page.upTo, streams[page.conversation]?.position ?? 0)
                    streams[page.conversation]?.position = position
                }
            case .changes(let page):
                guard !page.more, streams[page.conversation]?.isBehind == true else { continue }
                let position = max(page.upTo, streams[page.conversation]?.position ?? 0)
                streams[page.conversation] = Stream(position: position)
            case .event(.own(let after, let rev, let rows)):
                let isMarker = after == rev && rows.isEmpty
                if !isMarker, after > own { wrong.append("own (\(after), \(rev)] after \(own) at \(received.at)") }
                if rev <= own { wrong.append("own (\(after), \(rev)] again after \(own) at \(received.at)") }
                own = max(own, rev)
            case .event(let event):
                if let text = take(event, &streams) { wrong.append("\(text) at \(received.at)") }
            default:
                break
            }
        }
        return wrong
    }

    private static func take(_ event: Event, _ streams: inout [ConversationID: Stream]) -> String? {
        switch event {
        case .joined(let conversation, let row):
            defer { streams[conversation] = Stream(position: row.head) }
            return streams[conversation] == nil ? nil : "joined where it was already"
        case .left(let conversation, let rev, _):
            let former = streams.removeValue(forKey: conversation)
            return former == nil ? "left \(rev) where it was not" : nil
        case .behind(let conversation, _):
            guard streams[conversation] != nil else { return "behind where it was not" }
            streams[conversation]?.isBehind = true
            return nil
        case .message(let conversation, let after, let rev, _), .member(let conversation, let after, let rev, _),
            .conversation(let conversation, let after, let rev, _), .skip(let conversation, let after, let rev),
            .changes(let conversation, let after, let rev, _, _, _):
            guard let stream = streams[conversation] else { return "(\(after), \(rev)] of what it is not in" }
            streams[conversation]?.position = max(stream.position, rev)
            if stream.isBehind { return "(\(after), \(rev)] while behind" }
            if after > stream.position { return "a gap: (\(after), \(rev)] after \(stream.position)" }
            return rev <= stream.position ? "(\(after), \(rev)] again after \(stream.position)" : nil
        default:
            return nil
        }
    }
}
