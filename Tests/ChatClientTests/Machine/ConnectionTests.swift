// The life of a connection: opening, greeting, heartbeats, close codes, waiting, tokens.

import ChatProtocol
import Testing

@testable import ChatClient

@Suite("Connection")
struct ConnectionTests {
    @Test("Connecting opens a socket, then says hello with the token and nothing to resume")
    func hello() {
        var client = MachineHarness()
        client.take(.connect(token: "secret"))
        #expect(client.opened)
        #expect(client.delivered == [.connection(.connecting)])
        client.take(.opened(1))
        #expect(client.commands == [.hello(Hello(token: "secret"))])
        client.answer(1, helloReply())
        #expect(client.machine.connection == .online)
        #expect(client.machine.user == alice)
        #expect(client.machine.isSettled)
    }

    @Test("What an old socket says is not heard")
    func oldSocket() {
        var client = MachineHarness.online()
        client.close(nil)
        client.take(.connect(token: nil))
        #expect(client.socket == 2)
        client.take(.closed(1, code: .malformed, reason: ""))
        client.take(.opened(1))
        client.take(.frame(1, .event(.moving(afterMs: 0))))
        #expect(client.actions.isEmpty)
        #expect(client.machine.connection == .connecting)
    }

    /// What a close leads to.
    enum Outcome: Sendable, Equatable {
        case stops(StopReason)
        case asksForToken
        case waits(ClosedRange<Int64>)
    }

    static let backoff = Outcome.waits(500...1_000)

