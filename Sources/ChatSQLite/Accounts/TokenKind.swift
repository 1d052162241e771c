// What a stored token is for.

enum TokenKind: Int64, Sendable {
    case access = 0
    case refresh = 1
    case cookie = 2
}
