// What the server says of itself (/metrics) and what the system says of its process (/proc).
import ChatClient
import Foundation

/// Figures at one moment, or the difference of two.
package struct ServerFigures: Sendable {
    package var commits: Double?
    package var messages: Double?
    package var cpuSeconds: Double?
    package var residentBytes: Double?

    static func read(_ target: LoadTarget) async throws -> ServerFigures {
        var figures = ServerFigures()
        if let port = target.adminPort {
            let http = ChatHTTPClient(host: target.host, port: port)
            let text = try await http.request("GET", "/metrics").text
            await http.close()
            figures.commits = value("vibetalk_batch_messages_count", in: text)
            figures.messages = value("vibetalk_batch_messages_sum", in: text)
        }
        if let processID = target.processID {
            figures.residentBytes = resident(processID)
            figures.cpuSeconds = cpu(processID)
        }
        return figures
    }

    static func - (left: ServerFigures, right: ServerFigures) -> ServerFigures {
        func difference(_ left: Double?, _ right: Double?) -> Double? {
            guard let left, let right else { return nil }
            return left - right
        }
        return ServerFigures(
            commits: difference(left.commits, right.commits),
            messages: difference(left.messages, right.messages),
            cpuSeconds: difference(left.cpuSeconds, right.cpuSeconds),
            residentBytes: difference(left.residentBytes, right.residentBytes)
        )
    }

    /// A metric without labels.
    private static func value(_ name: String, in text: String) -> Double? {
        for line in text.split(separator: "\n") where line.hasPrefix(name + " ") {
            return line.split(separator: " ").last.flatMap { Double($0) }
        }
        return nil
    }

    private static func resident(_ processID: Int32) -> Double? {
        // Without the file the process is not on this machine: the figure is left out.
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
                ?? line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Double($0) })
        else { return nil }
        return kibibytes * 1_024
    }

    private static func cpu(_ processID: Int32) -> Double? {
        // Without the file the process is not on this machine: the figure is left out.
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        // After the name: state is field 3; utime and stime are fields 14 and 15, in hundredths of a second.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / 100
    }
}
