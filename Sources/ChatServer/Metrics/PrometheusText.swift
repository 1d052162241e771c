// The grammar of the text exposition format 0.0.4: names, labels, numbers, lines.

/// A text in the making.
struct PrometheusText {
    private(set) var text = ""

    /// Opens a metric: what it is for, and of what kind.
    mutating func begin(_ name: String, _ kind: PrometheusKind, help: String) {
        text += "# HELP \(name) \(Self.escaped(help))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// One line: a number, for one set of labels.
    mutating func sample(_ name: String, _ labels: PrometheusLabels, _ number: String) {
        text += "\(name)\(labels.text.isEmpty ? "" : "{\(labels.text)}") \(number)\n"
    }

    /// Whole numbers without a fraction, the rest in full precision.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value.magnitude < 9_007_199_254_740_992, value == value.rounded() { return String(Int64(value)) }
        return "\(value)"
    }

    /// Backslashes and line breaks, of a help line.
    private static func escaped(_ text: String) -> String {
        PrometheusLabels.escaped(text, quotes: false)
    }
}

/// The labels of a time series, in the order of their names.
struct PrometheusLabels: Sendable, Equatable {
    /// As it stands between the braces; empty without labels.
    let text: String

    /// The first of several labels that have the same name once it is sanitised counts.
    init(_ dimensions: [(String, String)]) {
        var values: [String: String] = [:]
        for (name, value) in dimensions {
            let name = PrometheusName.label(name)
            if values[name] == nil { values[name] = value }
        }
        text = values.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(Self.escaped($0.value, quotes: true))\"" }
            .joined(separator: ",")
    }

    private init(text: String) { self.text = text }

    /// With one more, at the end. The value must need no escaping.
    func adding(_ name: String, _ value: String) -> PrometheusLabels {
        PrometheusLabels(text: (text.isEmpty ? "" : text + ",") + "\(name)=\"\(value)\"")
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        // By scalar: a carriage return and a line feed together are one character, but the line feed ends a line here.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Names that Prometheus takes.
enum PrometheusName {
    /// Letters, digits, underscores and colons; no digit first.
    static func sanitised(_ label: String) -> String {
        var result = ""
        for scalar in label.unicodeScalars {
            let isFine = scalar.isASCII && (scalar.properties.isAlphabetic || scalar == "_" || scalar == ":")
            let isDigit = ("0"..."9").contains(scalar)
            if isDigit, result.isEmpty { result += "_" }
            result.unicodeScalars.append(isFine || isDigit ? scalar : "_")
        }
        return result.isEmpty ? "_" : result
    }

    static func counter(_ label: String) -> String { ending(sanitised(label), "_total") }

    static func timer(_ label: String) -> String { ending(sanitised(label), "_seconds") }

    /// Labels have no colons; `le` belongs to histograms, and two underscores in front to Prometheus itself.
    static func label(_ name: String) -> String {
        let name = sanitised(name).replacing(":", with: "_")
        if name == "le" { return "label_le" }
        return name.hasPrefix("__") ? "label" + name : name
    }

    private static func ending(_ name: String, _ suffix: String) -> String {
        name.hasSuffix(suffix) ? name : name + suffix
    }
}
