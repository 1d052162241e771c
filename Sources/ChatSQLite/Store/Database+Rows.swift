// Short ways to run cached statements and to read columns by index.
import ChatProtocol
import Foundation
import GRDB

typealias SQLValue = any DatabaseValueConvertible

extension Database {
    /// Runs a statement that returns no rows.
    func run(_ sql: String, _ arguments: [SQLValue?] = []) throws {
        let statement = try cachedStatement(sql: sql)
        statement.setUncheckedArguments(StatementArguments(arguments))
        try statement.execute()
    }

    /// The first row, read by `body`.
    func first<Value>(_ sql: String, _ arguments: [SQLValue?] = [], _ body: (Row) throws -> Value) throws -> Value? {
        let statement = try cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
        guard let row = try rows.next() else { return nil }
        return try body(row)
    }

    /// All rows, each read by `body`.
    func all<Value>(_ sql: String, _ arguments: [SQLValue?] = [], _ body: (Row) throws -> Value) throws -> [Value] {
        let statement = try cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
        var values: [Value] = []
        while let row = try rows.next() { values.append(try body(row)) }
        return values
    }

    /// The first column of the first row.
    func integer(_ sql: String, _ arguments: [SQLValue?] = []) throws -> Int64? {
        try first(sql, arguments) { $0[0] as Int64? } ?? nil
    }

    /// Whether there is a row.
    func exists(_ sql: String, _ arguments: [SQLValue?] = []) throws -> Bool {
        try first(sql, arguments) { _ in true } ?? false
    }
}

extension Row {
    /// An identifier's column.
    func id<ID: EntityID>(_ index: Int) throws -> ID {
        guard let id = ID(sql: self[index] as Int64) else { throw DamagedRow(column: index) }
        return id
    }
}

extension EntityID {
    /// As it is stored.
    var sql: Int64 { Int64(bitPattern: rawValue) }

    init?(sql: Int64) { self.init(rawValue: UInt64(bitPattern: sql)) }
}

/// A value that this server cannot have written.
struct DamagedRow: Error {
    var column: Int
}

extension [UInt8] {
    /// As a BLOB is bound.
    var asData: Data { Data(self) }
}
