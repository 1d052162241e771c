// The node's own numbers, as an operator sees them.
import ChatClient
import ChatFixtures

extension TestServer {
    /// The sum of the samples whose line begins with a name and contains a text. The server needs an admin port.
    func metric(_ name: String, containing text: String = "") async throws -> Double {
        let http = ChatHTTPClient(host: host, port: adminPort ?? 0)
        let answer = try await http.request("GET", "/metrics")
        await http.close()
        return answer.text.split(separator: "\n")
            .filter { $0.hasPrefix(name) && $0.contains(text) }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
            .reduce(0, +)
    }
}
