package import Hummingbird
// What Hummingbird knows of a request besides the request itself: its logger, and whose connection it came on.
import NIOCore

/// The context of one request.
package struct HTTPContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The address of the TCP connection's other end, without its port.
    package let peer: String?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress?.ipAddress
    }
}
