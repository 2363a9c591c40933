// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is held to the same language rules; a warning of ours stops the build, a dependency's does not.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Tests look inside these with `@testable`, in a release build too. The hot paths, EventLog and LogStore, are optimised as if nobody did.
let lookedInto: [SwiftSetting] = strict + [.unsafeFlags(["-enable-testing"], .when(configuration: .release))]

/// A test is run once: an optimiser would take longer over it than the test does.
let tested: [SwiftSetting] = strict + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

func pure(
    _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil, settings: [SwiftSetting] = strict
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: tested)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
    name: "duolog",
    products: [.executable(name: "duolog", targets: ["duolog"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Pure: no clock, no randomness, no input or output of their own.
        pure("EventLog", [crypto]),
        pure(
            "CareModel", ["EventLog"], resources: [.embedInCode("Resources/medication-rules.json")], settings: lookedInto),
        pure("Replication", ["EventLog", crypto], settings: lookedInto),
        pure("CareInterop", ["EventLog", "CareModel"]),
        pure("NodeAPI", ["EventLog", "CareModel"]),

        // Input and output; these never import each other.
        .target(
            name: "LogStore",
            dependencies: [
                "EventLog", "CareModel", "Scheduling", crypto, .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "PeerNetwork",
            dependencies: nio + [
                "EventLog", "Replication", crypto, log,
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: lookedInto),

        .target(
            name: "RecordPage",
            dependencies: [
                "EventLog", "CareModel", "NodeAPI", log,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Resources")],
            swiftSettings: lookedInto),

        // The made-up case that the demo and the tests play.
        pure(
            "DemoCase", ["EventLog", "CareModel", "NodeAPI", "DuologNode"],
            resources: [.embedInCode("Resources/combined-care-26w.tsv")]),

        // How long threads run at a time: a call of the kernel that Swift cannot make.
        .target(name: "Scheduling"),

        // Where programs that keep events get their memory from.
        .target(name: "Allocator", linkerSettings: [.linkedLibrary("jemalloc")]),

        // Wiring, and the command line.
        .target(
            name: "DuologNode",
            dependencies: nio + [
                "EventLog", "CareModel", "Replication", "CareInterop", "NodeAPI", "LogStore", "PeerNetwork", "RecordPage", crypto,
                log,
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: lookedInto),
        .executableTarget(
            name: "duolog",
            dependencies: [
                "Allocator", "EventLog", "CareModel", "CareInterop", "NodeAPI", "DuologNode", "DemoCase", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // Tests mirror the sources; what they share stands in one place.
        .target(
            name: "TestSupport", dependencies: ["EventLog", "CareModel", crypto], path: "Tests/TestSupport", swiftSettings: strict
        ),
        .target(
            name: "SyncSimulation", dependencies: ["EventLog", "CareModel", "Replication", "TestSupport"],
            path: "Tests/SyncSimulation", exclude: ["Planted"], swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["SyncSimulation", "TestSupport"], path: "Tests/Simulate", swiftSettings: strict),
        // What a benchmark is held against: as little as can be done with the same bytes, in C.
        .executableTarget(
            name: "bench-floor", path: "Tests/Bench/Floor",
            linkerSettings: [.linkedLibrary("sqlite3"), .linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .executableTarget(
            name: "bench",
            dependencies: [
                "Allocator", "EventLog", "CareModel", "Replication", "LogStore", "PeerNetwork", "DuologNode", "TestSupport",
                crypto,
                log,
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            path: "Tests/Bench", exclude: ["Floor", "plot.py"], swiftSettings: strict),
        .target(
            name: "FuzzTargets", dependencies: ["EventLog", "Replication", "TestSupport"], path: "Tests/FuzzTargets",
            swiftSettings: strict),
        tests("FuzzTests", ["FuzzTargets", "TestSupport"], exclude: ["Corpus"]),
        tests("EventLogTests", ["EventLog", "CareModel", "TestSupport"]),
        tests("CareModelTests", ["EventLog", "CareModel", "TestSupport"], exclude: ["Golden"]),
        tests("CareInteropTests", ["EventLog", "CareModel", "CareInterop", "TestSupport"], exclude: ["validate.py"]),
        tests("ReplicationTests", ["EventLog", "CareModel", "Replication", "TestSupport"]),
        tests(
            "SyncSimulationTests",
            [
                "EventLog", "CareModel", "Replication", "LogStore", "DuologNode", "SyncSimulation", "TestSupport", crypto,
            ]),
        tests("RecordPageTests", ["EventLog", "CareModel", "RecordPage", "TestSupport"]),
        tests("HouseTests", []),
        .testTarget(name: "ServiceTests", path: "Tests/Service", exclude: ["box"], swiftSettings: tested),
        .testTarget(
            name: "AuditFormatTests", dependencies: ["EventLog", "CareModel", "TestSupport"], path: "Tests/AuditFormat",
            exclude: ["verify.py"], swiftSettings: tested),
        tests(
            "DuologNodeTests",
            [
                "EventLog", "CareModel", "Replication", "NodeAPI", "LogStore", "PeerNetwork", "RecordPage", "DuologNode",
                "TestSupport", crypto, log, .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        tests(
            "PeerNetworkTests",
            nio + [
                "EventLog", "Replication", "PeerNetwork", crypto, log,
                .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        tests(
            "EndToEndTests",
            nio + [
                "EventLog", "CareModel", "CareInterop", "Replication", "NodeAPI", "LogStore", "PeerNetwork", "DuologNode",
                "DemoCase",
                "TestSupport", "duolog", crypto, log,
            ], exclude: ["Fixtures"]),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings a main of its own, so this exists only where everything is built for it: make fuzz.
if Context.environment["FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz",
            swiftSettings: strict))
}