    @Test(
        "A close code says what to do",
        arguments: [
            (4000, "", Outcome.stops(.closed(.malformed, reason: ""))),
            (4001, "", .stops(.closed(.notHello, reason: ""))),
            (4003, "", .stops(.closed(.originNotAllowed, reason: ""))),
            (4010, "elsewhere", .stops(.closed(.tooManyConnections, reason: "elsewhere"))),
            (4099, "", .stops(.closed(CloseCode(rawValue: 4099), reason: ""))),
            (4100, "", .asksForToken),
            (4101, "", .stops(.sessionEnded)),
            (4150, "", .asksForToken),
            (4200, "", backoff),
            (4203, #"{"afterMs":7000}"#, .waits(7_000...7_000)),
            (4204, #"{"afterMs":0}"#, .waits(0...0)),
            (4204, #"{"afterMs":-5}"#, backoff),
            (4204, #"{"afterMs":99999999999}"#, .waits(600_000...600_000)),
            (4201, "no object", backoff),
            (4299, "[1]", backoff),
            (1002, "", backoff),
            (1003, "", backoff),
            (1007, "", backoff),
            (1009, "", backoff),
            (1000, "", backoff),
            (1001, "", backoff),
            (1006, "", backoff),
            (1011, "", backoff),
            (4300, "", backoff),
        ]
    )
    func closes(code: UInt16, reason: String, outcome: Outcome) {
        var client = MachineHarness.online()
        client.now = 1_000
        client.close(code, reason: reason)
        switch outcome {
        case .stops(let reason):
            #expect(client.machine.connection == .stopped(reason))
            #expect(!client.opened)
            client.wait(1_000_000)
            #expect(!client.opened)
        case .asksForToken:
            #expect(client.machine.connection == .needsToken)
            #expect(client.actions.contains(.needToken))
        case .waits(let range):
            guard case .waiting(let until) = client.machine.connection else {
                Issue.record("\(client.machine.connection)")
                return
            }
            #expect(range.contains(until - 1_000))
            #expect(client.machine.armed.map { $0 <= until } == true)
            client.now = until
            client.take(.wake)
            #expect(client.opened)
        }
    }

    @Test("A close without a code is a lost connection")
    func lost() {
        var client = MachineHarness.online()
        client.close(nil)
        guard case .waiting(let until) = client.machine.connection else {
            Issue.record("\(client.machine.connection)")
            return
        }
        #expect((500...1_000).contains(until))
    }

    @Test("The backoff grows to 30 s with jitter, and never leaves 0.5–30 s")
    func backoffGrows() {
        var client = MachineHarness(seed: 3)
        client.take(.connect(token: "t"))
        var waits: [Int64] = []
        for _ in 0..<40 {
            client.take(.failed(client.socket))
            guard case .waiting(let until) = client.machine.connection else { break }
            waits.append(until - client.now)
            client.now = until
            client.take(.wake)
        }
        #expect(waits.count == 40)
        #expect(waits.allSatisfy { (500...30_000).contains($0) })
        #expect(waits[0] <= 1_000)
        #expect(waits[1] <= 2_000)
        #expect(waits[10...].max() ?? 0 > 20_000)
        #expect(waits[10...].min() ?? 0 < 10_000)
        #expect(Set(waits).count > 30)
    }

    @Test("A connection that lived long enough starts the backoff anew")
    func stable() {
        var client = MachineHarness()
        client.take(.connect(token: "t"))
        for _ in 0..<6 {
            client.take(.failed(client.socket))
            client.wait(30_000)
        }
        client.greet(helloReply())
        client.now += 10_000
        client.close(1006)
        guard case .waiting(let until) = client.machine.connection else {
            Issue.record("\(client.machine.connection)")
            return
        }
        #expect(until - client.now <= 1_000)
    }

    @Test("The app's wish to connect ends the wait")
    func connectNow() {
        var client = MachineHarness.online()
        client.close(1006)
        client.take(.connect(token: nil))
        #expect(client.opened)
        client.take(.opened(2))
        guard case .hello(let hello) = client.commands.first else {
            Issue.record("no hello")
            return
        }
        #expect(hello.token == "token")
    }

    @Test("A fresh token goes on; without one, or refused twice, the client stops")
    func tokens() {
        var client = MachineHarness.online()
        client.close(4100)
        client.take(.token("fresh"))
        #expect(client.opened)
        client.take(.opened(2))
        #expect(client.commands == [.hello(Hello(token: "fresh", epoch: "e1", own: 0))])
        client.refuse(client.machine.lastCommand, .unauthenticated)
        #expect(client.machine.connection == .connecting)
        client.close(4100)
        #expect(client.machine.connection == .stopped(.tokenRefused))
        client.take(.connect(token: "signed in again"))
        #expect(client.opened)

        client.close(4100)
        #expect(client.machine.connection == .needsToken)
        client.take(.token(nil))
        #expect(client.machine.connection == .stopped(.tokenRefused))
    }

    @Test("After one heartbeat of silence a ping, after two a new connection")
    func heartbeats() {
        var client = MachineHarness.online()
        #expect(client.machine.armed == 10_000)
        client.wait(24_999)
        #expect(client.commands.isEmpty)
        client.wait(1)
        #expect(client.commands == [.ping])
        client.wait(24_999)
        #expect(client.closedWith == nil)
        client.wait(1)
        #expect(client.closedWith == .goingAway)
        guard case .waiting = client.machine.connection else {
            Issue.record("\(client.machine.connection)")
            return
        }
    }

    @Test("Any frame, and any WebSocket ping, is a sign of life", arguments: [true, false])
    func life(isFrame: Bool) {
        var client = MachineHarness.online()
        client.wait(25_000)
        #expect(client.commands == [.ping])
        client.now = 49_000
        client.take(isFrame ? .frame(1, .event(.presence(users: [:]))) : .heard(1))
        client.wait(1_000)
        #expect(client.closedWith == nil)
        #expect(client.commands.isEmpty)
        client.now = 74_000
        client.take(.wake)
        #expect(client.commands == [.ping])
    }

    @Test("Opening and greeting have a time limit")
    func timeouts() {
        var client = MachineHarness()
        client.take(.connect(token: "t"))
        client.wait(9_999)
        #expect(client.closedWith == nil)
        client.wait(1)
        #expect(client.closedWith == .goingAway)
        client.wait(1_000)
        client.take(.opened(2))
        client.wait(9_999)
        #expect(client.closedWith == nil)
        client.wait(1)
        #expect(client.closedWith == .goingAway)
    }

    @Test("An answer that never comes ends the connection")
    func overdue() {
        var client = MachineHarness.online()
        client.command(.ping)
        for _ in 0..<3 {
            client.now += 9_999
            client.take(.heard(1))
        }
        client.wait(2)
        #expect(client.closedWith == nil)
        client.wait(1)
        #expect(client.closedWith == .goingAway)
    }

    @Test("moving: stay for the time given, then resume elsewhere at once")
    func moving() {
        var client = MachineHarness.following()
        client.event(.moving(afterMs: 3_000))
        #expect(client.actions.contains(.wake(at: 3_000)))
        client.event(messageEvent(4, after: 5, rev: 6))
        #expect(client.replica?.position == 6)
        client.wait(3_000)
        #expect(client.closedWith == .goingAway)
        #expect(client.opened)
        client.take(.opened(2))
        guard case .hello(let hello) = client.commands.first else {
            Issue.record("no hello")
            return
        }
        #expect(hello.resume == [Hello.Position(conversation: room, rev: 6)])
    }

    @Test("A node that closes while it drains is left for the rest of the time it gave")
    func movingClosed() {
        var client = MachineHarness.online()
        client.event(.moving(afterMs: 3_000))
        client.close(4203)
        #expect(client.machine.connection == .waiting(until: 3_000))
    }

    @Test("Disconnecting closes, fails what waits, and keeps the outbox")
    func disconnect() {
        var client = MachineHarness.following()
        client.send("one")
        let history = client.command(.history(conversation: room, bound: .newest, limit: nil))
        client.take(.disconnect)
        #expect(client.closedWith == .normal)
        #expect(client.machine.connection == .offline)
        #expect(client.result(of: history) == .failure(.notConnected))
        #expect(client.machine.outboxCount == 1)
        let ping = client.command(.ping)
        #expect(client.result(of: ping) == .failure(.notConnected))
        client.wait(1_000_000)
        #expect(!client.opened)
    }

    @Test("Something that is no frame ends the connection")
    func malformed() {
        var client = MachineHarness.online()
        client.take(.malformed(1))
        #expect(client.closedWith == .protocolError)
        guard case .waiting = client.machine.connection else {
            Issue.record("\(client.machine.connection)")
            return
        }
    }

    @Test("Standing wishes are told to every new connection")
    func wishes() {
        var client = MachineHarness.online()
        client.command(.open(conversation: room))
        client.command(.presence(watch: [bob], set: nil))
        client.command(.presence(watch: nil, set: .dnd))
        client.command(.state(active: false))
        client.close(1006)
        client.take(.connect(token: nil))
        client.take(.opened(2))
        client.sent = []
        client.answer(client.machine.lastCommand, helloReply())
        #expect(
            client.sent.map(\.command).prefix(3) == [
                .state(active: false), .presence(watch: [bob], set: .dnd), .open(conversation: room),
            ]
        )
    }
}
