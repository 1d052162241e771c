// Cursors of lists: opaque to clients, the last item's identifier to us.
import ChatCore
import ChatProtocol

enum Cursor {
    /// The cursor behind an item.
    static func text(after id: some EntityID) -> String { "a" + id.description.lowercased() }

    /// The identifier in a query's `cursor`; `nil` if absent. - Throws: `invalid` for what no answer ever gave.
    static func id<ID: EntityID>(in query: Query, _ type: ID.Type = ID.self) throws(ChatError) -> ID? {
        guard let text = try query.text("cursor") else { return nil }
        guard text.first == "a", text == text.lowercased(), let id = ID(text.dropFirst().uppercased()) else {
            throw .invalid("cursor: give the `next` of an earlier answer, or none.")
        }
        return id
    }

    /// A page as it is answered.
    static func page<Item: Sendable>(_ listed: Listed<Item>, id: (Item) -> some EntityID) -> ListPage<Item> {
        ListPage(items: listed.items, next: listed.hasMore ? listed.items.last.map { text(after: id($0)) } : nil)
    }
}
