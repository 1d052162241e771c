// A user as others see them.
import ChatProtocol
import GRDB

enum UserRow {
    static let columns = "u.id, u.handle, u.name, u.avatar, u.status"
    static let columnCount = 5

    static func user(_ row: Row, from start: Int = 0) throws -> User {
        User(
            id: try row.id(start),
            handle: row[start + 1],
            name: row[start + 2],
            avatar: row[start + 3],
            status: row[start + 4]
        )
    }
}
