// The answer to `resume`: what changed since the client's positions, as far as 256 KiB go.
package import ChatCore
package import ChatProtocol

package struct Resumption: Sendable {
    /// False after another epoch: the client starts afresh.
    package let isKnownEpoch: Bool
    package private(set) var changes: [ChangesPage] = []
    /// Conversations the user is no longer in.
    package private(set) var gone: [ConversationID] = []
    /// Positions and heads that the latest events did not answer, in the client's order.
    package private(set) var missing: [Hello.Position] = []
    private var heads: [ConversationID: Int64] = [:]
    private var wanted: [(position: Hello.Position, head: Int64)] = []
    private var bytes = 0

    package init(hello: Hello, opening: Opening) {
        isKnownEpoch = hello.epoch.map { $0 == opening.epoch } ?? true
        guard isKnownEpoch else { return }
        for entry in opening.entries { heads[entry.index.conversation] = entry.index.head }
        for position in hello.resume {
            guard let head = heads[position.conversation] else {
                gone.append(position.conversation)
                continue
            }
            if position.rev > head {
                changes.append(
                    ChangesPage(conversation: position.conversation, upTo: head, head: head, reset: true)
                )
            } else if position.rev < head {
                wanted.append((position, head))
            }
        }
    }

    /// Answers from the latest events, where `ring` has what is needed.
    package mutating func answer(_ ring: (ConversationID, _ from: Int64, _ head: Int64) -> ChangesPage?) {
        for (position, head) in wanted {
            if let page = ring(position.conversation, position.rev, head) {
                add(page)
            } else {
                missing.append(position)
            }
        }
        wanted = []
    }

    /// The next position to ask the store about; `nil` when there is none or the answer is full.
    package mutating func next() -> Hello.Position? {
        guard bytes < FixedLimits.bulkBytes, !missing.isEmpty else { return nil }
        return missing.removeFirst()
    }

    /// Adds a page if it fits.
    package mutating func add(_ page: ChangesPage) {
        guard let head = heads[page.conversation] else { return }
        let page = page.cut(at: head)
        let size = page.encoded().count
        guard bytes + size <= FixedLimits.bulkBytes else {
            bytes = FixedLimits.bulkBytes
            return
        }
        bytes += size
        changes.append(page)
    }
}

extension ChangesPage {
    /// The page as it was when the index was read, so that both say the same head: rows that changed since come as
    /// events.
    func cut(at head: Int64) -> ChangesPage {
        var page = self
        page.head = head
        guard page.upTo > head else { return page }
        page.messages.removeAll { $0.rev > head }
        page.members.removeAll { $0.rev > head }
        if let row, row.rev > head { page.row = nil }
        page.upTo = head
        page.more = false
        return page
    }
}
