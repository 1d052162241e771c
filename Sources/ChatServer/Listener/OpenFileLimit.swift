// How many files, and so how many connections, this process may open.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The process's limit of open files.
package enum OpenFileLimit {
    /// Raises the soft limit to the hard one and returns what is in force now; to be called once at start, and said in
    /// the log.
    package static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(Self.resource, &limit) == 0 else { return Self.fallback }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(Self.resource, &raised) == 0 {
                limit = raised
            }
        }
        return limit.rlim_cur > rlim_t(Int32.max) ? Int(Int32.max) : Int(limit.rlim_cur)
    }

    /// How many connections to take: a tenth of the files, and at least 128, stay free for the store, the log and the
    /// connections that are being refused.
    package static func connections(within files: Int) -> Int {
        max(files - max(files / 10, 128), files / 2)
    }

    /// What POSIX promises at least is 20; what every system gives is this.
    private static let fallback = 256

    #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif
}
