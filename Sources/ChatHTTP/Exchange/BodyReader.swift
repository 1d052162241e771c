// Reads the body of a request: bounded before the first byte, strict JSON after the last.
import ChatProtocol
import HTTPTypes
import Hummingbird
import NIOCore

enum BodyReader {
    /// The object in the body; an empty body is an empty object. More bytes than the limit are refused before they are
    /// read. With `needsType` even an empty body must be announced as JSON (calls with a cookie).
    static func object(of request: Request, limit: Int64, needsType: Bool) async throws -> JSON {
        let isJSON = isJSON(request.headers[.contentType]) && isPlain(request.headers)
        let length = request.headers[.contentLength].flatMap { Int64($0) } ?? 0
        guard isJSON || !needsType && length == 0 else { throw Failure.mediaType }
        guard length <= limit else { throw tooLarge(limit) }
        var bytes: [UInt8] = []
        for try await chunk in request.body where chunk.readableBytes > 0 {
            // A chunked body may turn out to be none.
            guard isJSON else { throw Failure.mediaType }
            guard Int64(bytes.count + chunk.readableBytes) <= limit else { throw tooLarge(limit) }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return bytes.isEmpty ? .object([]) : try JSONParser.parse(bytes)
    }

    private static func tooLarge(_ limit: Int64) -> Failure {
        Failure(413, .tooLarge, "The body may have at most \(limit) bytes.").closing
    }

    private static func isPlain(_ headers: HTTPFields) -> Bool {
        headers[.contentEncoding].map { $0.lowercased() == "identity" } ?? true
    }

    /// `application/json`, in UTF-8 if a character set is named.
    static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        let parts = contentType.lowercased().split(separator: ";", omittingEmptySubsequences: false).map { part in
            part.filter { $0 != " " && $0 != "\t" }
        }
        guard parts.first == "application/json" else { return false }
        return parts.dropFirst().allSatisfy { part in
            !part.hasPrefix("charset=") || part == "charset=utf-8" || part == "charset=\"utf-8\""
        }
    }
}
