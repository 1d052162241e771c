// One conversation on one event loop: the order of its events, its latest ones, and who listens here.
import ChatProtocol
import DequeModule

struct Feed: Sendable {
    /// A connection that listens.
    struct Subscriber: Sendable {
        var slot: Int32
        var isBehind: Bool
        var user: UserID
        /// What the connection has; never lowered.
        var position: Int64
    }

    var sequencer: Sequencer<LogEvent>
    var memberCount: Int64
    var subscribers: [Subscriber] = []
    /// The latest events, joined end to end, the last of which ends at the sequencer's position.
    private(set) var ring: Deque<LogEvent> = []
    var isFetching = false
    var hasTimer = false

    static var ringSize: Int { 16 }

    init(position: Int64, memberCount: Int64) {
        sequencer = Sequencer(position: position)
        self.memberCount = memberCount
    }

    mutating func remember(_ event: LogEvent) {
        if let last = ring.last, last.rev != event.after { ring.removeAll() }
        if ring.count == Self.ringSize { ring.removeFirst() }
        ring.append(event)
    }

    func index(of slot: Int32) -> Int? {
        subscribers.firstIndex { $0.slot == slot }
    }

    /// What takes a reader from `since` to `head`, if the ring has all of it and ends exactly there.
    func changes(_ conversation: ConversationID, since: Int64, head: Int64) -> ChangesPage? {
        guard let first = ring.first, let last = ring.last, last.rev == head, first.after <= since else { return nil }
        var page = ChangesPage(conversation: conversation, upTo: head, head: head)
        for event in ring where event.rev > since {
            for message in event.messages {
                page.messages.removeAll { $0.seq == message.seq }
                page.messages.append(message)
            }
            for member in event.members {
                page.members.removeAll { $0.user == member.user }
                page.members.append(member)
            }
            page.row = event.row ?? page.row
        }
        if memberCount > FixedLimits.memberEventMembers { page.members = [] }
        return page
    }
}
