// What every list takes: a query text where it searches, a page's size, a cursor.
import ChatCore
import ChatProtocol

/// The parameters of a list.
struct ListForm<ID: EntityID>: Sendable {
    /// Empty: everything.
    let query: String
    let after: ID?
    let limit: Int64?

    init(_ call: Call, searches: Bool = true) throws(ChatError) {
        query = searches ? try Self.query(call.query) : ""
        after = try Cursor.id(in: call.query)
        limit = try call.query.limit()
    }

    private static func query(_ query: Query) throws(ChatError) -> String {
        let text = try query.text("query") ?? ""
        guard text.utf8.count <= maximumBytes else { throw .invalid("query: at most \(maximumBytes) bytes.") }
        return text
    }

    private static var maximumBytes: Int { 256 }
}
