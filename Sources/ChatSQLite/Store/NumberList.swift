// Lists of numbers in one BLOB: 8-byte big-endian integers, one after another.
import ChatProtocol
import Foundation

enum NumberList {
    static func encode(_ numbers: some Collection<Int64>) -> Data {
        var data = Data(capacity: numbers.count * 8)
        for number in numbers {
            withUnsafeBytes(of: number.bigEndian) { data.append(contentsOf: $0) }
        }
        return data
    }

    /// The numbers; a rest of fewer than eight bytes is left out.
    static func decode(_ data: Data) -> [Int64] {
        var numbers: [Int64] = []
        numbers.reserveCapacity(data.count / 8)
        var value: UInt64 = 0
        var count = 0
        for byte in data {
            value = value << 8 | UInt64(byte)
            count += 1
            if count == 8 {
                numbers.append(Int64(bitPattern: value))
                value = 0
                count = 0
            }
        }
        return numbers
    }

    /// `nil` for an empty list.
    static func encode(_ ids: [some EntityID]) -> Data? {
        ids.isEmpty ? nil : encode(ids.map(\.sql))
    }

    static func ids<ID: EntityID>(_ data: Data?) -> [ID] {
        guard let data else { return [] }
        return decode(data).compactMap(ID.init(sql:))
    }
}
