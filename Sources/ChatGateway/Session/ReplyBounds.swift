// Answers that would not fit a frame are cut: fewer rows, and `more`. A frame holds 1 MiB; a page of long messages, 3 MiB.
import ChatProtocol

enum ReplyBounds {
    /// What an answer's rows may take, with room for the rest of the frame.
    static let bytes = FixedLimits.serverFrameBytes - 65_536
}

extension HistoryPage {
    /// The page, cut at the end that is away from what was asked for.
    func cut(to bytes: Int, _ bound: HistoryBound) -> HistoryPage {
        var page = self
        var size = page.encoded().count
        while size > bytes, page.messages.count > 1 {
            let dropped: Message
            switch bound {
            case .newest, .before: dropped = page.messages.removeFirst()
            case .after, .at: dropped = page.messages.removeLast()
            case .around(let seq):
                let middle = page.messages.firstIndex { $0.seq >= seq } ?? page.messages.count
                dropped = middle * 2 > page.messages.count ? page.messages.removeFirst() : page.messages.removeLast()
            }
            page.more = true
            size -= dropped.encoded().count + 1
        }
        return page
    }
}

extension ChangesPage {
    /// The page, cut at its latest rows: it says how far it goes.
    func cut(to bytes: Int) -> ChangesPage {
        var page = self
        var size = page.encoded().count
        while size > bytes, page.messages.count > 1, let last = page.messages.popLast() {
            size -= last.encoded().count + 1
            page.upTo = last.rev - 1
            page.more = true
        }
        guard page.upTo < upTo else { return page }
        page.members.removeAll { $0.rev > page.upTo }
        if let row = page.row, row.rev > page.upTo { page.row = nil }
        return page
    }
}
