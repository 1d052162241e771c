// How long a client may take: for a header, for a body, for its next request. A value: events in, deadlines and
// verdicts out; the time is a parameter.
import NIOCore

/// The clock of one HTTP connection.
struct RequestClock {
    /// What is waited for.
    private enum Waiting {
        /// The first header, from the accept on.
        case firstHeader
        /// The rest of a header of which something has come.
        case header
        /// A body: the bytes of the present window, and whether someone wanted them during all of it.
        case body(bytes: Int, wasWanted: Bool)
        /// An answer of ours, with no request being read.
        case answer
        /// The next request, if there is one.
        case request
    }

    enum Verdict: Equatable {
        /// Look again when this much time has passed.
        case lookAgain(TimeAmount)
        /// Answer 408 and close.
        case tooSlow
        /// Close without a word: nothing was asked.
        case hangUp
        /// Nothing is waited for.
        case rest
    }

    private let configuration: ListenerConfiguration
    private var waiting = Waiting.firstHeader
    private var deadline: NIODeadline
    private var hasBytes = false

    init(configuration: ListenerConfiguration, now: NIODeadline) {
        self.configuration = configuration
        self.deadline = now + configuration.headerTimeout
    }

    /// Bytes came, of whatever. True if there is a new deadline.
    mutating func received(_ count: Int, now: NIODeadline) -> Bool {
        self.hasBytes = true
        switch self.waiting {
        case .request, .answer:
            self.waiting = .header
            self.deadline = now + self.configuration.headerTimeout
            return true
        case .body(let bytes, let wasWanted):
            self.waiting = .body(bytes: bytes + count, wasWanted: wasWanted)
            return false
        case .firstHeader, .header:
            return false
        }
    }

    /// A header is complete.
    mutating func headerEnded(now: NIODeadline) {
        self.waiting = .body(bytes: 0, wasWanted: true)
        self.deadline = now + self.configuration.bodyWindow
    }

    /// A request is complete and its answer is awaited from us.
    mutating func requestEnded() {
        self.waiting = .answer
    }

    /// Nothing is outstanding any more. True if there is a new deadline.
    mutating func becameIdle(now: NIODeadline) -> Bool {
        guard case .answer = self.waiting else { return false }
        self.waiting = .request
        self.deadline = now + self.configuration.idleTimeout
        return true
    }

    /// The application does not want bytes now: what does not come is not the client's fault.
    mutating func unwanted() {
        guard case .body(let bytes, _) = self.waiting else { return }
        self.waiting = .body(bytes: bytes, wasWanted: false)
    }

    /// What is to be done now; `isWanted` says whether bytes are wanted at this moment.
    mutating func look(now: NIODeadline, isWanted: Bool) -> Verdict {
        if case .answer = self.waiting { return .rest }
        guard now >= self.deadline else { return .lookAgain(self.deadline - now) }
        switch self.waiting {
        case .firstHeader:
            return self.hasBytes ? .tooSlow : .hangUp
        case .header:
            guard !isWanted else { return .tooSlow }
            // The application holds back a client that sends ahead; that is not the client's slowness.
            self.deadline = now + self.configuration.headerTimeout
            return .lookAgain(self.configuration.headerTimeout)
        case .request:
            return .hangUp
        case .answer:
            return .rest
        case .body(let bytes, let wasWanted):
            guard !wasWanted || bytes >= self.configuration.minBodyBytesPerWindow else { return .tooSlow }
            self.waiting = .body(bytes: 0, wasWanted: isWanted)
            self.deadline = now + self.configuration.bodyWindow
            return .lookAgain(self.configuration.bodyWindow)
        }
    }
}
