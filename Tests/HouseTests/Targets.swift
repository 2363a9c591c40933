/// What each target may import: the arrows of `docs/ARCHITECTURE.md`. A new target is a row here.
struct TargetRules {
    enum Role { case pure, inputOutput, wiring, main }

    let name: String
    let role: Role
    /// Targets of this package.
    let ours: Set<String>
    /// Modules of others.
    let others: Set<String>

    init(_ name: String, _ role: Role, ours: Set<String> = [], others: Set<String>) {
        self.name = name
        self.role = role
        self.ours = ours
        self.others = others
    }

    static let foundation: Set<String> = ["Foundation", "FoundationEssentials"]
    static let system: Set<String> = foundation.union(["Dispatch", "Glibc", "Synchronization"])
    static let nio: Set<String> = ["NIOCore", "NIOPosix"]

    static let all = [
        TargetRules("EventLog", .pure, others: foundation.union(["Crypto"])),
        TargetRules("CareModel", .pure, ours: ["EventLog"], others: foundation),
        TargetRules("Replication", .pure, ours: ["EventLog"], others: foundation.union(["Crypto"])),
        TargetRules("CareInterop", .pure, ours: ["EventLog", "CareModel"], others: foundation),
        TargetRules("NodeAPI", .pure, ours: ["EventLog", "CareModel"], others: foundation),
        TargetRules(
            "LogStore", .inputOutput, ours: ["EventLog", "CareModel"],
            // Scheduling is ours, and a call of the system: C, without arrows of its own.
            others: system.union(["Crypto", "DequeModule", "GRDB", "GRDBSQLite", "Logging", "Scheduling"])),
        TargetRules(
            "PeerNetwork", .inputOutput, ours: ["EventLog", "Replication"],
            others: system.union(nio).union(["Crypto", "Logging", "NIOSSL", "NIOTLS", "SwiftASN1", "X509"])),
        TargetRules(
            "RecordPage", .inputOutput, ours: ["EventLog", "CareModel", "NodeAPI"],
            others: foundation.union([
                "HTTPTypes", "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "Logging", "Mustache", "NIOCore", "NIOSSL",
                "ServiceLifecycle", "Synchronization",
            ])),
        TargetRules(
            "DuologNode", .wiring,
            ours: [
                "EventLog", "CareModel", "Replication", "CareInterop", "NodeAPI", "LogStore", "PeerNetwork", "RecordPage",
            ],
            others: system.union(nio).union([
                "Configuration", "Crypto", "CryptoExtras", "Logging", "Metrics", "ServiceLifecycle", "UnixSignals", "Yams",
            ])),
        TargetRules(
            "DemoCase", .wiring, ours: ["EventLog", "CareModel", "NodeAPI", "DuologNode"],
            others: system.union(["Crypto", "Logging"])),
        // The ids and kinds in NodeAPI's answers are types of EventLog and CareModel, and have to be imported to be used.
        TargetRules(
            "duolog", .main, ours: ["EventLog", "CareModel", "CareInterop", "NodeAPI", "DemoCase", "DuologNode"],
            others: system.union(["ArgumentParser", "Logging"])),
    ]

    static func named(_ name: String) -> TargetRules? { all.first { $0.name == name } }
}
