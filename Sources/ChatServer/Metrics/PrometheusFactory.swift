// Makes the handlers behind swift-metrics' counters, meters, recorders and timers.
package import Metrics

/// A factory for `MetricsSystem.bootstrap` and for ``NodeMetrics``. The same label with the same dimensions, in whatever
/// order, is the same handler.
package struct PrometheusFactory: MetricsFactory {
    package let registry: PrometheusRegistry

    package init(registry: PrometheusRegistry = PrometheusRegistry()) {
        self.registry = registry
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        registry.counter(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        registry.gauge(label, dimensions)
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        // Not aggregated is swift-metrics' word for "the last value".
        if aggregate { return registry.recorder(label, dimensions) }
        return registry.gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        registry.timer(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { registry.remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { registry.remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { registry.remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { registry.remove(handler) }
}
