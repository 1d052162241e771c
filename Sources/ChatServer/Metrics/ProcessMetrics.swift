// What the operating system says about this process: memory, processor, files. Names as Prometheus' own clients have them.
import Glibc

/// A reading of /proc.
package struct ProcessMetrics: Sendable, Equatable {
    package var cpuSeconds: Double
    package var residentBytes: Int64
    package var virtualBytes: Int64
    /// Seconds since 1970.
    package var startSeconds: Double
    package var openFiles: Int
    package var openFilesMaximum: Int

    package init(
        cpuSeconds: Double,
        residentBytes: Int64,
        virtualBytes: Int64,
        startSeconds: Double,
        openFiles: Int,
        openFilesMaximum: Int
    ) {
        self.cpuSeconds = cpuSeconds
        self.residentBytes = residentBytes
        self.virtualBytes = virtualBytes
        self.startSeconds = startSeconds
        self.openFiles = openFiles
        self.openFilesMaximum = openFilesMaximum
    }

    /// `nil` where there is no /proc.
    package static func now() -> ProcessMetrics? {
        guard let stat = file("/proc/self/stat"), let boot = bootSeconds, let files = openFileCount() else {
            return nil
        }
        return ProcessMetrics(
            stat: stat,
            bootSeconds: boot,
            ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
            pageBytes: Int64(sysconf(Int32(_SC_PAGESIZE))),
            openFiles: files,
            openFilesMaximum: openFileLimit()
        )
    }

    /// From the text of /proc/self/stat, and what is needed to understand it.
    init?(
        stat: String,
        bootSeconds: Double,
        ticksPerSecond: Double,
        pageBytes: Int64,
        openFiles: Int,
        openFilesMaximum: Int
    ) {
        // The second field is the program's name in parentheses, and may hold spaces and parentheses of its own. The
        // numbers behind it are those of proc(5), less the three up to there.
        guard let name = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: name)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let start = Double(fields[19]), let virtual = Int64(fields[20]), let resident = Int64(fields[21])
        else { return nil }
        self.init(
            cpuSeconds: (user + system) / ticksPerSecond,
            residentBytes: resident * pageBytes,
            virtualBytes: virtual,
            startSeconds: bootSeconds + start / ticksPerSecond,
            openFiles: openFiles,
            openFilesMaximum: openFilesMaximum
        )
    }

    func write(to text: inout PrometheusText) {
        let number = PrometheusText.number
        let rows: [(String, PrometheusKind, String, String)] = [
            ("cpu_seconds_total", .counter, "Processor time of user and system.", number(cpuSeconds)),
            ("max_fds", .gauge, "Files that may be open at once.", String(openFilesMaximum)),
            ("open_fds", .gauge, "Open files, connections included.", String(openFiles)),
            ("resident_memory_bytes", .gauge, "Memory that is in use and not swapped out.", String(residentBytes)),
            ("start_time_seconds", .gauge, "When the process began, in seconds since 1970.", number(startSeconds)),
            ("virtual_memory_bytes", .gauge, "Address space.", String(virtualBytes)),
        ]
        for (name, kind, help, value) in rows {
            text.begin("process_" + name, kind, help: help)
            text.sample("process_" + name, PrometheusLabels([]), value)
        }
    }

    /// When the machine began; it does not change.
    private static let bootSeconds: Double? = file("/proc/stat")?.split(whereSeparator: \.isNewline)
        .first { $0.hasPrefix("btime ") }
        .flatMap { Double($0.dropFirst("btime ".count)) }

    private static func openFileCount() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        // The folder itself is one of them, for as long as this looks.
        return count - 1
    }

    private static func openFileLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }

    /// A file of /proc: its size is not known before it is read, and bounded here.
    private static func file(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 4_194_304 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
