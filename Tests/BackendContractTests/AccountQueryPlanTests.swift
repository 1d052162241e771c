// How SQLite runs the queries of accounts and sessions: by an index, without looking at everything.
import ChatTesting
import GRDB
import Testing

@testable import ChatSQLite

@Suite("Query plans of accounts")
struct AccountQueryPlanTests {
    static let queries = [
        PlannedQuery(name: "account of an e-mail", sql: AccountRows.byEmailQuery, index: "sqlite_autoindex_users"),
        PlannedQuery(name: "account of a handle", sql: AccountRows.byHandleQuery, index: "sqlite_autoindex_users"),
        PlannedQuery(name: "account of a user", sql: AccountRows.byIDQuery, index: "PRIMARY KEY"),
        PlannedQuery(name: "people", sql: AccountRows.searchQuery, index: "users_search"),
        PlannedQuery(name: "session of a token", sql: SessionRows.tokenQuery, index: "PRIMARY KEY"),
        PlannedQuery(name: "live sessions", sql: SessionRows.liveQuery, index: "sessions_live"),
        PlannedQuery(name: "session of a connection", sql: SessionRows.aliveQuery, index: "PRIMARY KEY"),
        PlannedQuery(
            name: "failures",
            sql: "SELECT count, first_at, last_at FROM sign_in_failures WHERE key = ?",
            index: "PRIMARY KEY"
        ),
    ]

    @Test(arguments: queries)
    func usesItsIndex(_ query: PlannedQuery) async throws {
        try await SQLiteWorld.with { world in
            let plan = try await world.store.read { db in
                try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + query.sql).map { $0["detail"] as String }
            }
            #expect(plan.allSatisfy { !$0.hasPrefix("SCAN") || $0 == "SCAN CONSTANT ROW" }, "\(plan)")
            #expect(plan.contains { $0.contains(query.index) }, "\(plan)")
        }
    }

    /// Sessions that are over are found by two indexes, one per reason.
    @Test func overdueSessionsAreFoundByIndexes() async throws {
        try await SQLiteWorld.with { world in
            let plan = try await world.store.read { db in
                try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + SessionRows.overdueQuery).map {
                    $0["detail"] as String
                }
            }
            #expect(plan.contains { $0.contains("sessions_by_end") }, "\(plan)")
            #expect(plan.contains { $0.contains("sessions_by_seen") }, "\(plan)")
            #expect(plan.allSatisfy { !$0.hasPrefix("SCAN sessions") }, "\(plan)")
        }
    }
}
