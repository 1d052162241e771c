// The text that Prometheus reads: to the letter for a few metrics, by its grammar for all of a node.
import ChatCore
import Metrics
import Testing

@testable import ChatServer

@Suite("Prometheus")
struct PrometheusTests {
    private let factory = PrometheusFactory()
    private var text: String { factory.registry.text(process: nil) }

    @Test("counters, gauges and histograms, to the letter, in the order of names and labels")
    func golden() {
        // Made in another order than told.
        let sends = Counter(label: "chat.sends", factory: factory)
        let second = Counter(label: "chat.closes", dimensions: [("code", "4201")], factory: factory)
        let first = Counter(label: "chat.closes", dimensions: [("code", "1000")], factory: factory)
        let open = Meter(label: "chat.open", factory: factory)
        let batch = Metrics.Recorder(label: "chat.batch", factory: factory)
        let commit = Metrics.Timer(label: "chat.commit.duration", dimensions: [("store", "a")], factory: factory)
        sends.increment(by: 3)
        first.increment()
        second.increment(by: 2)
        open.set(2.5)
        for size in [1, 3, 300_000] { batch.record(size) }
        commit.recordNanoseconds(500_000)
        commit.recordMilliseconds(20)
        #expect(
            text == """
                # HELP chat_batch chat.batch
                # TYPE chat_batch histogram
                chat_batch_bucket{le="1"} 1
                chat_batch_bucket{le="2"} 1
                chat_batch_bucket{le="4"} 2
                chat_batch_bucket{le="8"} 2
                chat_batch_bucket{le="16"} 2
                chat_batch_bucket{le="32"} 2
                chat_batch_bucket{le="64"} 2
                chat_batch_bucket{le="128"} 2
                chat_batch_bucket{le="256"} 2
                chat_batch_bucket{le="512"} 2
                chat_batch_bucket{le="1024"} 2
                chat_batch_bucket{le="4096"} 2
                chat_batch_bucket{le="16384"} 2
                chat_batch_bucket{le="65536"} 2
                chat_batch_bucket{le="262144"} 2
                chat_batch_bucket{le="+Inf"} 3
                chat_batch_sum 300004
                chat_batch_count 3
                # HELP chat_closes_total chat.closes
                # TYPE chat_closes_total counter
                chat_closes_total{code="1000"} 1
                chat_closes_total{code="4201"} 2
                # HELP chat_commit_duration_seconds chat.commit.duration
                # TYPE chat_commit_duration_seconds histogram
                chat_commit_duration_seconds_bucket{store="a",le="0.0005"} 1
                chat_commit_duration_seconds_bucket{store="a",le="0.001"} 1
                chat_commit_duration_seconds_bucket{store="a",le="0.0025"} 1
                chat_commit_duration_seconds_bucket{store="a",le="0.005"} 1
                chat_commit_duration_seconds_bucket{store="a",le="0.01"} 1
                chat_commit_duration_seconds_bucket{store="a",le="0.025"} 2
                chat_commit_duration_seconds_bucket{store="a",le="0.05"} 2
                chat_commit_duration_seconds_bucket{store="a",le="0.1"} 2
                chat_commit_duration_seconds_bucket{store="a",le="0.25"} 2
                chat_commit_duration_seconds_bucket{store="a",le="0.5"} 2
                chat_commit_duration_seconds_bucket{store="a",le="1"} 2
                chat_commit_duration_seconds_bucket{store="a",le="2.5"} 2
                chat_commit_duration_seconds_bucket{store="a",le="5"} 2
                chat_commit_duration_seconds_bucket{store="a",le="10"} 2
                chat_commit_duration_seconds_bucket{store="a",le="+Inf"} 2
                chat_commit_duration_seconds_sum{store="a"} 0.0205
                chat_commit_duration_seconds_count{store="a"} 2
                # HELP chat_open chat.open
                # TYPE chat_open gauge
                chat_open 2.5
                # HELP chat_sends_total chat.sends
                # TYPE chat_sends_total counter
                chat_sends_total 3

                """
        )
    }

    @Test(
        "names become names",
        arguments: [
            ("vibetalk.commit.duration", "vibetalk_commit_duration"), ("a-b c/d", "a_b_c_d"), ("9lives", "_9lives"),
            ("größe", "gr__e"), ("", "_"), ("a:b", "a:b"), ("a\nb", "a_b"), ("_x1", "_x1"),
        ]
    )
    func names(_ label: String, _ name: String) {
        #expect(PrometheusName.sanitised(label) == name)
    }

    @Test("suffixes are added once")
    func suffixes() {
        #expect(PrometheusName.counter("a.total") == "a_total" && PrometheusName.counter("a") == "a_total")
        #expect(PrometheusName.timer("a.seconds") == "a_seconds" && PrometheusName.timer("a") == "a_seconds")
    }

    @Test(
        "labels are escaped, sorted and named as Prometheus wants",
        arguments: [
            ([("a", "x")], #"a="x""#),
            ([("b", "2"), ("a", "1")], #"a="1",b="2""#),
            ([("a", #"q"u\o"#), ("b", "l\ni\r\nne")], "a=\"q\\\"u\\\\o\",b=\"l\\ni\r\\nne\""),
            ([("a.b", "1"), ("a-b", "2")], #"a_b="1""#),
            ([("le", "1"), ("__name__", "2"), ("a:b", "3")], #"a_b="3",label__name__="2",label_le="1""#),
            ([], ""),
        ] as [([(String, String)], String)]
    )
    func labels(_ dimensions: [(String, String)], _ expected: String) {
        #expect(PrometheusLabels(dimensions).text == expected)
    }

    @Test(
        "numbers",
        arguments: [
            (0, "0"), (-0.0, "0"), (3, "3"), (2.5, "2.5"), (-1, "-1"), (0.0005, "0.0005"), (1e15, "1000000000000000"),
            (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)]
    )
    func numbers(_ value: Double, _ expected: String) {
        #expect(PrometheusText.number(value) == expected)
    }

    @Test("one name with the same labels is one metric, in whatever order they come")
    func sameMetric() {
        let first = factory.makeCounter(label: "a.b", dimensions: [("x", "1"), ("y", "2")])
        let second = factory.makeCounter(label: "a-b", dimensions: [("y", "2"), ("x", "1")])
        #expect(first === second)
        #expect(factory.makeCounter(label: "a.b", dimensions: [("x", "1")]) !== first)
        #expect(factory.makeMeter(label: "m", dimensions: []) === factory.makeMeter(label: "m", dimensions: []))
        #expect(
            factory.makeRecorder(label: "r", dimensions: [], aggregate: true)
                === factory.makeRecorder(label: "r", dimensions: [], aggregate: true)
        )
        #expect(factory.makeTimer(label: "t", dimensions: []) === factory.makeTimer(label: "t", dimensions: []))
    }

    @Test("a recorder that is not aggregated tells the last value")
    func lastValue() {
        let gauge = Gauge(label: "g", factory: factory)
        gauge.record(3)
        gauge.record(1.5)
        #expect(text == "# HELP g g\n# TYPE g gauge\ng 1.5\n")
    }

    @Test("a counter never shrinks, but for a reset; a meter goes both ways")
    func directions() {
        let counter = factory.makeCounter(label: "c", dimensions: [])
        counter.increment(by: 5)
        counter.increment(by: -3)
        let meter = factory.makeMeter(label: "m", dimensions: [])
        meter.set(Int64(10))
        meter.increment(by: 2.5)
        meter.decrement(by: 5)
        #expect(text.contains("\nc_total 5\n") && text.contains("\nm 7.5\n"))
        counter.reset()
        #expect(text.contains("\nc_total 0\n"))
    }

    @Test("NaN does not spoil a histogram")
    func notANumber() {
        let recorder = factory.makeRecorder(label: "r", dimensions: [], aggregate: true)
        recorder.record(Double.nan)
        recorder.record(Double.infinity)
        recorder.record(-1.0)
        recorder.record(Int64.max)
        #expect(
            text.contains("r_bucket{le=\"1\"} 1\n") && text.contains("r_count 3\n") && text.contains("r_sum +Inf\n")
        )
    }

    @Test("a name that is taken by another kind is told once, as what it was first")
    func kinds() {
        factory.makeCounter(label: "a", dimensions: []).increment(by: 1)
        factory.makeMeter(label: "a.total", dimensions: []).set(Int64(7))
        #expect(text == "# HELP a_total a\n# TYPE a_total counter\na_total 1\n")
    }

    @Test("a metric that was destroyed is not told; what takes its place begins anew")
    func destroyed() {
        let old = factory.makeCounter(label: "a", dimensions: [])
        old.increment(by: 9)
        factory.destroyCounter(old)
        #expect(text == "")
        let new = factory.makeCounter(label: "a", dimensions: [])
        old.increment(by: 1)
        factory.destroyCounter(old)
        #expect(new !== old && text.hasSuffix("a_total 0\n"))
        for handler in [factory.makeTimer(label: "t", dimensions: [])] { factory.destroyTimer(handler) }
        factory.destroyMeter(factory.makeMeter(label: "m", dimensions: []))
        factory.destroyRecorder(factory.makeRecorder(label: "r", dimensions: [], aggregate: true))
        factory.destroyRecorder(factory.makeRecorder(label: "g", dimensions: [], aggregate: false))
        #expect(text == "# HELP a_total a\n# TYPE a_total counter\na_total 0\n")
    }

    @Test("labels without end do not fill the memory")
    func bounded() {
        for number in 0..<(PrometheusRegistry.seriesMaximum + 10) {
            factory.makeCounter(label: "a", dimensions: [("n", String(number))]).increment(by: 1)
        }
        #expect(text.split(separator: "\n").count == PrometheusRegistry.seriesMaximum + 2)
        // What was told before goes on.
        factory.makeCounter(label: "a", dimensions: [("n", "0")]).increment(by: 1)
        #expect(text.contains("a_total{n=\"0\"} 2\n"))
    }

    @Test("everything that a node counts follows the grammar and says what it is for")
    func node() throws {
        let metrics = NodeMetrics(factory: factory)
        metrics.batchSize.record(3)
        let text = factory.registry.text()
        let line =
            /(# HELP [a-zA-Z_:][a-zA-Z0-9_:]* .+)|(# TYPE [a-zA-Z_:][a-zA-Z0-9_:]* (counter|gauge|histogram))|([a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*",?)+\})? (-?[0-9.]+(e[-+]?[0-9]+)?|\+Inf|NaN))/
        #expect(text.hasSuffix("\n"))
        for row in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            #expect(row.wholeMatch(of: line) != nil, "\(row)")
        }
        let helps = text.matches(of: /# HELP (\S+) (.+)/).map { ($0.1, $0.2) }
        #expect(Set(helps.map(\.0)).count == helps.count)
        #expect(helps.count > 20)
        for (name, help) in helps {
            #expect(help.contains(" ") && help.hasSuffix("."), "\(name) has no text of its own in MetricTexts: \(help)")
        }
        // The load tests and the documentation know these names.
        #expect(
            text.contains("\nvibetalk_batch_messages_sum 3\n") && text.contains("\nvibetalk_batch_messages_count 1\n")
        )
        #expect(text.contains("\nvibetalk_commit_duration_seconds_count 0\n"))
        #expect(factory.registry.text(process: nil) == factory.registry.text(process: nil))
    }
}
