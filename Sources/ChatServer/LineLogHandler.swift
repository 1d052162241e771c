// Log lines on standard error: time, level, message, metadata; one line each, whatever is in them. Standard output is kept
// for what scripts read.
import Foundation
package import Logging

/// Writes each event as one line.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let write: @Sendable (String) -> Void
    private let seconds: @Sendable () -> (seconds: Int, milliseconds: Int)

    /// - Parameters:
    ///   - level: what is less important is left out.
    ///   - write: takes a whole line with its end.
    ///   - now: seconds and milliseconds since 1970.
    package init(
        level: Logger.Level,
        write: @escaping @Sendable (String) -> Void = StandardStreams.error,
        now: @escaping @Sendable () -> (seconds: Int, milliseconds: Int) = LineLogHandler.now
    ) {
        logLevel = level
        self.write = write
        seconds = now
    }

    /// A logger that writes such lines.
    package static func logger(level: Logger.Level) -> Logger {
        Logger(label: "vibetalk") { _ in LineLogHandler(level: level) }
    }

    /// Makes libraries that have loggers of their own write such lines too; to be called once in a process.
    package static func becomeDefault() {
        LoggingSystem.bootstrap { _ in LineLogHandler(level: .warning) }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        var line = "\(Self.timestamp(seconds())) \(event.level.rawValue) \(Self.plain("\(event.message)"))"
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(Self.plain(key))=\(Self.quotedIfNeeded("\(value)"))"
        }
        write(line + "\n")
    }

    // MARK: - One line

    /// Without control characters: nobody forges a second line.
    private static func plain(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isControl(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// C0, C1, and the separators that some programs take for line ends.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }

    /// A value with spaces would read as several.
    private static func quotedIfNeeded(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.unicodeScalars.allSatisfy { $0 != " " && $0 != "\"" && $0 != "=" }
        if isPlain { return plain(value) }
        return "\"\(plain(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")))\""
    }

    // MARK: - Time

    package static let now: @Sendable () -> (seconds: Int, milliseconds: Int) = {
        let milliseconds = Int(Date().timeIntervalSince1970 * 1_000)
        return (milliseconds / 1_000, milliseconds % 1_000)
    }

    /// As `2026-01-02T03:04:05.006Z`.
    private static func timestamp(_ time: (seconds: Int, milliseconds: Int)) -> String {
        var seconds = time_t(time.seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = [
            padded(Int(parts.tm_year) + 1_900, 4), padded(Int(parts.tm_mon) + 1, 2), padded(Int(parts.tm_mday), 2),
        ]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
        return "\(date.joined(separator: "-"))T\(clock.joined(separator: ":")).\(padded(time.milliseconds, 3))Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
