// All promises, each judged by a function of its own. A check sees the history and the end, never the code.

package struct SimViolation: Sendable, CustomStringConvertible {
    package var check: String
    package var text: String

    package var description: String { "\(check): \(text)" }
}

enum SimChecks {
    typealias Check = @Sendable (SimEvidence) -> [String]

    static let all: [(name: String, check: Check)] = [
        ("acknowledged once", acknowledgedOnce),
        ("no invention", noInvention),
        ("dense numbers", denseNumbers),
        ("gap-free streams", gapFreeStreams),
        ("nothing after removal", nothingAfterRemoval),
        ("order of sends", orderOfSends),
        ("pages of history", pagesOfHistory),
        ("everything answered", everythingAnswered),
        ("unread", unread),
        ("quiet message", quietMessage),
        ("convergence", convergence),
        ("vacuity", vacuity),
    ]

    /// At most this much is said per check.
    private static let maximumWitnesses = 5

    static func judge(_ evidence: SimEvidence) -> [SimViolation] {
        all.flatMap { name, check in
            check(evidence).prefix(maximumWitnesses).map { SimViolation(check: name, text: $0) }
        }
    }
}
