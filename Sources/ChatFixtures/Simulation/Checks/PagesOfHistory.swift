// A page of history has no holes, is in order, begins and ends where it was asked to, and has what was answered before.
import ChatProtocol

extension SimChecks {
    static func pagesOfHistory(_ evidence: SimEvidence) -> [String] {
        var wrong: [String] = []
        var acknowledged: [ConversationID: [(at: Int64, seq: Int64)]] = [:]
        for sending in evidence.sendings {
            for (at, reply) in sending.acknowledged {
                acknowledged[sending.key.conversation, default: []].append((at, reply.seq))
            }
        }
        for connection in evidence.history.connections {
            for received in connection.received {
                guard case .history(let page, let bound, let conversation, let limit) = SimSeen(received) else {
                    continue
                }
                let known = (acknowledged[conversation] ?? []).filter { $0.at < received.askedAt }.map(\.seq).max() ?? 0
                if let text = judge(page, bound, limit: limit, known: known) {
                    wrong.append("d\(connection.device) at \(received.at), \(bound): \(text)")
                }
            }
        }
        return wrong
    }

    /// - Parameter known: the highest `seq` that had been answered when the page was asked for.
    private static func judge(_ page: HistoryPage, _ bound: HistoryBound, limit: Int64?, known: Int64) -> String? {
        let seqs = page.messages.map(\.seq)
        if zip(seqs, seqs.dropFirst()).contains(where: { $1 != $0 + 1 }) { return "it has \(seqs)" }
        if Int64(seqs.count) > limit ?? Int64(FixedLimits.pageDefault) { return "it is too long" }
        let isFull = Int64(seqs.count) == limit ?? Int64(FixedLimits.pageDefault)
        switch bound {
        case .newest:
            if seqs.last ?? 0 < known { return "it ends at \(seqs.last ?? 0), but \(known) is known" }
            if !isFull, seqs.first ?? 1 != 1 { return "it is not full and begins at \(seqs[0])" }
        case .before(let seq):
            if let last = seqs.last, last != seq - 1, last < known { return "it ends at \(last)" }
            if !isFull, seqs.first ?? 1 != 1 { return "it is not full and begins at \(seqs[0])" }
        case .after(let seq):
            if let first = seqs.first, first != seq + 1 { return "it begins at \(first)" }
            if !isFull, seqs.last ?? seq < known { return "it ends at \(seqs.last ?? seq), but \(known) is known" }
        case .around(let seq):
            if !seqs.contains(seq) { return "it does not have \(seq)" }
        case .at:
            break
        }
        return nil
    }
}
