// How SQLite runs the queries of accounts and sessions: by an index, without looking at everything.
import ChatTesting
import GRDB
import Testing

@testable import ChatSQLite

struct AccountQuery: Sendable, CustomTestStringConvertible {
    var name: String
    var sql: String
    var index: String

    var testDescription: String { name }

    /// The steps that SQLite would take.
    func plan(_ db: Database) throws -> [String] {
        let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
        // What the values are does not matter to a plan.
        statement.setUncheckedArguments([])
        return try Row.fetchAll(statement).map { $0["detail"] as String }
    }
}

@Suite("Query plans of accounts")
struct AccountQueryPlanTests {
    static let queries = [
        AccountQuery(name: "account of an e-mail", sql: AccountRows.byEmailQuery, index: "sqlite_autoindex_users"),
        AccountQuery(name: "account of a handle", sql: AccountRows.byHandleQuery, index: "sqlite_autoindex_users"),
        AccountQuery(name: "account of a user", sql: AccountRows.byIDQuery, index: "PRIMARY KEY"),
        AccountQuery(name: "people", sql: AccountRows.searchQuery, index: "users_search"),
        AccountQuery(name: "session of a token", sql: SessionRows.tokenQuery, index: "PRIMARY KEY"),
        AccountQuery(name: "live sessions", sql: SessionRows.liveQuery, index: "sessions_live"),
        AccountQuery(name: "session of a connection", sql: SessionRows.aliveQuery, index: "PRIMARY KEY"),
        AccountQuery(
            name: "failures",
            sql: "SELECT count, first_at, last_at FROM sign_in_failures WHERE key = ?",
            index: "PRIMARY KEY"
        ),
    ]

    @Test(arguments: queries)
    func usesItsIndex(_ query: AccountQuery) async throws {
        try await SQLiteWorld.with { world in
            let plan = try await world.store.read { db in try query.plan(db) }
            #expect(plan.allSatisfy { !$0.hasPrefix("SCAN") || $0 == "SCAN CONSTANT ROW" }, "\(plan)")
            #expect(plan.contains { $0.contains(query.index) }, "\(plan)")
        }
    }

    /// Sessions that are over are found by two indexes, one per reason.
    @Test func overdueSessionsAreFoundByIndexes() async throws {
        try await SQLiteWorld.with { world in
            let query = AccountQuery(name: "overdue sessions", sql: SessionRows.overdueQuery, index: "")
            let plan = try await world.store.read { db in try query.plan(db) }
            #expect(plan.contains { $0.contains("sessions_by_end") }, "\(plan)")
            #expect(plan.contains { $0.contains("sessions_by_seen") }, "\(plan)")
            #expect(plan.allSatisfy { !$0.hasPrefix("SCAN sessions") }, "\(plan)")
        }
    }
}
