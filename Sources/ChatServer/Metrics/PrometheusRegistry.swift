// Everything that is counted, by name, and how it is told to Prometheus.
import Synchronization

/// The metrics of a process. One per process; ``PrometheusFactory`` fills it.
package final class PrometheusRegistry: Sendable {
    package init() {}

    /// All metrics in the text exposition format 0.0.4, in an order that depends on names alone.
    package func text() -> String { "" }
}
