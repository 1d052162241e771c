// Validators of what clients keep (RFC 9110, section 8.8.3), and the question whether it is still the same.
import HTTPTypes

enum EntityTag {
    /// The same tag: the same bytes.
    static func strong(_ digest: [UInt8]) -> String { "\"\(Hexadecimal.text(digest.prefix(16)))\"" }

    /// The same tag: the same content.
    static func weak(_ digest: [UInt8]) -> String { "W/" + strong(digest) }

    /// Whether `If-None-Match` names the tag; the comparison is the weak one.
    static func matches(_ tag: String, _ ifNoneMatch: String?) -> Bool {
        guard let ifNoneMatch else { return false }
        let opaque = opaquePart(tag[...])
        return ifNoneMatch.split(separator: ",").contains { candidate in
            let candidate = candidate.drop { $0 == " " || $0 == "\t" }
            return candidate == "*" || opaquePart(candidate) == opaque
        }
    }

    private static func opaquePart(_ tag: Substring) -> Substring {
        var tag = tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
        while let last = tag.last, last == " " || last == "\t" { tag.removeLast() }
        return tag
    }
}

extension Answer {
    /// What the client has is this.
    var notModified: Answer {
        var answer = self
        answer.status = .notModified
        answer.body = .none
        return answer
    }
}
