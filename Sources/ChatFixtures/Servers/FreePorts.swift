// Ports for servers that come back on the same one: below those that the system gives to connections, so that nobody
// takes one while its server is away.
import NIOCore
import NIOPosix
import Synchronization

enum FreePorts {
    private static let range = 20_000..<32_000
    private static let last = Mutex(Int.random(in: range))

    /// A port on which nobody listens, and that is given out once in this process.
    static func take() async throws -> Int {
        for _ in range {
            let port = last.withLock { last in
                last = last + 1 < range.upperBound ? last + 1 : range.lowerBound
                return last
            }
            if await isFree(port) { return port }
        }
        throw ChannelError.inappropriateOperationForState
    }

    private static func isFree(_ port: Int) async -> Bool {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        // Whatever is wrong with it, it is of no use.
        guard let channel = try? await bootstrap.bind(host: "127.0.0.1", port: port).get() else { return false }
        try? await channel.close().get()
        return true
    }
}
