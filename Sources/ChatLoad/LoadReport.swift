// What a load showed, as a few lines for people.

package struct LoadReport: Sendable {
    package var title: String
    package var count: Int
    package var elapsed: Duration
    package var latencies: [Duration]
    package var figures: ServerFigures
    package var connections: Int?

    init(
        title: String,
        count: Int,
        elapsed: Duration,
        latencies: [Duration],
        figures: ServerFigures,
        connections: Int? = nil
    ) {
        self.title = title
        self.count = count
        self.elapsed = elapsed
        self.latencies = latencies.sorted()
        self.figures = figures
        self.connections = connections
    }

    package var lines: [String] {
        let seconds = max(elapsed.seconds, 0.001)
        var lines = [
            title,
            "  \(count) in \(tenths(seconds)) s: \(tenths(Double(count) / seconds)) per second",
            "  latency ms: p50 \(quantile(0.5)), p95 \(quantile(0.95)), p99 \(quantile(0.99)), max \(quantile(1))",
        ]
        if let commits = figures.commits, let messages = figures.messages, commits > 0 {
            lines.append(
                "  commits: \(tenths(commits / seconds)) per second, \(tenths(messages / commits)) messages each"
            )
        }
        if let cpu = figures.cpuSeconds {
            lines.append("  server CPU: \(tenths(cpu)) s, \(tenths(cpu / Double(max(count, 1)) * 1_000_000)) µs each")
        }
        if let bytes = figures.residentBytes, let connections, connections > 0 {
            lines.append("  server memory: \(tenths(bytes / 1_024 / Double(connections))) KiB per connection")
        }
        return lines
    }

    private func quantile(_ share: Double) -> String {
        guard !latencies.isEmpty else { return "–" }
        let index = min(latencies.count - 1, Int(Double(latencies.count) * share))
        return tenths(latencies[index].seconds * 1_000)
    }

    private func tenths(_ value: Double) -> String {
        let rounded = (value * 10).rounded() / 10
        return "\(rounded)"
    }
}

extension Duration {
    fileprivate var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
