// The folder where a node keeps everything, and the lock that keeps a second node out of it.
import Glibc

/// An opened data folder. Whoever holds it holds its lock; the lock goes with it, or with the process.
package final class DataFolder: Sendable {
    package let path: String

    /// The database's file.
    package var databasePath: String { path + "/vibetalk.sqlite3" }

    private let lock: Int32

    private init(path: String, lock: Int32) {
        self.path = path
        self.lock = lock
    }

    deinit { close(lock) }

    /// Makes the folder if it is missing, readable to its owner alone, and takes its lock.
    ///
    /// - Parameter path: absolute, or relative to where the process was started.
    /// - Returns: the folder, locked.
    /// - Throws: ``StartFailure`` if it is no folder, cannot be used, or is in use.
    package static func open(_ path: String) throws(StartFailure) -> DataFolder {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw StartFailure("cannot make the data folder \(path): \(reason())")
        }
        let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            throw StartFailure(
                errno == ENOTDIR
                    ? "the data folder \(path) is no folder" : "cannot read the data folder \(path): \(reason())"
            )
        }
        close(folder)
        guard access(path, W_OK | X_OK) == 0 else {
            throw StartFailure("cannot write to the data folder \(path): \(reason())")
        }
        return DataFolder(path: path, lock: try takeLock(of: path))
    }

    /// The lock is the kernel's, on an open file: it is gone with the process, however that ends. What the file says is
    /// only for people.
    private static func takeLock(of folder: String) throws(StartFailure) -> Int32 {
        let descriptor = Glibc.open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw StartFailure("cannot open the lock of the data folder \(folder): \(reason())")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let why = errno == EWOULDBLOCK ? "another server uses it\(holder(descriptor))" : reason()
            close(descriptor)
            throw StartFailure("cannot use the data folder \(folder): \(why)")
        }
        let line = "\(getpid())\n"
        guard ftruncate(descriptor, 0) == 0, line.withCString({ pwrite(descriptor, $0, strlen($0), 0) }) > 0 else {
            let why = reason()
            close(descriptor)
            throw StartFailure("cannot write to the data folder \(folder): \(why)")
        }
        return descriptor
    }

    /// What the holder wrote into its lock, as far as it is a number.
    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(count, 0)).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
