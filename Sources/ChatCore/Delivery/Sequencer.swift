// Puts steps of a log into order: what comes early waits, what comes late is dropped, what is missing is named.

/// A step of a log, from position `after` to position `rev`.
package protocol LogStep: Sendable {
    var after: Int64 { get }
    var rev: Int64 { get }
}

extension LogEvent: LogStep {}
extension OwnEvent: LogStep {}

/// A position, and the steps beyond it that wait for what comes before them.
struct Sequencer<Step: LogStep>: Sendable {
    /// Everything up to here has been taken.
    private(set) var position: Int64
    /// The highest `rev` heard of.
    private(set) var head: Int64
    /// Beyond a gap, by `rev`.
    private var early: [Step] = []

    /// More than this beyond a gap is dropped and fetched.
    static var maximumEarly: Int { 128 }

    init(position: Int64) {
        self.position = position
        self.head = position
    }

    /// Whether something between the position and the highest `rev` heard of is missing.
    var hasGap: Bool { head > position }

    /// Steps that wait, for when the sequencer is given up.
    var waiting: [Step] { early }

    /// Hears that the log goes at least up to `rev`.
    mutating func hear(_ rev: Int64) {
        head = max(head, rev)
    }

    /// Takes a step. - Returns: the steps that are due now, in order.
    mutating func take(_ step: Step) -> [Step] {
        head = max(head, step.rev)
        guard step.rev > position else { return [] }
        guard step.after <= position else {
            wait(step)
            return []
        }
        position = step.rev
        guard !early.isEmpty else { return [step] }
        var due = [step]
        var index = 0
        while index < early.count, early[index].after <= position {
            if early[index].rev > position {
                position = early[index].rev
                due.append(early[index])
            }
            index += 1
        }
        early.removeFirst(index)
        return due
    }

    private mutating func wait(_ step: Step) {
        guard early.count < Self.maximumEarly else { return }
        let index = early.firstIndex { $0.rev >= step.rev } ?? early.endIndex
        if index < early.endIndex, early[index].rev == step.rev { return }
        early.insert(step, at: index)
    }
}
