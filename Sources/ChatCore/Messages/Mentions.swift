// Who a body names: `<@userID>` and `<@all>`.
package import ChatProtocol

package enum Mentions {
    /// Users in order of first naming, at most `limit` (0: no limit); what exceeds it stays text.
    package static func parse(_ body: String, limit: Int64) -> (users: [UserID], all: Bool) {
        var users: [UserID] = []
        var all = false
        let bytes = body.utf8
        var position = bytes.startIndex
        while let start = bytes[position...].firstIndex(of: UInt8(ascii: "<")) {
            position = bytes.index(after: start)
            guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "@") else { continue }
            let nameStart = bytes.index(after: position)
            // 13 characters of an identifier, or "all", then ">".
            let window = bytes[nameStart...].prefix(14)
            guard let end = window.firstIndex(of: UInt8(ascii: ">")) else { continue }
            let name = bytes[nameStart..<end]
            if name.elementsEqual("all".utf8) {
                all = true
            } else if let value = CrockfordBase32.decode(name), let user = UserID(rawValue: value),
                !users.contains(user)
            {
                if limit == 0 || users.count < limit { users.append(user) }
            }
            position = bytes.index(after: end)
        }
        return (users, all)
    }
}
