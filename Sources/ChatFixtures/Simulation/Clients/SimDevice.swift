// A person's device: the client's state machine with a simulated socket and clock, and a record of all that it saw.
import ChatClient
import ChatProtocol

final class SimDevice {
    unowned let world: SimWorld
    let number: Int
    let user: UserID
    let token: String
    let configuration: ClientConfiguration
    private(set) var machine: ClientStateMachine
    private(set) var link: SimLink?
    var random: SimRandom
    private var lastTicket: Ticket = 0
    private var life = 0

    init(
        _ world: SimWorld,
        number: Int,
        user: UserID,
        token: String,
        configuration: ClientConfiguration,
        _ random: SimRandom
    ) {
        self.world = world
        self.number = number
        self.user = user
        self.token = token
        self.configuration = configuration
        self.random = random
        machine = ClientStateMachine(configuration: configuration)
    }

    private var now: Int64 { world.scheduler.now }

    var name: String { "d\(number)" }

    // MARK: - What happens to it

    func take(_ input: ClientInput) {
        for action in machine.handle(input, now: now, random: &random) { perform(action) }
    }

    func connect() { take(.connect(token: token)) }

    /// Asks for something. What it was, when, and how it ended is recorded.
    func ask(_ command: Command) {
        lastTicket += 1
        world.history.invoked(device: number, user, lastTicket, command, at: now)
        take(.command(lastTicket, command))
    }

    func received(_ frame: SimFrame, on link: SimLink) {
        guard link === self.link else { return }
        world.trace.note(now, 1, frame.bytes, "\(name) < \(String(decoding: frame.bytes, as: UTF8.self))")
        guard let decoded = frame.decoded else {
            world.history.received(.malformed, link: link.number, at: now)
            return take(.malformed(link.socket))
        }
        world.history.received(.frame(decoded), link: link.number, at: now)
        take(.frame(link.socket, decoded))
    }

    func closed(_ link: SimLink, _ code: CloseCode?, _ reason: String) {
        guard link === self.link else { return }
        self.link = nil
        world.trace.note(now, 2, [], "\(name) closed \(code.map { "\($0)" } ?? "without a word")")
        world.history.closed(link: link.number, at: now)
        take(.closed(link.socket, code: code, reason: reason))
    }

    /// The app is killed and started again with what it had stored.
    func restart() {
        let snapshot = machine.snapshot
        link?.clientClosed()
        if let link { world.history.closed(link: link.number, at: now) }
        link = nil
        life += 1
        world.history.restarted(device: number, at: now)
        machine = ClientStateMachine(configuration: configuration, snapshot: snapshot)
        let life = life
        world.scheduler.after(random.within(0...1_500)) { [self] in
            if life == self.life { connect() }
        }
    }

    // MARK: - What it does

    private func perform(_ action: ClientAction) {
        switch action {
        case .open(let socket): open(socket)
        case .send(let socket, let frame):
            guard let link, link.socket == socket else { return }
            let bytes = frame.encoded()
            world.trace.note(now, 3, bytes, "\(name) > \(String(decoding: bytes, as: UTF8.self))")
            world.history.sent(frame, link: link.number, at: now)
            link.clientWrote(bytes)
        case .close(let socket, _):
            guard let link, link.socket == socket else { return }
            link.clientClosed()
            world.history.closed(link: link.number, at: now)
            self.link = nil
        case .wake(let time):
            let life = life
            world.scheduler.after(time - now) { [self] in
                if life == self.life { take(.wake) }
            }
        case .needToken:
            // Tokens do not expire here: whoever is refused has been signed out.
            let life = life
            world.scheduler.after(0) { [self] in
                if life == self.life { take(.token(nil)) }
            }
        case .result(let ticket, let result):
            world.history.ended(device: number, ticket, result, at: now)
        case .deliver(let event):
            world.history.delivered(device: number, event, at: now)
        }
    }

    /// Dials a node: one that is up, if there is one.
    private func open(_ socket: SocketID) {
        let life = life
        let up = world.nodes.filter(\.isUp)
        let delay = random.within(world.settings.latencyMs)
        guard let node = random.pick(up) else {
            return world.scheduler.after(delay) { [self] in
                if life == self.life { take(.failed(socket)) }
            }
        }
        let link = SimLink(number: world.nextLink(), device: self, socket: socket, random.fork())
        self.link = link
        node.post(after: delay) { [self] in
            guard life == self.life, self.link === link else { return }
            let connection = node.accept(link)
            link.connection = connection
            connection.begin()
            world.scheduler.after(random.within(world.settings.latencyMs)) { [self] in
                guard life == self.life, self.link === link else { return }
                world.history.opened(link: link.number, device: number, user, node: node.number, at: now)
                take(.opened(socket))
            }
        }
    }
}
