// How rows of the own log are written: the `type` first, then the key and the whole state.

extension OwnRow: JSONEncodable {
    /// Writes a row.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        switch self {
        case .membership(let row):
            writer.field("type", "membership")
            writer.field("rev", row.rev)
            writer.field("conversation", row.conversation)
            row.state.writeFields(to: &writer)
            writer.flag("left", row.left)
        case .settings(let row):
            writer.field("type", "settings")
            writer.field("rev", row.rev)
            writer.field("user", row.user)
            writer.field("settings", row.values)
        case .session(let row):
            writer.field("type", "session")
            writer.field("rev", row.rev)
            writer.field("id", row.id)
            writer.optional("device", row.device)
            writer.field("createdAt", row.createdAt)
            writer.flag("ended", row.ended)
        case .reaction(let row):
            writer.field("type", "reaction")
            writer.field("rev", row.rev)
            writer.field("conversation", row.conversation)
            writer.field("seq", row.seq)
            writer.field("mine", row.mine)
        }
        writer.endObject()
    }

    /// Reads a row; `nil` for types of a newer server.
    static func read(_ json: JSON) throws(WireError) -> OwnRow? {
        var fields = try JSONObjectReader(json, "own row")
        switch try fields.string("type") {
        case "membership":
            let rev = try fields.integer("rev")
            let conversation: ConversationID = try fields.id("conversation")
            let state = try OwnState(reading: &fields)
            let left = try fields.flag("left")
            return .membership(Membership(rev: rev, conversation: conversation, state: state, left: left))
        case "settings":
            let rev = try fields.integer("rev")
            let user = try fields.value("user", of: User.self)
            return .settings(Settings(rev: rev, user: user, values: fields.value("settings") ?? .object([])))
        case "session":
            return .session(
                SessionRow(
                    rev: try fields.integer("rev"),
                    id: try fields.id("id"),
                    device: try fields.optionalString("device"),
                    createdAt: try fields.integer("createdAt"),
                    ended: try fields.flag("ended")
                )
            )
        case "reaction":
            return .reaction(
                ReactionRow(
                    rev: try fields.integer("rev"),
                    conversation: try fields.id("conversation"),
                    seq: try fields.integer("seq"),
                    mine: try fields.optionalStrings("mine") ?? []
                )
            )
        default:
            return nil
        }
    }

    /// Reads the rows of a page or event, leaving out types of a newer server: the position moves all the same.
    static func readList(_ fields: inout JSONObjectReader) throws(WireError) -> [OwnRow] {
        guard let elements = try fields.optionalArray("rows") else { throw fields.failure("rows", "is missing") }
        var rows: [OwnRow] = []
        rows.reserveCapacity(elements.count)
        for element in elements {
            if let row = try read(element) { rows.append(row) }
        }
        return rows
    }
}
