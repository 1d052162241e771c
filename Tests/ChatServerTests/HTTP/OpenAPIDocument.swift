// As much of /openapi.yaml as the tests compare with the program: calls and the fields of objects. The file keeps to a plain
// form (two spaces per level, lists of names in brackets), so lines are enough.

/// What the description says.
struct OpenAPIDocument {
    struct Call: Hashable {
        var method: String
        var template: String
        /// Whether the caller must be signed in.
        var isSignedIn: Bool
    }

    struct Schema {
        var required: Set<String> = []
        var properties: Set<String> = []
    }

    private(set) var calls: [Call] = []
    private(set) var schemas: [String: Schema] = [:]
    private(set) var operationIDs: [String] = []
    /// Everything that is referred to, and everything that is there to be referred to.
    private(set) var references: Set<String> = []
    private(set) var components: Set<String> = []

    init(_ text: String) {
        var section = ""
        var group = ""
        var template = ""
        var schema = ""
        var isInProperties = false
        for line in text.split(separator: "\n") {
            let depth = line.prefix { $0 == " " }.count
            let content = line.dropFirst(depth)
            for reference in content.components(between: "\"#/components/", and: "\"") { references.insert(reference) }
            let key = content.firstIndex(of: ":").map { String(content[..<$0]) } ?? ""
            switch (section, depth) {
            case (_, 0):
                section = key
            case ("paths", 2):
                template = String(content.dropLast())
            case ("paths", 4) where ["get", "put", "post", "patch", "delete"].contains(key):
                calls.append(Call(method: key.uppercased(), template: template, isSignedIn: true))
            case ("paths", 6) where key == "security":
                if let last = calls.indices.last { calls[last].isSignedIn = content != "security: []" }
            case ("paths", 6) where key == "operationId":
                operationIDs.append(String(content.dropFirst("operationId: ".count)))
            case ("components", 2):
                group = key
            case ("components", 4):
                components.insert("\(group)/\(key)")
                schema = group == "schemas" ? key : ""
                if !schema.isEmpty { schemas[schema] = Schema() }
            case ("components", 6) where !schema.isEmpty:
                isInProperties = key == "properties"
                if key == "required" { schemas[schema]?.required = Self.names(content) }
            case ("components", 8) where !schema.isEmpty && isInProperties:
                schemas[schema]?.properties.insert(key)
            default:
                break
            }
        }
    }

    /// The names in `[a, b]`.
    private static func names(_ content: Substring) -> Set<String> {
        guard let start = content.firstIndex(of: "["), let end = content.lastIndex(of: "]") else { return [] }
        return Set(content[content.index(after: start)..<end].split(separator: ",").map { $0.filter { $0 != " " } })
    }
}

extension Substring {
    fileprivate func components(between start: String, and end: Character) -> [String] {
        var found: [String] = []
        var rest = self
        while let range = rest.firstRange(of: start) {
            rest = rest[range.upperBound...]
            found.append(String(rest.prefix { $0 != end }))
        }
        return found
    }
}
