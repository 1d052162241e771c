// Which version this is, in one place: `vibetalk --version` and `GET /v1/server` both tell it.

package enum VibeTalkVersion {
    package static let current = "0.1.0"
}
