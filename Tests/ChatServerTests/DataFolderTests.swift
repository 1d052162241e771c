// The data folder: made for its owner alone, used by one node at a time, and refused in one line.
import ChatServer
import Foundation
import Testing

@Suite("Data folder")
struct DataFolderTests {
    /// Tries to open the folder and says why it could not.
    private func failure(_ path: String) -> String? {
        do throws(StartFailure) {
            _ = try DataFolder.open(path)
            return nil
        } catch {
            return error.line
        }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("a missing folder is made, for its owner alone")
    func made() async throws {
        try await withFolder { parent in
            let path = parent.appending(path: "data").path
            let folder = try DataFolder.open(path)
            #expect(try mode(path) == 0o700)
            #expect(try mode(path + "/lock") == 0o600)
            #expect(folder.path == path && folder.databasePath == path + "/vibetalk.sqlite3")
        }
    }

    @Test("a folder that is there is taken as it is, with what is in it")
    func existing() async throws {
        try await withFolder { folder in
            let file = folder.appending(path: "vibetalk.sqlite3")
            try Data("x".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: folder.path)
            _ = try DataFolder.open(folder.path)
            #expect(try mode(folder.path) == 0o750)
            #expect(try Data(contentsOf: file) == Data("x".utf8))
        }
    }

    @Test(
        "a second one is refused and told who has it; after the first has gone it is free, also with an old number in it"
    )
    func lock() async throws {
        try await withFolder { folder in
            try Data("99999999999\nold".utf8).write(to: folder.appending(path: "lock"))
            var first: DataFolder? = try DataFolder.open(folder.path)
            let pid = ProcessInfo.processInfo.processIdentifier
            #expect(try String(contentsOfFile: folder.path + "/lock", encoding: .utf8) == "\(pid)\n")
            for _ in 0..<2 {
                #expect(
                    failure(folder.path)
                        == "cannot use the data folder \(folder.path): another server uses it (process \(pid))"
                )
            }
            withExtendedLifetime(first) {}
            first = nil
            #expect(failure(folder.path) == nil)
        }
    }

    @Test("what the holder wrote is only told if it is a number")
    func oddHolder() async throws {
        try await withFolder { folder in
            let holder = try DataFolder.open(folder.path)
            for (written, told) in [("", ""), ("no\n", ""), ("12\u{1B}[31m", " (process 12)")] {
                let lock = try FileHandle(forWritingTo: folder.appending(path: "lock"))
                try lock.truncate(atOffset: 0)
                try lock.write(contentsOf: Data(written.utf8))
                try lock.close()
                #expect(
                    failure(folder.path) == "cannot use the data folder \(folder.path): another server uses it\(told)"
                )
            }
            withExtendedLifetime(holder) {}
        }
    }

    @Test("what is no folder, or cannot be one, is told in a line")
    func noFolder() async throws {
        try await withFolder { parent in
            let file = parent.appending(path: "file").path
            try Data().write(to: URL(filePath: file))
            #expect(failure(file) == "the data folder \(file) is no folder")
            #expect(failure(file + "/x") == "cannot make the data folder \(file)/x: Not a directory")
            let deep = parent.appending(path: "a/b").path
            #expect(failure(deep) == "cannot make the data folder \(deep): No such file or directory")
            let long = parent.appending(path: String(repeating: "x", count: 300)).path
            #expect(failure(long) == "cannot make the data folder \(long): File name too long")
        }
    }

    @Test("a lock that is a link or a folder is not followed")
    func oddLock() async throws {
        try await withFolder { folder in
            let lock = folder.appending(path: "lock").path
            let victim = folder.appending(path: "victim").path
            try Data("x".utf8).write(to: URL(filePath: victim))
            try FileManager.default.createSymbolicLink(atPath: lock, withDestinationPath: victim)
            #expect(failure(folder.path)?.hasPrefix("cannot open the lock of the data folder \(folder.path): ") == true)
            #expect(try Data(contentsOf: URL(filePath: victim)) == Data("x".utf8))
            try FileManager.default.removeItem(atPath: lock)
            try FileManager.default.createDirectory(atPath: lock, withIntermediateDirectories: false)
            #expect(failure(folder.path)?.hasSuffix(": Is a directory") == true)
        }
    }

    @Test("rights that are missing are told", .enabled(if: geteuid() != 0, "root may do everything"))
    func rights() async throws {
        try await withFolder { folder in
            for (mode, word) in [(0o300, "read"), (0o500, "write to")] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
                #expect(failure(folder.path) == "cannot \(word) the data folder \(folder.path): Permission denied")
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
        }
    }

    @Test("a failure is one line, whatever is in the name")
    func oneLine() {
        let line = failure("/nowhere\n/x\r\ny")
        #expect(line?.contains { $0.isNewline } == false)
    }
}
