// The hub of one event loop, with sockets and stores: performs what the value-type Hub decides.
import ChatCore
import ChatProtocol
import Logging
import Metrics
import NIOCore

/// Confined to its event loop; other threads reach it through its mailbox.
final class LoopHub {
    /// What all loops of a node share.
    struct Node: Sendable {
        var configuration: Gateway.Configuration
        var environment: Environment
        var metrics: NodeMetrics
        var logger: Logger
        var registry: ConnectionRegistry
        var chat: Chat
        var hellos: HelloBatcher
        var presence: PresenceBoard
        var mailboxes: [LoopMailbox]
    }

    let number: Int
    let eventLoop: any EventLoop
    let timers: LoopTimers
    let node: Node
    var hub = Hub()
    /// By slot of the hub.
    private var handlers: [SessionHandler?] = []
    private var reported = Hub.Counts()
    private let allocator = ByteBufferAllocator()
    /// Connections on this loop, those before `hello` too.
    private(set) var connections: [UInt64: SessionHandler] = [:]
    private var connectionNumber: UInt64 = 0

    init(number: Int, eventLoop: any EventLoop, timers: LoopTimers, node: Node) {
        self.number = number
        self.eventLoop = eventLoop
        self.timers = timers
        self.node = node
    }

    var now: Int64 { node.environment.monotonic() }
    var mailbox: LoopMailbox { node.mailboxes[number] }

    /// A name for a new connection.
    func nextKey() -> ConnectionKey {
        connectionNumber += 1
        return ConnectionKey(loop: number, number: connectionNumber)
    }

    // MARK: - Connections

    func add(_ handler: SessionHandler) {
        connections[handler.key.number] = handler
    }

    func remove(_ handler: SessionHandler) {
        connections[handler.key.number] = nil
        guard let slot = handler.slot else { return }
        handlers[Int(slot)] = nil
        hub.disconnect(slot)
    }

    /// Begins delivery to a connection whose `hello` was just answered.
    func open(
        _ handler: SessionHandler,
        _ opening: Opening,
        watch: Watch
    ) -> Int32 {
        let (slot, actions) = hub.open(opening, watch: watch, now: now)
        while handlers.count <= Int(slot) { handlers.append(nil) }
        handlers[Int(slot)] = handler
        perform(actions)
        return slot
    }

    // MARK: - What the hub is told

    func receive(_ commit: Commit) {
        perform(hub.receive(commit, now: now))
    }

    func hear(_ page: CommitLogPage) {
        perform(hub.hear(page.heads, own: page.ownHeads))
    }

    func setCongested(_ slot: Int32, _ isCongested: Bool) {
        perform(hub.setCongested(slot, isCongested))
    }

    func caughtUp(_ slot: Int32, _ conversation: ConversationID, upTo: Int64, watch: Watch) {
        perform(hub.caughtUp(slot, conversation, upTo: upTo, watch: watch))
    }

    func typing(_ user: UserID, in conversation: ConversationID) {
        perform(hub.typing(user, in: conversation))
    }

    /// Tells one connection of people's presence, if it looks.
    func tell(_ users: [UserID: PresenceState], to key: ConnectionKey) {
        guard let handler = connections[key.number], let slot = handler.slot, hub.mayTellPresence(slot) else { return }
        handler.deliver(frame(.presence(users: users)))
    }

    // MARK: - What the hub asks for

    func perform(_ actions: [HubAction]) {
        for action in actions { perform(action) }
        report()
    }

    private func perform(_ action: HubAction) {
        switch action {
        case .send(let event, let slots):
            let frame = frame(event)
            for slot in slots { handlers[Int(slot)]?.deliver(frame) }
        case .close(let slot, let code):
            handlers[Int(slot)]?.close(code, "The session has ended; sign in again.")
        case .fetch(let conversation, let since):
            let messages = node.chat.stores.messages
            run {
                await attempt { () async throws(ChatError) in
                    try await messages.event(conversation: conversation, since: since, limit: FixedLimits.pageMaximum)
                }
            } then: { loop, result in
                loop.perform(loop.hub.fetched(conversation, result, now: loop.now))
            }
        case .fetchOwn(let user, let since):
            let memberships = node.chat.stores.memberships
            run {
                await attempt { () async throws(ChatError) in
                    try await memberships.ownChanges(of: user, since: since, limit: FixedLimits.pageMaximum)
                }
            } then: { loop, result in
                loop.perform(loop.hub.fetchedOwn(user, since: since, result, now: loop.now))
            }
        case .loadJoined(let user, let conversation, let watch):
            let memberships = node.chat.stores.memberships
            run {
                await attempt { () async throws(ChatError) in
                    try await memberships.joined(user, conversation: conversation)
                }
            } then: { loop, result in
                loop.perform(loop.hub.loaded(user, conversation, result, watch: watch, now: loop.now))
            }
        case .timer(let timer, let afterMs):
            let mailbox = self.mailbox
            eventLoop.scheduleTask(in: .milliseconds(afterMs)) {
                mailbox.post { loop in loop.perform(loop.hub.fired(timer, now: loop.now)) }
            }
        }
    }

    /// Runs something that waits, and comes back to the loop with what it found. Ends with the store's answer.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable () async -> Value,
        then finish: @escaping @Sendable (LoopHub, Value) -> Void
    ) {
        let mailbox = self.mailbox
        Task {
            let value = await body()
            mailbox.post { loop in finish(loop, value) }
        }
    }

    /// An event as a whole frame, encoded once for all who get it.
    private func frame(_ event: Event) -> ByteBuffer {
        let text = event.encoded()
        var buffer = allocator.buffer(capacity: FrameEncoding.headerBytes(payloadBytes: text.count) + text.count)
        FrameEncoding.writeHeader(.text, payloadBytes: text.count, into: &buffer)
        buffer.writeBytes(text)
        return buffer
    }

    private func report() {
        let counts = hub.counts
        guard counts != reported else { return }
        let metrics = node.metrics
        metrics.deliveries.increment(by: counts.deliveries - reported.deliveries)
        metrics.feedGaps.increment(by: counts.gaps - reported.gaps)
        metrics.behind.increment(by: counts.behind - reported.behind)
        metrics.ephemeraDropped.increment(by: counts.droppedEphemera - reported.droppedEphemera)
        reported = counts
    }
}

@available(*, unavailable)
extension LoopHub: Sendable {}
