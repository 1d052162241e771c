// A request as the calls see it: its parameters, its query, its JSON body. Everything was read before a call begins.
import ChatCore
import ChatProtocol
import HTTPTypes

/// One request.
struct Call: Sendable {
    let method: HTTPRequest.Method
    /// What the template's braces stand for, still percent-encoded.
    let parameters: [String: Substring]
    let query: Query
    let headers: HTTPFields
    /// The `Host` that was asked.
    let authority: String?
    /// The object in the body; an empty body is an empty object.
    let body: JSON
    /// For limits by address.
    let address: String

    /// Reads the body's fields. - Throws: `WireError` that names the field.
    func body<Form: JSONDecodable>(_ type: Form.Type = Form.self) throws(WireError) -> Form {
        try Form(json: body)
    }

    /// An identifier of the path. - Throws: `not_found` if it is malformed.
    func id<ID: EntityID>(_ name: String, _ type: ID.Type = ID.self) throws(ChatError) -> ID {
        guard let text = parameters[name], let id = ID(String(text)) else { throw .notFound }
        return id
    }

    /// A `seq` of the path. - Throws: `invalid` if it is no integer.
    func seq() throws(ChatError) -> Int64 {
        guard let text = parameters["seq"], let seq = Integers.parse(String(text)) else {
            throw .invalid("seq: give an integer from 0 to 2^53 - 1.")
        }
        return seq
    }

    /// The emoji of the path. - Throws: `invalid` if it is malformed.
    func emoji() throws(ChatError) -> String {
        guard let emoji = parameters["emoji"].flatMap({ PercentDecoding.decode($0) }) else {
            throw .invalid("emoji: is not percent-encoded UTF-8.")
        }
        try TextRules.checkEmoji(emoji)
        return emoji
    }
}

/// Whose call it is.
struct Caller: Sendable, Equatable {
    var user: UserID
    var session: SessionID
}

/// A body that has no field to read: only those that are refused everywhere are looked for.
struct NoFields: JSONDecodable {
    init(json: JSON) throws(WireError) {
        let reader = try JSONObjectReader(request: json)
        try reader.finish()
    }
}
