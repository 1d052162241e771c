// The rules of access against the protocol's table of roles, written out case by case.
import ChatCore
import ChatProtocol
import Testing

@Suite("Access")
struct AccessTests {
    /// Columns: who is no member, then reader, member, admin, owner. `y`: granted, `f`: forbidden, `n`: not found,
    /// `-`: cannot be (in direct conversations both are members). `.x.y`: from role x to role y.
    static let table = """
                          direct  group   private public
        look              n-y--   nyyyy   nyyyy   yyyyy
        read              n-y--   nyyyy   nyyyy   nyyyy
        markRead          n-y--   nyyyy   nyyyy   nyyyy
        react             n-y--   nyyyy   nyyyy   nyyyy
        post              n-y--   nfyyy   nfyyy   nfyyy
        mentionAll        n-y--   nfyyy   nffyy   nffyy
        editOwn           n-y--   nfyyy   nfyyy   nfyyy
        editOthers        n-f--   nffff   nffff   nffff
        deleteOwn         n-y--   nfyyy   nfyyy   nfyyy
        deleteOthers      n-f--   nffyy   nffyy   nffyy
        pin               n-y--   nfyyy   nfyyy   nfyyy
        rename            n-f--   nffyy   nffyy   nffyy
        join              n-f--   nyyyy   nyyyy   yyyyy
        leave             n-f--   nyyyy   nyyyy   nyyyy
        add.reader        n-f--   nfyyy   nffyy   nffyy
        add.member        n-f--   nfyyy   nffyy   nffyy
        add.admin         n-f--   nfffy   nfffy   nfffy
        add.owner         n-f--   nfffy   nfffy   nfffy
        set.reader.reader n-f--   nffyy   nffyy   nffyy
        set.reader.member n-f--   nffyy   nffyy   nffyy
        set.reader.admin  n-f--   nfffy   nfffy   nfffy
        set.reader.owner  n-f--   nfffy   nfffy   nfffy
        set.member.reader n-f--   nffyy   nffyy   nffyy
        set.member.member n-f--   nffyy   nffyy   nffyy
        set.member.admin  n-f--   nfffy   nfffy   nfffy
        set.member.owner  n-f--   nfffy   nfffy   nfffy
        set.admin.reader  n-f--   nfffy   nfffy   nfffy
        set.admin.member  n-f--   nfffy   nfffy   nfffy
        set.admin.admin   n-f--   nfffy   nfffy   nfffy
        set.admin.owner   n-f--   nfffy   nfffy   nfffy
        set.owner.reader  n-f--   nfffy   nfffy   nfffy
        set.owner.member  n-f--   nfffy   nfffy   nfffy
        set.owner.admin   n-f--   nfffy   nfffy   nfffy
        set.owner.owner   n-f--   nfffy   nfffy   nfffy
        own.reader        n-f--   nyyyy   nyyyy   nyyyy
        own.member        n-f--   nfyyy   nfyyy   nfyyy
        own.admin         n-f--   nffyy   nffyy   nffyy
        own.owner         n-f--   nfffy   nfffy   nfffy
        remove.reader     n-f--   nffyy   nffyy   nffyy
        remove.member     n-f--   nffyy   nffyy   nffyy
        remove.admin      n-f--   nfffy   nfffy   nfffy
        remove.owner      n-f--   nfffy   nfffy   nfffy
        removeOneself     n-f--   nyyyy   nyyyy   nyyyy
        delete            n-f--   nfffy   nfffy   nfffy
        """

    static let kinds: [(kind: ConversationKind, isPublic: Bool)] = [
        (.direct, false), (.group, false), (.channel, false), (.channel, true),
    ]
    static let roles: [Role?] = [nil, .reader, .member, .admin, .owner]

    @Test(
        "grants exactly what the table of roles grants",
        arguments: AccessTests.table.split(separator: "\n").dropFirst()
    )
    func grantsAsTheTableSays(line: Substring) throws {
        let words = line.split(separator: " ")
        let name = String(words[0])
        try #require(words.count == 5, "\(line)")
        let me = try #require(UserID(rawValue: 1))
        let other = try #require(UserID(rawValue: 2))
        for (column, (kind, isPublic)) in Self.kinds.enumerated() {
            for (role, expected) in zip(Self.roles, words[column + 1]) where expected != "-" {
                let standing = Standing(user: me, role: role, kind: kind, isPublic: isPublic)
                let action = try #require(Self.action(name, me: me, other: other, role: role), "\(name)")
                let refusal = Access.refusal(standing, action)
                let found: Character =
                    switch refusal?.code {
                    case nil: "y"
                    case .forbidden?: "f"
                    case .notFound?: "n"
                    default: "?"
                    }
                #expect(
                    found == expected,
                    "\(name), \(kind)\(isPublic ? " (public)" : ""), \(role.map(\.rawValue) ?? "nobody")"
                )
            }
        }
    }

    @Test("names every combination of roles that can be set")
    func isWhole() {
        let names = Set(Self.table.split(separator: "\n").dropFirst().compactMap { $0.split(separator: " ").first })
        for role in Role.allCases {
            #expect(names.contains("add.\(role.rawValue)"))
            #expect(names.contains("own.\(role.rawValue)"))
            #expect(names.contains("remove.\(role.rawValue)"))
            for to in Role.allCases { #expect(names.contains("set.\(role.rawValue).\(to.rawValue)")) }
        }
    }

    private static func action(_ name: String, me: UserID, other: UserID, role: Role?) -> Action? {
        let words = name.split(separator: ".").map(String.init)
        let named = words.dropFirst().compactMap(Role.init(rawValue:))
        switch (words[0], named.count) {
        case ("look", 0): return .look
        case ("read", 0): return .read
        case ("markRead", 0): return .markRead
        case ("react", 0): return .react
        case ("post", 0): return .post
        case ("mentionAll", 0): return .mentionAll
        case ("editOwn", 0): return .edit(sender: me)
        case ("editOthers", 0): return .edit(sender: other)
        case ("deleteOwn", 0): return .delete(sender: me)
        case ("deleteOthers", 0): return .delete(sender: other)
        case ("pin", 0): return .pin
        case ("rename", 0): return .rename
        case ("join", 0): return .join
        case ("leave", 0): return .leave
        case ("add", 1): return .add(role: named[0])
        case ("set", 2): return .setRole(of: other, from: named[0], to: named[1])
        case ("own", 1): return .setRole(of: me, from: role ?? .member, to: named[0])
        case ("remove", 1): return .remove(other, role: named[0])
        case ("removeOneself", 0): return .remove(me, role: role ?? .member)
        case ("delete", 0): return .deleteConversation
        default: return nil
        }
    }
}
