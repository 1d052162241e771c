// From a reader to a configuration: every key once, all that is wrong at once.
import ChatCore
import ChatProtocol
package import Configuration
import Glibc

extension ServerConfiguration {
    /// Reads every key, checks it, and leaves the default where nobody gave a value.
    ///
    /// The names are those of the options of `vibetalk serve`, and of the keys in the file. In the environment,
    /// `admin-port` is `VIBETALK_ADMIN_PORT` and `limit.bodyBytes` is `VIBETALK_LIMIT_BODYBYTES`.
    ///
    /// | key | type | default | what it may be |
    /// |---|---|---|---|
    /// | `host` | text | `127.0.0.1` | an address or a host name; IPv6 without brackets |
    /// | `port` | number | 8080 | 0 to 65,535; 0 takes a free one |
    /// | `data` | text | `./data` | a folder, made if it is missing |
    /// | `node` | text | the host's name | 1 to 64 letters, digits, dots, dashes, underscores |
    /// | `store` | text | `sqlite` | `sqlite` |
    /// | `broker` | text | `memory` | `memory` |
    /// | `cache` | text | `memory` | `memory` |
    /// | `admin-port` | number | none | 0 to 65,535, not that of `port`; 0 takes a free one |
    /// | `log-level` | text | `info` | `trace`, `debug`, `info`, `notice`, `warning`, `error`, `critical` |
    /// | `limit.NAME` | number | section 6 of the protocol | 0 (rates and counts; off) or 1, to the limit's maximum |
    /// | `public-url` | text | none | `http` or `https`, host, perhaps a port; no path |
    /// | `origin` | texts | none | origins in the spelling of browsers |
    /// | `proxy` | texts | none | IP addresses |
    /// | `sign-up` | text | `open` on a loopback address, else `invite` | `open`, `invite`, `closed` |
    ///
    /// - Parameters:
    ///   - reader: where values come from, the first that has one deciding.
    ///   - hostName: makes the node's name where none is given.
    /// - Throws: ``ConfigurationProblems`` with everything that is wrong.
    package init(
        reader: ConfigReader,
        hostName: String = ServerConfiguration.hostName()
    ) throws(ConfigurationProblems) {
        self.init()
        var values = SettingReader(reader)
        host = values.text(.host, Forms.host) ?? host
        port = values.number(.port) ?? port
        data = values.text(.data, Forms.folder) ?? data
        node = values.text(.node, Forms.nodeName) ?? Forms.nodeName(ofHost: hostName)
        store = values.text(.store, Forms.oneOf(["sqlite"])) ?? store
        broker = values.text(.broker, Forms.oneOf(["memory"])) ?? broker
        cache = values.text(.cache, Forms.oneOf(["memory"])) ?? cache
        adminPort = values.number(.adminPort)
        if let adminPort, adminPort != 0, adminPort == port {
            values.refuse(.adminPort, "\(adminPort) is the main port; the admin port must be another one")
        }
        logLevel = values.text(.logLevel, Forms.logLevel) ?? logLevel
        for limit in Limits.all {
            if let value = values.number(.limit(limit)) { limits[keyPath: limit.keyPath] = Int64(value) }
        }
        publicURL = values.text(.publicURL, Forms.publicURL)
        origins = values.list(.origin, Forms.origin) ?? []
        proxies = values.list(.proxy, Forms.proxy) ?? []
        signUp = values.text(.signUp, Forms.signUp)
        guard values.problems.isEmpty else { throw ConfigurationProblems(values.problems) }
    }

    /// What this machine calls itself.
    package static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
