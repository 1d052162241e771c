// Protocol/codes.json, which other languages read, says what the Swift tables say.

import ChatProtocol
import Foundation
import Testing

@Suite struct CodesTests {
    private func table() throws -> JSON {
        try JSON(bytes: Data(contentsOf: Fixture.protocolFolder.appendingPathComponent("codes.json")))
    }

    private func rows(_ name: String) throws -> [JSON] {
        guard case .array(let rows) = try table()[name] else { throw WireError(.invalid, "\(name) is no array") }
        return rows
    }

    @Test func errorsAreTheSameInTheFile() throws {
        let expected = ErrorCode.allKnown.map { code in
            JSON.object([
                .init("name", .string(code.rawValue)), .init("status", .integer(Int64(code.httpStatus))),
                .init("retry", .string(code.retry.rawValue)), .init("text", .string(code.text)),
            ])
        }
        #expect(try rows("errors") == expected)
    }

    @Test func closesAreTheSameInTheFile() throws {
        let expected = CloseCode.allKnown.map { code in
            JSON.object([
                .init("number", .integer(Int64(code.rawValue))), .init("name", .string(code.name)),
                .init("action", .string(code.action.rawValue)), .init("text", .string(code.text)),
            ])
        }
        #expect(try rows("closes") == expected)
    }

    @Test func rangesOfTheFileSayWhatSwiftDoes() throws {
        let ranges = try rows("ranges")
        #expect(try table()["otherwise"] == .string("backoff"))
        let closes = try rows("closes")
        for number in UInt16(0)...5_000 {
            let range = ranges.first { row in
                guard case .integer(let from) = row["from"], case .integer(let to) = row["to"] else { return false }
                return (from...to).contains(Int64(number))
            }
            let named = closes.first { $0["number"] == .integer(Int64(number)) }
            let action = CloseCode(rawValue: number).action.rawValue
            #expect((range?["action"] ?? named?["action"] ?? .string("backoff")) == .string(action), "\(number)")
        }
    }

    @Test func errorsHaveTheStatusOfTheProtocol() {
        let statuses = [400, 413, 401, 403, 404, 409, 429, 410, 503, 504, 500]
        let words = [
            "invalid", "too_large", "unauthenticated", "forbidden", "not_found", "conflict", "rate_limited", "gone",
            "unavailable", "unknown", "internal",
        ]
        #expect(ErrorCode.allKnown.map(\.httpStatus) == statuses)
        #expect(ErrorCode.allKnown.map(\.rawValue) == words)
    }

    @Test func codesOfNewerServersAreKept() {
        let code = ErrorCode(rawValue: "out_of_tea")
        #expect(code.rawValue == "out_of_tea")
        #expect(code.httpStatus == 500)
        #expect(code.retry == .no)
        #expect(CloseCode(rawValue: 4_050).action == .stop)
        #expect(CloseCode(rawValue: 4_150).action == .signIn)
        #expect(CloseCode(rawValue: 4_250).action == .resume)
        #expect(CloseCode(rawValue: 4_300).action == .backoff)
        #expect(CloseCode(rawValue: 3_000).name == "unknown")
    }

    @Test func namesAndNumbersAreUnique() {
        #expect(Set(CloseCode.allKnown).count == CloseCode.allKnown.count)
        #expect(Set(CloseCode.allKnown.map(\.name)).count == CloseCode.allKnown.count)
        #expect(CloseCode.allKnown.map(\.rawValue) == CloseCode.allKnown.map(\.rawValue).sorted())
        #expect(CloseCode.allKnown.allSatisfy { $0.text.utf8.count <= 123 })
        #expect(Set(ErrorCode.allKnown).count == ErrorCode.allKnown.count)
    }
}
