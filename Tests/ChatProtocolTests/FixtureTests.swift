// Every example of the protocol is read and written again byte for byte, and everything there is has an example.

import ChatProtocol
import Testing

@Suite struct FixtureTests {
    @Test(arguments: Fixture.all) func isWrittenAsItWasRead(_ fixture: Fixture) throws {
        let recoded = try #require(try fixture.recoded(), "nobody knows what this is an example of")
        #expect(text(recoded) == text(fixture.bytes))
        #expect(recoded == fixture.bytes)
    }

    @Test(arguments: Fixture.all) func isWrittenAsItWasReadAsPlainJSON(_ fixture: Fixture) throws {
        #expect(try JSON(bytes: fixture.bytes).encoded() == fixture.bytes)
    }

    @Test func everyCommandHasAnExampleAndAReply() throws {
        var seen: Set<Int> = []
        var names: Set<String> = []
        for fixture in Fixture.of("command") {
            let command = try CommandFrame(bytes: fixture.bytes).command
            #expect(fixture.subject.hasPrefix(command.name))
            seen.insert(number(command))
            names.insert(command.name)
        }
        #expect(seen == Set(0..<24))
        let answered = Set(Fixture.of("reply").map { String($0.subject.prefix { $0 != "." }) })
        #expect(answered == names)
    }

    @Test func everyEventHasAnExample() throws {
        var seen: Set<Int> = []
        for fixture in Fixture.of("event") {
            guard case .event(let event) = try ServerFrame(bytes: fixture.bytes) else {
                Issue.record("\(fixture.name) is no event")
                continue
            }
            seen.insert(number(event))
            if case .unknown = event { continue }
            #expect(fixture.subject.hasPrefix(event.name))
        }
        #expect(seen == Set(0..<14))
    }

    @Test func everyErrorHasAnExample() throws {
        for code in ErrorCode.allKnown {
            let reply = try #require(Fixture.all.first { $0.name == "error.reply.\(code)" })
            guard case .reply(let frame) = try ServerFrame(bytes: reply.bytes), case .failure(let error) = frame.result
            else {
                Issue.record("\(reply.name) is no refusal")
                continue
            }
            #expect(error.code == code)
            let example = try #require(Fixture.all.first { $0.name == "error.problem.\(code)" })
            let problem = try Problem(bytes: example.bytes)
            #expect(problem == Problem(code: code, detail: "What to do.", retryAfterMs: problem.retryAfterMs))
        }
    }

    @Test func everyTypeOfOwnRowHasAnExample() throws {
        let example = try #require(Fixture.all.first { $0.name == "event.own" })
        guard case .event(.own(_, _, let rows)) = try ServerFrame(bytes: example.bytes) else {
            Issue.record("event.own is something else")
            return
        }
        let seen = Set(
            rows.map { row in
                switch row {
                case .membership: 0
                case .settings: 1
                case .session: 2
                case .reaction: 3
                }
            }
        )
        #expect(seen == Set(0..<4))
    }

    // A new case breaks the build here and is then missed above until it has an example.
    private func number(_ command: Command) -> Int {
        switch command {
        case .hello: 0
        case .index: 1
        case .conversations: 2
        case .sync: 3
        case .syncOwn: 4
        case .history: 5
        case .send: 6
        case .edit: 7
        case .delete: 8
        case .react: 9
        case .unreact: 10
        case .pin: 11
        case .unpin: 12
        case .read: 13
        case .open: 14
        case .typing: 15
        case .presence: 16
        case .state: 17
        case .create: 18
        case .join: 19
        case .leave: 20
        case .member: 21
        case .remove: 22
        case .ping: 23
        }
    }

    private func number(_ event: Event) -> Int {
        switch event {
        case .message: 0
        case .member: 1
        case .conversation: 2
        case .changes: 3
        case .skip: 4
        case .joined: 5
        case .left: 6
        case .behind: 7
        case .own: 8
        case .read: 9
        case .typing: 10
        case .presence: 11
        case .moving: 12
        case .unknown: 13
        }
    }
}
