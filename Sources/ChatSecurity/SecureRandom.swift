// Random bytes fit for secrets: the system's generator (getrandom), which never gives up.

/// Random bytes fit for secrets.
package enum SecureRandom {
    /// So many of them.
    @Sendable package static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
