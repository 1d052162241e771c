// Every number of a log is given once, in order, without holes; `sentAt` never runs backwards.
import ChatCore
import ChatProtocol

extension SimChecks {
    static func denseNumbers(_ evidence: SimEvidence) -> [String] {
        var wrong: [String] = []
        var heads: [ConversationID: Int64] = [:]
        var seqs: [ConversationID: Int64] = [:]
        var times: [ConversationID: Int64] = [:]
        var own: [UserID: Int64] = [:]
        for (at, commit) in evidence.history.commits {
            for event in commit.events {
                if event.after != heads[event.conversation] ?? 0 || event.rev <= event.after {
                    wrong.append("(\(event.after), \(event.rev)] follows \(heads[event.conversation] ?? 0) at \(at)")
                }
                heads[event.conversation] = event.rev
                let revs = event.messages.map(\.rev) + event.members.map(\.rev) + (event.row.map { [$0.rev] } ?? [])
                if Set(revs).count != revs.count || revs.contains(where: { $0 <= event.after || $0 > event.rev }) {
                    wrong.append("rows of (\(event.after), \(event.rev)] have revs \(revs)")
                }
                for message in event.messages.sorted(by: { $0.seq < $1.seq }) {
                    let last = seqs[event.conversation] ?? 0
                    if message.seq > last + 1 { wrong.append("seq \(message.seq) follows \(last) at \(at)") }
                    guard message.seq > last else { continue }
                    seqs[event.conversation] = message.seq
                    if message.sentAt < times[event.conversation] ?? 0 { wrong.append("time runs backwards at \(at)") }
                    times[event.conversation] = message.sentAt
                }
            }
            for event in commit.own {
                if event.after != own[event.user] ?? 0 || event.rev <= event.after {
                    wrong.append("own (\(event.after), \(event.rev)] follows \(own[event.user] ?? 0) at \(at)")
                }
                own[event.user] = event.rev
            }
        }
        for log in evidence.log.logs where log.head != heads[log.id] ?? 0 {
            wrong.append("the head of \(log.id) is \(log.head), but \(heads[log.id] ?? 0) was told")
        }
        return wrong
    }
}
