// Tokens: 256 random bits each, opaque to everybody; the store knows their SHA-256 alone.

/// Makes tokens.
struct Tokens: Sendable {
    let environment: Environment
    /// A keyed fingerprint under the instance's secret.
    let mac: @Sendable ([UInt8]) -> [UInt8]

    /// 43 characters: 32 bytes in base64url.
    static let length = 43

    func fresh() -> String { Base64URL.encode(environment.random(32)) }

    /// What the store keeps. `nil` for what cannot be a token.
    func hash(_ token: String) -> [UInt8]? {
        token.utf8.count == Self.length ? environment.digest(Array(token.utf8)) : nil
    }

    /// The tokens that follow a refresh token. They are computed, not drawn, so that a second use in time (the answer
    /// to the first was lost) gives the same ones without the store knowing them. Neither the store's content nor an
    /// old token is enough to compute them: it takes the token and the secret.
    func successors(of refreshToken: String) -> (access: String, refresh: String) {
        let token = Array(refreshToken.utf8)
        return (
            Base64URL.encode(mac(Array("access ".utf8) + token)),
            Base64URL.encode(mac(Array("refresh ".utf8) + token))
        )
    }
}

/// RFC 4648, section 5, without padding.
enum Base64URL {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(digits[Int(buffer >> bits & 63)])
            }
        }
        if bits > 0 { text.append(digits[Int(buffer << (6 - bits) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
