// Who is connected to this node: for the limits per user and per address.
import ChatProtocol
import Synchronization

/// Names a connection within a node, for ever.
struct ConnectionKey: Sendable, Hashable {
    /// The event loop's number.
    var loop: Int
    var number: UInt64
}

/// An open connection as other threads may see it.
final class ConnectionRecord: Sendable {
    let key: ConnectionKey
    /// When it last said something, on the monotonic clock.
    let lastActive: Atomic<Int64>

    init(key: ConnectionKey, now: Int64) {
        self.key = key
        lastActive = Atomic(now)
    }
}

final class ConnectionRegistry: Sendable {
    private struct State: Sendable {
        var users: [UserID: [ConnectionRecord]] = [:]
        var addresses: [String: Int] = [:]
        var open = 0
    }

    private let state = Mutex(State())

    /// Open WebSockets, those before `hello` too.
    var openCount: Int { state.withLock { $0.open } }

    /// Counts a WebSocket of an address; false if it has too many (0: no limit).
    func enter(_ address: String, limit: Int64) -> Bool {
        state.withLock { state in
            let count = state.addresses[address, default: 0]
            guard limit == 0 || count < limit else { return false }
            state.addresses[address] = count + 1
            state.open += 1
            return true
        }
    }

    func exit(_ address: String) {
        state.withLock { state in
            state.open -= 1
            let count = state.addresses[address, default: 1] - 1
            state.addresses[address] = count > 0 ? count : nil
        }
    }

    /// Enters a user's connection. - Returns: the longest-idle one that must make place, if there are too many.
    func enter(_ record: ConnectionRecord, of user: UserID, limit: Int64) -> ConnectionKey? {
        state.withLock { state in
            var records = state.users[user, default: []]
            var victim: ConnectionKey?
            if limit > 0, records.count >= limit,
                let idlest = records.indices.min(by: { left, right in
                    records[left].lastActive.load(ordering: .relaxed)
                        < records[right].lastActive.load(ordering: .relaxed)
                })
            {
                victim = records[idlest].key
                records.remove(at: idlest)
            }
            records.append(record)
            state.users[user] = records
            return victim
        }
    }

    func exit(_ key: ConnectionKey, of user: UserID) {
        state.withLock { state in
            state.users[user]?.removeAll { $0.key == key }
            if state.users[user]?.isEmpty == true { state.users[user] = nil }
        }
    }
}
