// What the tests of options stand on: a configuration from given places.
import ChatServer
import Foundation
import Testing

/// A folder of its own for a test.
func withFolder<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vibetalk-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // What is left over is the system's to clean.
    return try await body(folder)
}

/// Reads a configuration from what is typed, the environment, and the text of a file.
func load(
    _ typed: [String: [String]] = [:],
    environment: [String: String] = [:],
    file: String? = nil
) async throws -> LoadedConfiguration {
    try await withFolder { folder in
        var typed = typed
        if let file {
            let path = folder.appending(path: "chat.json").path
            try Data(file.utf8).write(to: URL(filePath: path))
            typed["config"] = [path]
        }
        do throws(ConfigurationProblems) {
            return try ConfigurationSources(commandLine: typed, environment: environment).load(hostName: "machine")
        } catch {
            // The folder's name is random; the lines are compared.
            throw ConfigurationProblems(
                error.all.map { problem in
                    var problem = problem
                    problem.place = problem.place.replacing(folder.path + "/", with: "")
                    return problem
                }
            )
        }
    }
}

/// The lines that tell what is wrong; none if nothing is.
func problems(
    _ typed: [String: [String]] = [:],
    environment: [String: String] = [:],
    file: String? = nil
) async throws -> [String] {
    do {
        _ = try await load(typed, environment: environment, file: file)
        return []
    } catch let problems as ConfigurationProblems {
        return problems.lines
    }
}
