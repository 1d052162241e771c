// The protocol of one connection: frames and results in, actions out.
import ChatCore
import ChatProtocol
import Testing

@testable import ChatGateway

@Suite("Session")
struct SessionTests {
    static let conversation = "0000000000001"

    static func opened(_ change: (inout Limits) -> Void = { _ in }) -> Session {
        var limits = Limits()
        change(&limits)
        var session = Session(limits: limits)
        _ = session.say(#"{"id":1,"do":"hello","token":"t"}"#)
        _ = session.opened(now: 0)
        return session
    }

    static func send(_ id: Int) -> String {
        #"{"id":\#(id),"do":"send","conversation":"\#(conversation)","nonce":"n\#(id)","body":"x"}"#
    }

    @Test("hello comes first, and is handed over")
    func helloFirst() {
        var session = Session(limits: Limits())
        let actions = session.say(#"{"id":7,"do":"hello","token":"t"}"#)
        #expect(actions == [.hello(id: 7, Hello(token: "t"))])
        #expect(!session.isOpen)
        #expect(session.opened(now: 0).isEmpty)
        #expect(session.isOpen)
    }

    @Test(
        "another command first closes with 4001",
        arguments: [
            #"{"id":1,"do":"ping"}"#, #"{"id":1,"do":"send"}"#, #"{"id":1,"do":"no such"}"#,
        ]
    )
    func notHello(text: String) {
        var session = Session(limits: Limits())
        #expect(session.say(text).closing == .notHello)
        #expect(session.say(#"{"id":2,"do":"hello","token":"t"}"#).isEmpty)
    }

    @Test(
        "a malformed frame closes with 4000",
        arguments: [
            "", "x", "[]", "{}", #"{"id":1}"#, #"{"do":"ping"}"#, #"{"id":"1","do":"ping"}"#,
            #"{"id":1.0,"do":"ping"}"#,
            #"{"id":0,"do":"ping"}"#, #"{"id":1,"do":"ping"} {}"#, #"{"id":1,"id":1,"do":"ping"}"#,
            #"{"id":9007199254740992,"do":"ping"}"#, #"{"id":1,"do":"ping","x":"\ud800"}"#, #"{"id":1,"do":"\u0000"}"#,
        ]
    )
    func malformed(text: String) {
        var session = Self.opened()
        #expect(session.say(text).closing == .malformed)
    }

    @Test("a hello that cannot be read is answered, then closed with 4000")
    func badHello() {
        var session = Session(limits: Limits())
        let actions = session.say(#"{"id":3,"do":"hello","token":5}"#)
        #expect(actions.replies.first?.contains(#""re":3,"error":{"code":"invalid""#) == true)
        #expect(actions.closing == .malformed)
    }

    @Test("a refused hello is answered by its error, then closed")
    func refusedHello() {
        var session = Session(limits: Limits())
        _ = session.say(#"{"id":3,"do":"hello","token":"t"}"#)
        let actions = session.refused(3, .unauthenticated, closing: .sessionEnded)
        #expect(actions.replies.first?.contains(#""code":"unauthenticated""#) == true)
        #expect(actions.closing == .sessionEnded)
    }

    @Test("a second hello is invalid, and the connection goes on")
    func secondHello() {
        var session = Self.opened()
        let actions = session.say(#"{"id":2,"do":"hello","token":"t"}"#)
        #expect(actions.replies.first?.contains(#""code":"invalid""#) == true)
        #expect(actions.closing == nil)
    }

    @Test("no hello in time closes with 4200; later it does nothing")
    func helloTimeout() {
        var silent = Session(limits: Limits())
        #expect(silent.helloTimedOut().closing == .helloTimeout)
        var open = Self.opened()
        #expect(open.helloTimedOut().isEmpty)
    }

    @Test("binary closes with 1003")
    func binary() {
        var session = Self.opened()
        #expect(session.receivedBinary().closing == .unsupportedData)
    }

    @Test("commands that come while hello is answered begin after it, in order")
    func early() {
        var session = Session(limits: Limits())
        _ = session.say(#"{"id":1,"do":"hello","token":"t"}"#)
        #expect(session.say(Self.send(2)).isEmpty)
        #expect(session.say(Self.send(3)).isEmpty)
        #expect(session.opened(now: 0).appended == [2, 3])
    }

    @Test("sends begin at once, changes one by one, bulk reads one by one")
    func lanes() {
        var session = Self.opened()
        #expect(session.say(Self.send(2)).appended == [2])
        #expect(session.say(Self.send(3)).appended == [3])
        let edit = #","do":"edit","conversation":"\#(Self.conversation)","seq":1,"body":"x"}"#
        let history = #","do":"history","conversation":"\#(Self.conversation)"}"#
        #expect(session.say(#"{"id":4"# + edit).performed == [4])
        #expect(session.say(#"{"id":5"# + edit).performed == [])
        #expect(session.say(#"{"id":6"# + history).performed == [6])
        #expect(session.say(#"{"id":7"# + history).performed == [])
        #expect(session.finished([], .change, now: 0).performed == [5])
        #expect(session.finished([], .bulk, now: 0).performed == [7])
    }

    @Test("a choked socket holds back the next bulk read only")
    func choked() {
        var session = Self.opened()
        let history = #","do":"history","conversation":"\#(Self.conversation)"}"#
        #expect(session.say(#"{"id":2"# + history).performed == [2])
        _ = session.say(#"{"id":3"# + history)
        #expect(session.setChoked(true).isEmpty)
        #expect(session.finished([], .bulk, now: 0).performed == [])
        #expect(session.say(Self.send(4)).appended == [4])
        #expect(session.setChoked(false).performed == [3])
    }

    @Test("the 32nd command in work leaves the rest in the socket, until one ends")
    func window() {
        var session = Self.opened { $0.commandsPerSecond = 0 }
        for id in 2..<33 { #expect(!session.say(Self.send(id)).contains(.pause)) }
        #expect(session.say(Self.send(33)).contains(.pause))
        #expect(session.finished([], .send, now: 0).contains(.resume))
    }

    @Test("the pause comes before a command that may end at once")
    func pauseFirst() {
        var session = Self.opened { $0.commandsPerSecond = 0 }
        for id in 2..<33 { _ = session.say(Self.send(id)) }
        #expect(session.say(#"{"id":33,"do":"ping"}"#) == [.pause, .perform(id: 33, .ping, .local)])
        #expect(session.finished([], .local, now: 0).contains(.resume))
    }

    @Test("too many commands are refused with a time, and more of them close with 4202")
    func rate() {
        var session = Self.opened {
            $0.commandsPerSecond = 20
            $0.commandBurst = 3
        }
        for id in 2..<5 { #expect(!session.say(#"{"id":\#(id),"do":"ping"}"#).performed.isEmpty) }
        let refusal = session.say(#"{"id":9,"do":"ping"}"#)
        #expect(refusal.replies.first?.contains(#""code":"rate_limited""#) == true)
        #expect(refusal.replies.first?.contains(#""retryAfterMs":"#) == true)
        var closing: CloseCode?
        for id in 10..<300 where closing == nil { closing = session.say(#"{"id":\#(id),"do":"ping"}"#).closing }
        #expect(closing == .tooManyCommands)
    }

    @Test("with time the bucket fills again")
    func refill() {
        var session = Self.opened {
            $0.commandsPerSecond = 10
            $0.commandBurst = 1
        }
        #expect(!session.say(#"{"id":2,"do":"ping"}"#, now: 1_000).performed.isEmpty)
        #expect(session.say(#"{"id":3,"do":"ping"}"#, now: 1_050).performed.isEmpty)
        #expect(!session.say(#"{"id":4,"do":"ping"}"#, now: 1_100).performed.isEmpty)
    }

    @Test("typing more often than once in three seconds is answered and dropped")
    func typing() {
        var session = Self.opened()
        let text = #"{"id":2,"do":"typing","conversation":"\#(Self.conversation)"}"#
        #expect(!session.say(text, now: 0).performed.isEmpty)
        let second = session.say(text, now: 2_999)
        #expect(second.performed.isEmpty)
        #expect(second.replies == [#"{"re":2,"ok":{}}"#])
        #expect(!session.say(text, now: 3_000).performed.isEmpty)
    }

    @Test(
        "unknown commands and unnamed fields are answered invalid",
        arguments: [
            #"{"id":2,"do":"dance"}"#,
            #"{"id":2,"do":"send","conversation":"0000000000001","nonce":"n","body":"x","sender":"0000000000001"}"#,
            #"{"id":2,"do":"send","conversation":"0000000000001","nonce":"n","body":"x","seq":1}"#,
            #"{"id":2,"do":"send","conversation":"0000000000001","nonce":"n"}"#,
            #"{"id":2,"do":"sync","conversation":"0000000000001","since":1.0}"#,
            #"{"id":2,"do":"sync","conversation":"0000000000001","since":-1}"#,
            #"{"id":2,"do":"history","conversation":"0000000000001","before":1,"after":2}"#,
        ]
    )
    func invalid(text: String) {
        var session = Self.opened()
        let actions = session.say(text)
        #expect(actions.replies.first?.contains(#""code":"invalid""#) == true)
        #expect(actions.closing == nil)
    }

    @Test("a malformed identifier is not found")
    func malformedIdentifier() {
        var session = Self.opened()
        let actions = session.say(#"{"id":2,"do":"sync","conversation":"nope","since":0}"#)
        #expect(actions.replies.first?.contains(#""code":"not_found""#) == true)
    }

    @Test("after the end nothing happens")
    func closed() {
        var session = Self.opened()
        session.closed()
        #expect(session.say(Self.send(2)).isEmpty)
        #expect(session.finished([], .send, now: 0).isEmpty)
        #expect(session.close(.draining, "").isEmpty)
    }
}

extension Session {
    mutating func say(_ text: String, now: Int64 = 0) -> [Action] {
        received(Array(text.utf8), now: now)
    }
}

extension [Session.Action] {
    var replies: [String] {
        compactMap { action in
            guard case .reply(let text) = action else { return nil }
            return String(decoding: text, as: UTF8.self)
        }
    }

    var closing: CloseCode? {
        for case .close(let code, _) in self { return code }
        return nil
    }

    var appended: [Int64] {
        compactMap { action in
            guard case .append(let id, _) = action else { return nil }
            return id
        }
    }

    var performed: [Int64] {
        compactMap { action in
            guard case .perform(let id, _, _) = action else { return nil }
            return id
        }
    }
}
