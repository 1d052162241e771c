// What several suites of the core's tests need.
import ChatProtocol

/// An identifier of a small number.
func makeID<ID: EntityID>(_ number: UInt64) -> ID {
    guard let id = ID(rawValue: number) else { preconditionFailure("small numbers are identifiers") }
    return id
}
