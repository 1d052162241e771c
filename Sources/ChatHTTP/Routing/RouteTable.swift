// Finds the route of a path: literal segments first, then parameters. Built once.
import HTTPTypes

/// All routes, by path.
struct RouteTable: Sendable {
    enum Match {
        case found(Int, parameters: [String: Substring])
        /// The path is known, with other methods.
        case otherMethods([HTTPRequest.Method])
        case unknown
    }

    private struct Node: Sendable {
        var literals: [Substring: Node] = [:]
        var parameter: [Node] = []
        /// Of this path, by method: the route's place in the list, and its parameters' names in order.
        var routes: [HTTPRequest.Method: (index: Int, names: [String])] = [:]
    }

    private var root = Node()

    init(_ routes: [Route]) {
        for (index, route) in routes.enumerated() {
            var names: [String] = []
            Self.insert(Self.segments(route.template)[...], into: &root, names: &names) { node, names in
                precondition(node.routes[route.method] == nil, "\(route.name) is there twice")
                node.routes[route.method] = (index, names)
            }
        }
    }

    /// The route of a request. `HEAD` finds the `GET`.
    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        guard path.utf8.first == UInt8(ascii: "/") else { return .unknown }
        var values: [Substring] = []
        guard let node = find(Self.segments(path)[...], in: root, &values), !node.routes.isEmpty else {
            return .unknown
        }
        let method = method == .head ? .get : method
        guard let (index, names) = node.routes[method] else {
            var methods = Array(node.routes.keys)
            if node.routes[.get] != nil { methods.append(.head) }
            return .otherMethods(methods.sorted { $0.rawValue < $1.rawValue })
        }
        return .found(index, parameters: Dictionary(zip(names, values)) { first, _ in first })
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { $0 }
    }

    private static func insert(
        _ segments: ArraySlice<Substring>,
        into node: inout Node,
        names: inout [String],
        _ place: (inout Node, [String]) -> Void
    ) {
        guard let first = segments.first else { return place(&node, names) }
        if first.hasPrefix("{") {
            names.append(String(first.dropFirst().dropLast()))
            if node.parameter.isEmpty { node.parameter.append(Node()) }
            insert(segments.dropFirst(), into: &node.parameter[0], names: &names, place)
        } else {
            insert(segments.dropFirst(), into: &node.literals[first, default: Node()], names: &names, place)
        }
    }

    /// The node of a path: a literal way is taken where there is one, even if a parameter would lead further.
    private func find(_ segments: ArraySlice<Substring>, in node: Node, _ values: inout [Substring]) -> Node? {
        guard let first = segments.first else { return node }
        if let next = node.literals[first] { return find(segments.dropFirst(), in: next, &values) }
        guard let next = node.parameter.first, !first.isEmpty else { return nil }
        values.append(first)
        return find(segments.dropFirst(), in: next, &values)
    }
}
