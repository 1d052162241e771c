// What a server says of itself before anybody signs in.

/// The answer to `GET /v1/server`.
public struct ServerInfo: Sendable, Equatable {
    /// Who may make an account.
    public enum SignUp: String, Sendable, CaseIterable {
        /// Everybody.
        case open
        /// Who was invited.
        case invite
        /// Nobody.
        case closed
    }

    /// What the instance is called.
    public var name: String
    /// The server's version.
    public var version: String
    /// The store's epoch.
    public var epoch: String
    /// Who may make an account.
    public var signUp: SignUp
    /// Whether the server can send mail.
    public var mail: Bool
    /// Other ways to sign in.
    public var providers: [String]
    /// What is switched on.
    public var features: [String]
    /// All limits by name.
    public var limits: [String: Int64]
    /// The public key for push messages.
    public var vapidKey: String?

    /// Creates a description.
    public init(
        name: String,
        version: String,
        epoch: String,
        signUp: SignUp,
        mail: Bool = false,
        providers: [String] = [],
        features: [String] = [],
        limits: [String: Int64],
        vapidKey: String? = nil
    ) {
        self.name = name
        self.version = version
        self.epoch = epoch
        self.signUp = signUp
        self.mail = mail
        self.providers = providers
        self.features = features
        self.limits = limits
        self.vapidKey = vapidKey
    }
}

extension ServerInfo: JSONEncodable, JSONDecodable {
    /// Reads a description.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(json, "server")
        self.init(
            name: try fields.string("name"),
            version: try fields.string("version"),
            epoch: try fields.string("epoch"),
            signUp: try fields.word("signUp", otherwise: .closed),
            mail: try fields.flag("mail"),
            providers: try fields.optionalStrings("providers") ?? [],
            features: try fields.optionalStrings("features") ?? [],
            limits: try fields.limits("limits"),
            vapidKey: try fields.optionalString("vapidKey")
        )
    }

    /// Writes a description.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("name", name)
        writer.field("version", version)
        writer.field("epoch", epoch)
        writer.field("signUp", signUp.rawValue)
        writer.field("mail", mail)
        writer.field("providers", providers)
        writer.field("features", features)
        writer.field("limits", limits: limits)
        writer.optional("vapidKey", vapidKey)
        writer.endObject()
    }
}
