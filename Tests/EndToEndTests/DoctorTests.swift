import CareModel
import DemoCase
import DuologNode
import EventLog
import Foundation
import NodeAPI
import TestSupport
import Testing

/// What `duolog doctor` finds on a node that is well, and on one after another that is not; each finding says what to do.
@Suite(.serialized) struct DoctorTests {
    private let folder = Daemons.folder()

    /// The findings about a subject, and how the command ended.
    private func examine(_ node: DemoNode) throws -> (findings: [Diagnosis], status: Int32) {
        let ran = try node.run(["doctor", "--json"])
        return (try JSONDecoder().decode([Diagnosis].self, from: Data(ran.output.utf8)), ran.status)
    }

    private func finding(_ node: DemoNode, _ subject: String) throws -> Diagnosis? {
        try examine(node).findings.first { $0.subject == subject }
    }

    /// A finding that is worse than good must say what to do.
    private func expect(
        _ node: DemoNode, _ subject: String, _ level: Diagnosis.Level, _ words: String, advice: String? = nil,
        _ place: SourceLocation = #_sourceLocation
    ) throws {
        let (findings, status) = try examine(node)
        let found = findings.first { $0.subject == subject && (words.isEmpty || $0.finding.contains(words)) }
        #expect(found?.level == level, "\(subject): \(findings)", sourceLocation: place)
        if let advice { #expect(found?.advice?.contains(advice) == true, "\(found as Any)", sourceLocation: place) }
        if level == .fault { #expect(status == 1, sourceLocation: place) }
        for other in findings where [.warning, .fault].contains(other.level) {
            #expect(other.advice?.isEmpty == false, "nothing is said to do about \(other)", sourceLocation: place)
        }
    }

    private func permissions(_ mode: Int, of name: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: name)
    }

    @Test func itSeesTheFilesAndWhoCanReadThem() async throws {
        let node = try Daemons.make("files", in: folder)
        let state = node.folder + "/state"
        try await node.start()
        let well = try examine(node)
        #expect(well.status == 0 && !well.findings.contains { $0.level == .fault }, "\(well.findings)")
        try expect(node, "configuration", .good, state)
        try expect(node, "node key", .good, "node ")
        try expect(node, "store key", .note, "lies beside what it seals", advice: "OPERATIONS.md")
        try expect(node, "state folder", .good, "mode 7")
        #expect(try finding(node, "disk") != nil && finding(node, "clock") != nil && finding(node, "SQLite") != nil)

        try permissions(0o644, of: state + "/node.key")
        try expect(node, "node key", .fault, "can be read by others", advice: "chmod 600")
        try permissions(0o600, of: state + "/node.key")
        try permissions(0o640, of: state + "/store.key")
        try expect(node, "store key", .fault, "can be read by others", advice: "chmod 600")
        try permissions(0o600, of: state + "/store.key")
        try permissions(0o755, of: state)
        try expect(node, "state folder", .warning, "mode 755", advice: "chmod 711")
        try permissions(0o700, of: state)

        for name in ["restore.tmp", "log.sqlite.before-9-other"] {
            try Data().write(to: URL(fileURLWithPath: "\(state)/\(name)"))
        }
        try expect(node, "restore", .fault, "interrupted", advice: "duolog restore")
        try expect(node, "upgrade", .note, "before an upgrade", advice: "remove it")
        try FileManager.default.removeItem(atPath: state + "/restore.tmp")

        let key = try Data(contentsOf: URL(fileURLWithPath: state + "/node.key"))
        try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: state + "/node.key"))
        try expect(node, "node key", .fault, "does not hold a node key", advice: "duolog restore")
        try key.write(to: URL(fileURLWithPath: state + "/node.key"))
        node.stop()
        try expect(node, "daemon", .fault, "", advice: "systemctl status duolog")
        try FileManager.default.removeItem(atPath: state)
        try expect(node, "state folder", .fault, "No such file", advice: "duolog init")
    }

    @Test func itSeesPeersBackupsAndTheCheckOfTheLog() async throws {
        let alone = try Daemons.make("alone", in: folder)
        try await alone.start()
        try expect(alone, "peers", .note, "none is paired", advice: "duolog peer add")
        alone.stop()

        let pair = try await Daemons.pair(in: folder)
        try expect(pair.left, "daemon", .good, "answers, version")
        try await Daemons.wait("a peer that is connected", of: pair.left) { try finding(pair.left, "peer right")?.level == .good }
        try expect(pair.left, "backup", .warning, "none was ever made", advice: "duolog backup keygen")
        #expect(try pair.left.run(["audit", "verify"]).status == 0)
        try expect(pair.left, "check of the log", .good, "events held")
        let identity = folder + "/identity"
        let made = try Daemons.run(["backup", "keygen", "--out", identity, "--json"])
        let recipient = try #require(made.firstMatch(of: /"recipient" : "([^"]+)"/)?.1)
        #expect(try pair.left.run(["backup", folder + "/left.backup", "--recipient", String(recipient)]).status == 0)
        try expect(pair.left, "backup", .good, "the last one is of")
        // The backup holds the key of then.
        #expect(try pair.left.run(["key", "rotate"]).status == 0)
        try expect(pair.left, "backup", .fault, "holds the key that was given up", advice: "duolog backup FILE")

        pair.right.stop()
        try await Daemons.wait("the end of the connection", of: pair.left) {
            try finding(pair.left, "peer right")?.level == .fault
        }
        try expect(pair.left, "peer right", .fault, "", advice: "it has to dial this node")
        pair.left.stop()
        try await pair.right.start()
        try await Daemons.wait("a peer that cannot be dialed", of: pair.right) {
            try finding(pair.right, "peer left")?.finding.contains("it is dialed at") == true
        }
        try expect(pair.right, "peer left", .fault, "it is dialed at", advice: "is its service running")
        pair.right.stop()
    }
}
