// The handlers behind swift-metrics' types. Counters and gauges are one atomic number; a histogram is a short lock, so
// that its sum, its count and its buckets always agree.
import Metrics
import Synchronization

/// Only grows, except by a reset.
final class PrometheusCounter: PrometheusSeries, CounterHandler {
    let name: String
    let labels: PrometheusLabels
    private let value = Atomic<Int64>(0)

    init(_ name: String, _ labels: PrometheusLabels) {
        self.name = name
        self.labels = labels
    }

    func increment(by amount: Int64) {
        // A counter that shrinks would look like a restart.
        guard amount > 0 else { return }
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { value.store(0, ordering: .relaxed) }

    func write(to text: inout PrometheusText) {
        text.sample(name, labels, String(value.load(ordering: .relaxed)))
    }
}

/// A number that goes up and down; also what swift-metrics calls a gauge, the last value recorded.
final class PrometheusGauge: PrometheusSeries, MeterHandler, RecorderHandler {
    let name: String
    let labels: PrometheusLabels
    private let bits = Atomic<UInt64>(Double(0).bitPattern)

    init(_ name: String, _ labels: PrometheusLabels) {
        self.name = name
        self.labels = labels
    }

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func record(_ value: Int64) { set(value) }

    func record(_ value: Double) { set(value) }

    func increment(by amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }

    func decrement(by amount: Double) { increment(by: -amount) }

    func write(to text: inout PrometheusText) {
        text.sample(name, labels, PrometheusText.number(Double(bitPattern: bits.load(ordering: .relaxed))))
    }
}

/// How often a value was at most each of some bounds.
final class PrometheusHistogram: PrometheusSeries, RecorderHandler, TimerHandler {
    /// Half a millisecond to ten seconds.
    static let secondBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Counts and sizes: powers of two, then of four.
    static let plainBounds: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096, 16_384, 65_536, 262_144]

    let name: String
    let labels: PrometheusLabels
    private let bounds: [Double]
    private let counts: Mutex<Counts>

    /// The bounds ascend; what is above the last is counted all the same.
    init(_ name: String, _ labels: PrometheusLabels, bounds: [Double]) {
        self.name = name
        self.labels = labels
        self.bounds = bounds
        counts = Mutex(Counts(buckets: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // One NaN would make every later sum NaN.
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts.withLock { counts in
            counts.buckets[bucket] += 1
            counts.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func write(to text: inout PrometheusText) {
        let counts = self.counts.withLock { $0 }
        var total: UInt64 = 0
        for (index, count) in counts.buckets.enumerated() {
            total += count
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            text.sample(name + "_bucket", labels.adding("le", bound), String(total))
        }
        text.sample(name + "_sum", labels, PrometheusText.number(counts.sum))
        text.sample(name + "_count", labels, String(total))
    }

    /// Each value in one bucket alone; the text adds them up.
    private struct Counts {
        var buckets: [UInt64]
        var sum = 0.0
    }
}
