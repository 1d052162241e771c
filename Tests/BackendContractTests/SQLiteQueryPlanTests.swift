// How SQLite runs the hot queries: by an index, without looking at everything and without sorting.
import ChatTesting
import GRDB
import Testing

@testable import ChatSQLite

struct PlannedQuery: Sendable, CustomTestStringConvertible {
    var name: String
    var sql: String
    var indexes: [String]

    init(name: String, sql: String, index: String...) {
        self.name = name
        self.sql = sql
        indexes = index
    }

    var testDescription: String { name }
}

@Suite("Query plans")
struct SQLiteQueryPlanTests {
    static let queries = [
        PlannedQuery(name: "history", sql: History.query, index: "PRIMARY KEY"),
        PlannedQuery(name: "bucket of a time", sql: History.bucketQuery, index: "buckets_by_time"),
        PlannedQuery(name: "message of a time", sql: History.timeQuery, index: "PRIMARY KEY"),
        PlannedQuery(name: "changed messages", sql: ChangedRows.messagesQuery, index: "messages_by_rev"),
        PlannedQuery(name: "changed members", sql: ChangedRows.membersQuery, index: "members_by_rev"),
        PlannedQuery(name: "changed present members", sql: ChangedRows.presentMembersQuery, index: "members_by_rev"),
        PlannedQuery(name: "own part", sql: OwnPart.query, index: "messages_deleted"),
        PlannedQuery(name: "index of hello", sql: HelloReads.indexQuery, index: "members_by_user", "messages_deleted"),
        PlannedQuery(name: "session of a token", sql: HelloReads.tokenQuery, index: "PRIMARY KEY"),
        PlannedQuery(name: "companions", sql: HelloReads.companionQuery, index: "members_by_user"),
        PlannedQuery(name: "conversation", sql: ConversationView.findQuery, index: "PRIMARY KEY", "messages_deleted"),
        PlannedQuery(
            name: "own conversations",
            sql: ConversationView.listQuery,
            index: "members_by_user",
            "messages_deleted"
        ),
        PlannedQuery(name: "members of a conversation", sql: ConversationView.membersQuery, index: "PRIMARY KEY"),
        PlannedQuery(name: "list of members", sql: Listing.members, index: "PRIMARY KEY"),
        PlannedQuery(name: "search of members", sql: Listing.membersMatching, index: "PRIMARY KEY"),
        PlannedQuery(name: "public channels", sql: Listing.channels, index: "conversations_public"),
        PlannedQuery(name: "own memberships", sql: OwnSyncing.memberships, index: "members_by_own_rev"),
        PlannedQuery(name: "own present memberships", sql: OwnSyncing.presentMemberships, index: "members_by_own_rev"),
        PlannedQuery(name: "own sessions", sql: OwnSyncing.sessions, index: "sessions_by_own_rev"),
        PlannedQuery(name: "own live sessions", sql: OwnSyncing.liveSessions, index: "sessions_by_own_rev"),
        PlannedQuery(name: "own reactions", sql: OwnSyncing.reactions, index: "own_reactions_by_own_rev"),
        PlannedQuery(name: "owners", sql: Transaction.ownersQuery, index: "members_by_role"),
        PlannedQuery(name: "heir", sql: Transaction.heirQuery, index: "members_by_role"),
        PlannedQuery(
            name: "known nonce",
            sql: "SELECT seq, send_hash FROM messages WHERE conversation = ? AND nonce_hash = ?",
            index: "messages_by_nonce"
        ),
        PlannedQuery(
            name: "commits",
            sql: "SELECT cursor, heads, own_heads FROM commits WHERE cursor > ? ORDER BY cursor LIMIT ?",
            index: "PRIMARY KEY"
        ),
    ]

    @Test(arguments: queries)
    func usesItsIndex(_ query: PlannedQuery) async throws {
        try await SQLiteWorld.with { world in
            let plan = try await world.store.read { db in
                let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + query.sql)
                statement.setUncheckedArguments(StatementArguments())
                return try Row.fetchAll(statement).map { $0["detail"] as String }
            }
            #expect(
                plan.allSatisfy { !$0.hasPrefix("SCAN") || $0 == "SCAN CONSTANT ROW" },
                Comment(rawValue: plan.joined(separator: " | "))
            )
            #expect(plan.allSatisfy { !$0.contains("TEMP B-TREE") }, Comment(rawValue: plan.joined(separator: " | ")))
            for index in query.indexes {
                #expect(plan.contains { $0.contains(index) }, Comment(rawValue: plan.joined(separator: " | ")))
            }
        }
    }
}
