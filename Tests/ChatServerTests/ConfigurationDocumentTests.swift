// The document for operators says what there is: every option, its variable, its default.
import ChatServer
import Foundation
import Testing

@Suite("Configuration: the document")
struct ConfigurationDocumentTests {
    @Test("docs/operations.md lists every option of serve with its default, and no other")
    func options() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/operations.md"), encoding: .utf8)
        let rows = text.matches(of: /(?m)^\| `(--[a-z-]+) ([^`]+)` \| ([^|]+) \| (.+) \|$/)
        #expect(rows.map { String($0.1) } == Setting.options.map(\.option))
        for (row, setting) in zip(rows, Setting.options) {
            #expect(row.2.replacing("\\", with: "") == setting.placeholder, "\(setting.name)")
            #expect(row.3.replacing("`", with: "") == setting.fallback, "\(setting.name)")
        }
    }
}
