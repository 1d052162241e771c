// Answers that would not fit a frame: what is left out, and that it is said.
import ChatProtocol
import Testing

@testable import ChatGateway

@Suite("Bounds of replies")
struct ReplyBoundsTests {
    private static func messages() throws -> [Message] {
        let conversation = try #require(ConversationID(rawValue: 1))
        let sender = try #require(UserID(rawValue: 2))
        return (1...20).map { seq in
            Message(
                conversation: conversation,
                seq: seq,
                rev: seq + 1,
                sender: sender,
                nonce: "n\(seq)",
                body: String(repeating: "x", count: 1_000),
                sentAt: 0
            )
        }
    }

    @Test(
        "history loses what is farthest from what was asked for",
        arguments: [
            (HistoryBound.newest, 13...20), (.before(21), 13...20), (.after(0), 1...8), (.at(0), 1...8),
            (.around(10), 6...13),
        ]
    )
    func history(bound: HistoryBound, kept: ClosedRange<Int64>) throws {
        let page = HistoryPage(messages: try Self.messages(), more: false).cut(to: 9_500, bound)
        #expect(page.messages.map(\.seq) == Array(kept))
        #expect(page.more)
        #expect(page.encoded().count <= 9_500)
    }

    @Test("changes say how far they go")
    func changes() throws {
        let messages = try Self.messages()
        var row = ChangesPage(conversation: messages[0].conversation, messages: messages, upTo: 21, head: 21)
        row.members = [
            Member(conversation: messages[0].conversation, user: messages[0].sender, role: .owner, joinedAt: 0, rev: 20)
        ]
        let page = row.cut(to: 9_500)
        #expect(page.messages.map(\.seq) == Array(1...8))
        #expect(page.members.isEmpty)
        #expect(page.upTo == 9)
        #expect(page.more && page.head == 21)
    }

    @Test("what fits stays whole")
    func whole() throws {
        let page = HistoryPage(messages: try Self.messages(), more: false)
        #expect(page.cut(to: ReplyBounds.bytes, .newest) == page)
    }
}
