// The plain page and the description of the interface: files that are part of the program.
import ChatCore
import HTTPTypes

struct PageCalls: Sendable {
    private struct File: Sendable {
        let path: String
        let bytes: [UInt8]
        let contentType: String
    }

    private static let files = [
        File(path: "/", bytes: PackageResources.index_html, contentType: "text/html; charset=utf-8"),
        File(path: "/app.js", bytes: PackageResources.app_js, contentType: "text/javascript; charset=utf-8"),
        File(path: "/style.css", bytes: PackageResources.style_css, contentType: "text/css; charset=utf-8"),
        File(path: "/icon.svg", bytes: PackageResources.icon_svg, contentType: "image/svg+xml"),
        File(path: "/openapi.yaml", bytes: PackageResources.openapi_yaml, contentType: "application/yaml"),
    ]

    let digest: @Sendable ([UInt8]) -> [UInt8]

    func add(to routes: inout Routes) {
        for file in Self.files {
            var answer = Answer.text(file.bytes, contentType: file.contentType)
            // The browser keeps it and asks each time whether it is still this one.
            answer.cacheControl = "no-cache"
            let tag = EntityTag.strong(digest(file.bytes))
            answer.headers[.eTag] = tag
            routes.open(.get, file.path) { [answer] call in
                EntityTag.matches(tag, call.headers[.ifNoneMatch]) ? answer.notModified : answer
            }
        }
    }
}
