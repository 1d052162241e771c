// What goes wrong inside, seen from outside: a code, what to do, and nothing else.
import ChatCore
import ChatFixtures
import ChatProtocol
import Foundation
import HTTPTypes
import Logging
import Synchronization
import Testing

@testable import ChatHTTP

@Suite("HTTP: failures")
struct HTTPFailureTests {
    struct Secret: Error {
        var text = "SELECT * FROM users WHERE password = 'hunter2'"
    }

    @Test("Every code has the status and the title of the table", arguments: ErrorCode.allKnown)
    func codes(code: ErrorCode) throws {
        let statuses: [ErrorCode: Int] = [
            .invalid: 400, .tooLarge: 413, .unauthenticated: 401, .forbidden: 403, .notFound: 404, .conflict: 409,
            .rateLimited: 429, .gone: 410, .unavailable: 503, .unknown: 504, .internal: 500,
        ]
        let error = ChatError(
            code,
            "What to do.",
            retryAfterMs: code == .rateLimited ? 1_001 : nil,
            underlying: Secret()
        )
        let answer = Refusals.failure(error, request: "0123", logger: Self.quiet).answer
        #expect(answer.status.code == statuses[code])
        #expect(answer.contentType == "application/problem+json")
        guard case .bytes(let bytes) = answer.body else { throw Secret() }
        let json = try JSONParser.parse(bytes)
        #expect(json["code"]?.string == code.rawValue)
        #expect(json["title"]?.string == code.text)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("hunter2"))
        #expect(answer.headers[.retryAfter] == (code == .rateLimited ? "2" : nil))
    }

    @Test("What nobody expected is told by an id alone; the log has the same id, and details at debug level only")
    func unexpected() throws {
        let lines = Mutex<[(Logger.Level, String)]>([])
        var logger = Logger(
            label: "test",
            factory: { _ in Recorder { level, text in lines.withLock { $0.append((level, text)) } } }
        )
        logger.logLevel = .trace
        for error in [Secret() as any Error, ChatError(.internal, "secret hunter2", underlying: Secret())] {
            let failure = Refusals.failure(error, request: "cafe0123", logger: logger)
            #expect(failure.problem.status == 500 && failure.problem.code == .internal)
            #expect(failure.problem.detail.contains("cafe0123"))
            #expect(!failure.problem.detail.contains("hunter2"))
        }
        let recorded = lines.withLock { $0 }
        let errors = recorded.filter { $0.0 == .error }.map(\.1)
        #expect(errors.count == 2)
        #expect(errors.allSatisfy { $0.contains("cafe0123") && !$0.contains("hunter2") })
        #expect(recorded.contains { $0.0 == .debug && $0.1.contains("hunter2") })
    }

    @Test("A store that is away is unavailable on every call that needs it, and nothing hangs")
    func unavailable() async throws {
        try await HTTPWorld.with { world in
            let person = try await world.person()
            let group = try await world.conversation("group", by: person)
            try await world.closeStore()
            for route in world.routes where route.access == .signedIn {
                let path = HTTPFormTests.filled(route.template).replacing("0000000000001", with: group.description)
                let answer = try await world.call(
                    route.method,
                    path,
                    by: person,
                    json: route.method == "GET" ? nil : "{}"
                )
                // Form is told even then.
                #expect(answer.status == 503 || answer.status == 400, "\(route): \(answer.status)")
                if answer.status == 503 { #expect(answer.code == "unavailable") }
            }
            for path in ["/v1/accounts", "/v1/sessions"] {
                let json = #"{"email":"x@example.org","handle":"xyz","name":"X","password":"\#(Person.password)"}"#
                let body = path == "/v1/sessions" ? #"{"email":"x@example.org","password":"x"}"# : json
                #expect(try await world.call("POST", path, json: body).status == 503, "\(path)")
            }
            #expect(try await world.call("GET", "/healthz").status == 200)
        }
    }

    @Test("A refused body ends its connection: nobody sends ten gigabytes for a 413", .timeLimit(.minutes(1)))
    func refusedBody() async throws {
        try await TestServer.with { server in
            let probe = HTTPProbe(port: server.port)
            let head = """
                POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
                Content-Length: 10000000000\r\n\r\n{
                """
            let answer = String(decoding: try await probe.exchange(Array(head.utf8)), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "one answer, then the end")
        }
    }

    private static var quiet: Logger { Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }) }

    private struct Recorder: LogHandler {
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.trace
        let record: @Sendable (Logger.Level, String) -> Void

        init(_ record: @escaping @Sendable (Logger.Level, String) -> Void) {
            self.record = record
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: Logging.LogEvent) {
            record(event.level, "\(event.message) \(event.metadata ?? [:])")
        }
    }
}
