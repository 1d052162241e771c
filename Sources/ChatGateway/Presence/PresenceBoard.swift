// Who can be reached, and who wants to know: changes are gathered for a second and told once.
import ChatProtocol
import Synchronization

final class PresenceBoard: Sendable {
    private struct Person: Sendable {
        var connections = 0
        var chosen: PresenceState = .online
        var watchers: Set<ConnectionKey> = []
        /// What the watchers were last told.
        var told: PresenceState = .offline

        var state: PresenceState { connections > 0 ? chosen : .offline }
        var isForgotten: Bool { connections == 0 && watchers.isEmpty && told == .offline }
    }

    private struct State: Sendable {
        var people: [UserID: Person] = [:]
        var watched: [ConnectionKey: [UserID]] = [:]
        var changed: Set<UserID> = []
        var isTicking = false
    }

    private let state = Mutex(State())
    /// Asks for ``tick()`` after a second.
    private let schedule: @Sendable () -> Void

    init(schedule: @escaping @Sendable () -> Void) {
        self.schedule = schedule
    }

    func connected(_ user: UserID) {
        change(user) { $0.connections += 1 }
    }

    func disconnected(_ user: UserID, _ key: ConnectionKey) {
        watch([], by: key)
        change(user) { person in
            person.connections -= 1
            if person.connections == 0 { person.chosen = .online }
        }
    }

    /// Sets one's own state; `offline` cannot be chosen.
    func set(_ user: UserID, _ chosen: PresenceState) {
        change(user) { $0.chosen = chosen }
    }

    /// Replaces the connection's list. - Returns: how those people can be reached now.
    @discardableResult
    func watch(_ users: [UserID], by key: ConnectionKey) -> [UserID: PresenceState] {
        state.withLock { state in
            for user in state.watched[key] ?? [] {
                state.people[user]?.watchers.remove(key)
                Self.tidy(user, &state)
            }
            state.watched[key] = users.isEmpty ? nil : users
            var states: [UserID: PresenceState] = [:]
            for user in users {
                var person = state.people[user] ?? Person()
                // A change that the others still wait for is told to all of them; once more does no harm.
                if person.watchers.isEmpty { person.told = person.state }
                person.watchers.insert(key)
                states[user] = person.state
                state.people[user] = person
            }
            return states
        }
    }

    /// What changed since the last tick, by connection.
    func tick() -> [ConnectionKey: [UserID: PresenceState]] {
        state.withLock { state in
            state.isTicking = false
            var news: [ConnectionKey: [UserID: PresenceState]] = [:]
            for user in state.changed {
                guard let person = state.people[user], person.state != person.told else { continue }
                for watcher in person.watchers { news[watcher, default: [:]][user] = person.state }
                state.people[user]?.told = person.state
                Self.tidy(user, &state)
            }
            state.changed = []
            return news
        }
    }

    private func change(_ user: UserID, _ body: @Sendable (inout Person) -> Void) {
        let mustTick = state.withLock { state in
            body(&state.people[user, default: Person()])
            let person = state.people[user] ?? Person()
            guard !person.watchers.isEmpty else {
                state.people[user]?.told = person.state
                Self.tidy(user, &state)
                return false
            }
            state.changed.insert(user)
            defer { state.isTicking = true }
            return !state.isTicking
        }
        if mustTick { schedule() }
    }

    private static func tidy(_ user: UserID, _ state: inout State) {
        if state.people[user]?.isForgotten == true { state.people[user] = nil }
    }
}
