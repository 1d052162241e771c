// A client of this version in front of a newer server: what it does not know must not cost it the whole frame.

import ChatProtocol
import Testing

@Suite struct NewerServerTests {
    private func frame(_ name: String, _ changes: [(String, String)]) throws -> ServerFrame {
        let fixture = try #require(Fixture.all.first { $0.name == name })
        var source = String(decoding: fixture.bytes, as: UTF8.self)
        for (old, new) in changes {
            #expect(source.contains(old))
            source = source.replacing(old, with: new)
        }
        return try ServerFrame(bytes: utf8(source))
    }

    @Test(arguments: Fixture.of("event") + Fixture.of("reply")) func unknownFieldsAreIgnored(_ fixture: Fixture) throws
    {
        // One more field in every object of the frame.
        func widened(_ json: JSON) -> JSON {
            switch json {
            case .array(let elements): .array(elements.map(widened))
            case .object(let fields):
                .object(fields.map { .init($0.name, widened($0.value)) } + [.init("newInVersion2", .object([]))])
            default: json
            }
        }
        var changed = fixture
        changed.bytes = widened(try JSON(bytes: fixture.bytes)).encoded()
        let recoded = try #require(try changed.recoded())
        // What any JSON object may hold keeps the field; all else is as before.
        if !says(fixture.bytes, "\"settings\"") { #expect(text(recoded) == text(fixture.bytes)) }
    }

    private func says(_ bytes: [UInt8], _ part: String) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(part)
    }

    @Test func unknownWordsBecomeTheLeast() throws {
        guard
            case .event(.joined(_, let row)) = try frame(
                "event.joined",
                [
                    ("\"channel\"", "\"forum\""), ("\"owner\"", "\"founder\""),
                    ("\"level\":\"mentions\"", "\"level\":\"digest\""),
                ]
            )
        else { return #expect(Bool(false)) }
        #expect(row.kind == .group)
        #expect(row.own?.role == .reader)
        #expect(row.own?.level == .all)
        #expect(
            try frame("event.left", [("removed", "expired")]) == frame("event.left", [])
        )
        guard
            case .event(.presence(let users)) = try frame(
                "event.presence",
                [("dnd", "driving"), ("0M4T8Q2N7XA1E", "bot")]
            )
        else { return #expect(Bool(false)) }
        #expect(users.count == 2)
        #expect(users.values.sorted { $0.rawValue < $1.rawValue } == [.away, .online])
    }

    @Test func unknownRowsOfTheOwnLogAreLeftOut() throws {
        guard
            case .event(.own(let after, let rev, let rows)) = try frame("event.own", [("\"reaction\"", "\"bookmark\"")]),
            case .event(.own(_, _, let all)) = try frame("event.own", [])
        else { return #expect(Bool(false)) }
        #expect((after, rev) == (4, 11))
        #expect(rows.count == all.count - 2)
    }

    @Test func unknownEventsKeepTheirInterval() throws {
        let id = try #require(ConversationID("0M4T8Q2N7XA1C"))
        #expect(
            try frame("event.message", [("\"event\":\"message\"", "\"event\":\"poll\"")])
                == .event(.unknown(name: "poll", conversation: id, after: 97, rev: 98))
        )
        #expect(
            try ServerFrame(bytes: utf8(#"{"event":"x","conversation":1,"after":"a","rev":-1}"#))
                == .event(.unknown(name: "x", conversation: nil, after: nil, rev: nil))
        )
    }

    @Test func unknownKindsOfMessagesNeedNoBody() throws {
        let source =
            #"{"conversation":"0M4T8Q2N7XA1C","seq":1,"rev":1,"kind":"call","sender":"0M4T8Q2N7XA1A","nonce":"","sentAt":1,"fallback":"Ada called"}"#
        let message = try Message(bytes: utf8(source))
        #expect(message.kind == "call")
        #expect(message.body.isEmpty)
        #expect(message.fallback == "Ada called")
        #expect(throws: WireError.self) { try Message(bytes: utf8(source.replacing("call\"", with: "text\""))) }
    }

    @Test func rowsForAllCarryNothingOfOneReader() throws {
        let conversation = try Conversation(
            bytes: #require(Fixture.all.first { $0.name == "object.conversation.direct" }).bytes
        )
        let message = try Message(bytes: #require(Fixture.all.first { $0.name == "object.message.mine" }).bytes)
        #expect(conversation.own != nil && conversation.lastMessage?.mine != nil && message.mine != nil)
        let id = conversation.id
        let events: [Event] = [
            .message(conversation: id, after: 1, rev: 2, message: message),
            .conversation(conversation: id, after: 1, rev: 2, row: conversation),
            .changes(conversation: id, after: 1, rev: 2, messages: [message], members: [], row: conversation),
        ]
        for event in events {
            #expect(!says(event.encoded(), "\"mine\""))
            #expect(!says(event.encoded(), "\"own\""))
        }
        #expect(!says(ChangesPage(conversation: id, row: conversation, upTo: 1, head: 1).encoded(), "\"own\""))
        #expect(says(Event.joined(conversation: id, row: conversation).encoded(), "\"own\""))
    }
}
