// What is asked about accounts and sessions. Passwords are judged after NFC and therefore by the server, not here.

/// The body of `POST /v1/accounts`.
public struct SignUpRequest: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The address for signing in.
    public var email: String
    /// The handle.
    public var handle: String
    /// The display name.
    public var name: String
    /// The password.
    public var password: String
    /// The invitation, where one is needed.
    public var invite: String?
    /// What the device calls itself.
    public var device: String?
    /// Whether a cookie shall carry the session.
    public var cookie: Bool
    /// Creates a request.
    public init(
        email: String,
        handle: String,
        name: String,
        password: String,
        invite: String? = nil,
        device: String? = nil,
        cookie: Bool = false
    ) {
        self.email = email
        self.handle = handle
        self.name = name
        self.password = password
        self.invite = invite
        self.device = device
        self.cookie = cookie
    }

    /// Reads a request.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        self.init(
            email: try fields.email("email"),
            handle: try fields.handle("handle"),
            name: try fields.string("name"),
            password: try fields.string("password"),
            invite: try fields.optionalString("invite"),
            device: try fields.device("device"),
            cookie: try fields.flag("cookie")
        )
    }

    /// Writes a request.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("email", email)
        writer.field("handle", handle)
        writer.field("name", name)
        writer.field("password", password)
        writer.optional("invite", invite)
        writer.optional("device", device)
        writer.flag("cookie", cookie)
        writer.endObject()
    }
}

/// The body of `POST /v1/sessions`.
public struct SignInRequest: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The e-mail address or the handle. On the wire it is `email`, which may hold a handle too, or `handle`.
    public var login: String
    /// The password.
    public var password: String
    /// What the device calls itself.
    public var device: String?
    /// Whether a cookie shall carry the session.
    public var cookie: Bool
    /// Creates a request.
    public init(login: String, password: String, device: String? = nil, cookie: Bool = false) {
        self.login = login
        self.password = password
        self.device = device
        self.cookie = cookie
    }

    /// Whether ``login`` is an e-mail address; handles have no at sign.
    public var isEmail: Bool { login.utf8.contains(UInt8(ascii: "@")) }

    /// Reads a request.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        let email = try fields.optionalString("email")
        let handle = try fields.optionalString("handle")
        guard let login = email ?? handle else { throw fields.failure("email", "or handle is missing") }
        guard email == nil || handle == nil else { throw fields.failure("email", "and handle exclude each other") }
        guard login.utf8.count <= FixedLimits.emailBytes else {
            throw fields.failure("email", "must be at most \(FixedLimits.emailBytes) bytes")
        }
        self.init(
            login: login,
            password: try fields.string("password"),
            device: try fields.device("device"),
            cookie: try fields.flag("cookie")
        )
    }

    /// Writes a request.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field(isEmail ? "email" : "handle", login)
        writer.field("password", password)
        writer.optional("device", device)
        writer.flag("cookie", cookie)
        writer.endObject()
    }
}

/// The body of `POST /v1/sessions/refresh`.
public struct RefreshRequest: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The refresh token; used once. Absent where a cookie carries the session.
    public var refreshToken: String?
    /// Creates a request.
    public init(refreshToken: String?) { self.refreshToken = refreshToken }

    /// Reads a request.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        self.init(refreshToken: try fields.optionalString("refreshToken"))
    }

    /// Writes a request.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.optional("refreshToken", refreshToken)
        writer.endObject()
    }
}

/// The body of `POST /v1/me/password`.
public struct PasswordChange: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The password so far.
    public var password: String
    /// The password from now on.
    public var newPassword: String
    /// Creates a change.
    public init(password: String, newPassword: String) {
        self.password = password
        self.newPassword = newPassword
    }

    /// Reads a change.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        self.init(password: try fields.string("password"), newPassword: try fields.string("newPassword"))
    }

    /// Writes a change.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("password", password)
        writer.field("newPassword", newPassword)
        writer.endObject()
    }
}

/// The body of `PATCH /v1/me`: absent fields stay, `null` clears.
public struct ProfilePatch: Sendable, Equatable, JSONEncodable, JSONDecodable {
    /// The new display name.
    public var name: String?
    /// The new handle.
    public var handle: String?
    /// The new status text.
    public var status: Change<String>
    /// The new picture's address.
    public var avatar: Change<String>
    /// What the person's clients keep, as a whole: a JSON object.
    public var settings: JSON?
    /// Creates a patch.
    public init(
        name: String? = nil,
        handle: String? = nil,
        status: Change<String> = .keep,
        avatar: Change<String> = .keep,
        settings: JSON? = nil
    ) {
        self.name = name
        self.handle = handle
        self.status = status
        self.avatar = avatar
        self.settings = settings
    }

    /// Reads a patch.
    public init(json: JSON) throws(WireError) {
        var fields = try JSONObjectReader(request: json)
        self.init(
            name: try fields.optionalString("name"),
            handle: try fields.optionalHandle("handle"),
            status: try fields.change("status"),
            avatar: try fields.change("avatar"),
            settings: try Self.readSettings(&fields)
        )
        if case .set(let text) = status, text.unicodeScalars.count > FixedLimits.statusCharacters {
            throw fields.failure("status", "must be at most \(FixedLimits.statusCharacters) characters")
        }
        if case .set(let text) = avatar, text.utf8.count > FixedLimits.avatarBytes {
            throw fields.failure("avatar", "must be at most \(FixedLimits.avatarBytes) bytes")
        }
    }

    private static func readSettings(_ fields: inout JSONObjectReader) throws(WireError) -> JSON? {
        guard let settings = fields.value("settings") else { return nil }
        guard case .object = settings else { throw fields.failure("settings", "must be an object") }
        // Deeper ones, or huge ones, could not be told in the frames that carry them to the user's other connections.
        guard settings.depth <= FixedLimits.settingsDepth else {
            throw fields.failure("settings", "must be nested at most \(FixedLimits.settingsDepth) deep")
        }
        guard settings.encoded().count <= FixedLimits.settingsBytes else {
            throw WireError(.tooLarge, "settings must be at most \(FixedLimits.settingsBytes) bytes.")
        }
        return settings
    }

    /// Writes a patch.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.optional("name", name)
        writer.optional("handle", handle)
        writer.field("status", status)
        writer.field("avatar", avatar)
        writer.optional("settings", settings)
        writer.endObject()
    }
}
