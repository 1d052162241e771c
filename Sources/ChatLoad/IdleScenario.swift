// Many connections that say nothing: what an authenticated connection costs in memory.
import ChatClient
import ChatProtocol

/// Connections of people who are in some conversations each, and wait.
package struct IdleScenario: Sendable {
    package var connections: Int
    package var users: Int
    /// Conversations of each user.
    package var conversations: Int
    package var groupSize: Int
    /// Connections opened per second.
    package var pace: Int
    /// How long they are held.
    package var seconds: Double

    package init(connections: Int, users: Int, conversations: Int, groupSize: Int, pace: Int, seconds: Double) {
        self.connections = connections
        self.users = users
        self.conversations = conversations
        self.groupSize = groupSize
        self.pace = pace
        self.seconds = seconds
    }

    package func run(_ target: LoadTarget, progress: @escaping @Sendable (String) -> Void) async throws -> LoadReport {
        progress("signing up \(users) people")
        let people = try await target.signUp(users) { _ in }
        progress("making their conversations")
        try await target.makeGroups(people, each: conversations, size: groupSize) { _ in }
        let before = try await ServerFigures.read(target)
        let clock = ContinuousClock()
        let start = clock.now
        let opened = try await withThrowingTaskGroup(of: (ChatClient, Duration).self) { group in
            for number in 0..<connections {
                try await clock.sleep(until: start + .seconds(Double(number) / Double(pace)))
                if number.isMultiple(of: 1_000) { progress("\(number) connections") }
                let person = people[number % people.count]
                group.addTask {
                    let begun = clock.now
                    let client = try await target.connect(person)
                    return (client, begun.duration(to: clock.now))
                }
            }
            var opened: [(client: ChatClient, latency: Duration)] = []
            for try await (client, latency) in group { opened.append((client, latency)) }
            return opened
        }
        let elapsed = start.duration(to: clock.now)
        progress("holding \(connections) connections for \(seconds) seconds")
        try await clock.sleep(for: .seconds(seconds))
        let after = try await ServerFigures.read(target)
        for (client, _) in opened { await client.close() }
        return LoadReport(
            title: "idle: \(connections) connections of \(users) people in \(conversations) conversations each",
            count: connections,
            elapsed: elapsed,
            latencies: opened.map(\.latency),
            figures: after - before,
            connections: connections
        )
    }
}
