// What is counted of calls: by route template, method and class of status; never by path, user or address.
import HTTPTypes
import Metrics

/// The metrics of one route.
struct RouteMetrics: Sendable {
    private let byClass: [Counter]
    private let duration: Metrics.Timer

    init(method: String, route: String, factory: any MetricsFactory) {
        let dimensions = [("method", method), ("route", route)]
        byClass = (1...5).map { statusClass in
            Counter(
                label: "vibetalk.http.requests",
                dimensions: dimensions + [("status", "\(statusClass)xx")],
                factory: factory
            )
        }
        duration = Metrics.Timer(label: "vibetalk.http.duration", dimensions: dimensions, factory: factory)
    }

    func note(_ status: HTTPResponse.Status, milliseconds: Int64) {
        byClass[min(max(status.code / 100, 1), 5) - 1].increment()
        duration.recordMilliseconds(milliseconds)
    }
}

/// The metrics of all routes.
struct HTTPMetrics: Sendable {
    private let byRoute: [RouteMetrics]
    /// Paths and methods that are no calls.
    private let unmatched: RouteMetrics

    init(_ routes: [RouteName], factory: any MetricsFactory) {
        byRoute = routes.map { RouteMetrics(method: $0.method, route: $0.template, factory: factory) }
        unmatched = RouteMetrics(method: "other", route: "other", factory: factory)
    }

    func note(_ route: Int?, _ status: HTTPResponse.Status, milliseconds: Int64) {
        (route.map { byRoute[$0] } ?? unmatched).note(status, milliseconds: milliseconds)
    }
}
