// Everything that is counted, by name, and how it is told to Prometheus (text exposition format 0.0.4).
import Synchronization

/// The metrics of a process, one time series per name and labels. ``PrometheusFactory`` fills it.
///
/// Making a metric takes the registry's lock; counting does not.
package final class PrometheusRegistry: Sendable {
    /// Time series of one name at most. Labels are closed sets, so this is far away; what comes beyond it is counted
    /// but not told, so that memory stays bounded whatever a library does.
    package static let seriesMaximum = 1_000

    private let families = Mutex<[String: Family]>([:])

    package init() {}

    /// All metrics, and those of the process, in an order that depends on names alone.
    ///
    /// - Parameter process: what the operating system says; read anew for each text.
    /// - Returns: the text, one line per number.
    package func text(process: ProcessMetrics? = ProcessMetrics.now()) -> String {
        var text = PrometheusText()
        let families = self.families.withLock { $0 }
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            text.begin(name, family.kind, help: family.help)
            for (_, series) in family.series.sorted(by: { $0.key < $1.key }) { series.write(to: &text) }
        }
        process?.write(to: &text)
        return text.text
    }

    // MARK: For the factory

    func counter(_ label: String, _ dimensions: [(String, String)]) -> PrometheusCounter {
        series(of: .counter, PrometheusName.counter(label), label, dimensions) { PrometheusCounter($0, $1) }
    }

    func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge {
        series(of: .gauge, PrometheusName.sanitised(label), label, dimensions) { PrometheusGauge($0, $1) }
    }

    func recorder(_ label: String, _ dimensions: [(String, String)]) -> PrometheusHistogram {
        series(of: .histogram, PrometheusName.sanitised(label), label, dimensions) {
            PrometheusHistogram($0, $1, bounds: PrometheusHistogram.plainBounds)
        }
    }

    func timer(_ label: String, _ dimensions: [(String, String)]) -> PrometheusHistogram {
        series(of: .histogram, PrometheusName.timer(label), label, dimensions) {
            PrometheusHistogram($0, $1, bounds: PrometheusHistogram.secondBounds)
        }
    }

    /// Removes a time series; what still counts on it counts for nobody.
    func remove(_ handler: AnyObject) {
        guard let series = handler as? any PrometheusSeries else { return }
        families.withLock { families in
            guard families[series.name]?.series[series.labels.text] === series else { return }
            families[series.name]?.series[series.labels.text] = nil
        }
    }

    /// The one time series of a name and labels. Where the name is taken by another kind, or has too many time series, the
    /// caller gets one that is not told.
    private func series<Series: PrometheusSeries>(
        of kind: PrometheusKind,
        _ name: String,
        _ label: String,
        _ dimensions: [(String, String)],
        make: (String, PrometheusLabels) -> Series
    ) -> Series {
        let labels = PrometheusLabels(dimensions)
        return families.withLock { families in
            var family = families[name] ?? Family(kind: kind, help: MetricTexts.help(label))
            if let known = family.series[labels.text] as? Series { return known }
            let series = make(name, labels)
            guard family.kind == kind, family.series.count < Self.seriesMaximum else { return series }
            family.series[labels.text] = series
            families[name] = family
            return series
        }
    }

    /// All time series of one name.
    private struct Family {
        let kind: PrometheusKind
        let help: String
        var series: [String: any PrometheusSeries] = [:]
    }
}

/// What Prometheus calls a type.
enum PrometheusKind: String, Sendable {
    case counter
    case gauge
    case histogram
}

/// One time series: counts, and tells.
protocol PrometheusSeries: AnyObject, Sendable {
    var name: String { get }
    var labels: PrometheusLabels { get }
    func write(to text: inout PrometheusText)
}
