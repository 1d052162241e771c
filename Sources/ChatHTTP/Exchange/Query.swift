// The query of a request, as strict as a body: integers are integers, nothing is said twice.
import ChatCore
import ChatProtocol

/// The parameters behind the "?".
struct Query: Sendable {
    private let pairs: [(name: String, value: Substring)]

    init(_ text: String?) {
        pairs = (text ?? "").split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            // A name that cannot be read is none that is asked for.
            return (PercentDecoding.decode(parts[0], plusIsSpace: true) ?? "", parts.count > 1 ? parts[1] : "")
        }
    }

    /// A text; `nil` if absent. - Throws: `invalid` if it is malformed or given twice.
    func text(_ name: String) throws(ChatError) -> String? {
        let values = pairs.filter { $0.name == name }
        guard let value = values.first?.value else { return nil }
        guard values.count == 1 else { throw .invalid("\(name): give it once.") }
        guard let text = PercentDecoding.decode(value, plusIsSpace: true) else {
            throw .invalid("\(name): is not percent-encoded UTF-8.")
        }
        return text
    }

    /// An integer from 0 to 2^53 − 1; `nil` if absent.
    func integer(_ name: String) throws(ChatError) -> Int64? {
        guard let text = try text(name) else { return nil }
        guard let number = Integers.parse(text) else {
            throw .invalid("\(name): give an integer from 0 to 2^53 - 1.")
        }
        return number
    }

    /// The size of a page; `nil` if absent. - Throws: `invalid` below 1.
    func limit() throws(ChatError) -> Int64? {
        let limit = try integer("limit")
        // The rule itself is the core's; it is asked here because form comes first.
        _ = try Chat.limit(limit)
        return limit
    }
}

enum Integers {
    /// An integer from 0 to 2^53 − 1 in its one spelling.
    static func parse(_ text: String) -> Int64? {
        let digits = text.utf8
        guard (1...16).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.first != 0x30 || digits.count == 1, let number = Int64(text), number <= FixedLimits.largestInteger
        else { return nil }
        return number
    }
}
