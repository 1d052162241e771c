// swift-tools-version: 6.2
import PackageDescription

// One settings array for every target: language mode 6, complete concurrency checking, no warnings.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "VibeTalk",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "ChatProtocol", targets: ["ChatProtocol"]),
        .library(name: "ChatClient", targets: ["ChatClient"]),
        .executable(name: "vibetalk", targets: ["vibetalk"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // The wire, and the rules.
        .target(name: "ChatProtocol"),
        .target(name: "ChatCore", dependencies: ["ChatProtocol", logging, metrics, deque]),

        // Adapters: what the rules need from the world.
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .target(name: "ChatSecurity", dependencies: ["ChatCore", "CArgon2", crypto]),
        .target(name: "ChatSQLite", dependencies: ["ChatCore", "ChatProtocol", grdb, logging]),

        // Faces: how the world talks to the rules.
        .target(
            name: "ChatGateway",
            dependencies: [
                "ChatCore", "ChatProtocol", nioCore, nioPosix, nioHTTP1, nioWebSocket, logging, metrics, deque,
            ]
        ),
        .target(
            name: "ChatHTTP",
            dependencies: ["ChatCore", "ChatProtocol", hummingbird, httpTypes, logging, coreMetrics, metrics, nioCore],
            resources: [.embedInCode("Resources")]
        ),
        .target(
            name: "ChatServer",
            dependencies: [
                "ChatCore", "ChatProtocol", "ChatSQLite", "ChatSecurity", "ChatGateway", "ChatHTTP",
                hummingbird, hummingbirdCore, nioCore, nioPosix, nioHTTP1, nioHTTPTypes, nioHTTPTypesHTTP1,
                nioWebSocket,
                configuration, serviceLifecycle, unixSignals, logging, metrics,
            ]
        ),

        // The other side of the wire.
        .target(
            name: "ChatClient",
            dependencies: ["ChatProtocol", nioCore, nioPosix, nioHTTP1, nioWebSocket, logging, deque]
        ),
        .target(name: "ChatLoad", dependencies: ["ChatClient", "ChatProtocol"]),
        .executableTarget(
            name: "vibetalk",
            dependencies: ["ChatServer", "ChatLoad", argumentParser]
        ),

        // What tests stand on.
        .target(
            name: "ChatFixtures",
            dependencies: [
                "ChatCore", "ChatProtocol", "ChatGateway", "ChatServer", "ChatClient", "ChatSQLite", "ChatSecurity",
                nioCore, nioPosix, logging, deque,
            ]
        ),
        .target(name: "ChatTesting", dependencies: ["ChatFixtures", "ChatCore", "ChatProtocol"]),
        .testTarget(name: "ChatProtocolTests", dependencies: ["ChatProtocol"]),
        .testTarget(name: "ChatCoreTests", dependencies: ["ChatCore", "ChatProtocol", "ChatTesting"]),
        .testTarget(
            name: "ChatGatewayTests",
            dependencies: ["ChatGateway", "ChatCore", "ChatProtocol", nioCore, nioEmbedded, nioPosix, nioWebSocket]
        ),
        .testTarget(name: "ChatClientTests", dependencies: ["ChatClient", "ChatProtocol"]),
        .testTarget(
            name: "BackendContractTests",
            dependencies: [
                "ChatTesting", "ChatFixtures", "ChatSQLite", "ChatSecurity", "ChatCore", "ChatProtocol", grdb,
            ]
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["ChatFixtures", "ChatTesting", "ChatCore", "ChatProtocol", "ChatClient", "ChatGateway"]
        ),
        .testTarget(
            name: "ChatServerTests",
            dependencies: [
                "ChatFixtures", "ChatTesting", "ChatServer", "ChatHTTP", "ChatGateway", "ChatClient", "ChatCore",
                "ChatProtocol", "ChatSQLite", "ChatSecurity", configuration, httpTypes, hummingbird, logging, metrics,
                nioCore, nioEmbedded, nioHTTP1, nioPosix, serviceLifecycle,
            ]
        ),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = settings
}
