import CareModel
import DemoCase
import EventLog
import Foundation
import NodeAPI
import TestSupport
import Testing

/// Backups of running nodes, and nodes that come back from them, with the real command line and real daemons.
@Suite(.serialized) struct BackupTests {
    private let folder = Daemons.folder()

    /// Keys for backups: where the private one is, and the public one.
    private func keys(_ node: DemoNode) throws -> (identity: String, recipient: String) {
        let identity = "\(folder)/identity"
        let made = try Daemons.run(["backup", "keygen", "--out", identity, "--json"])
        let recipient = try #require(made.firstMatch(of: /"recipient" : "([^"]+)"/)?.1)
        return (identity, String(recipient))
    }

    @Test func aLostNodeComesBackWithWhatItsPeerHoldsAndForgetsWhatWasErased() async throws {
        let pair = try await Daemons.pair(in: folder)
        let (identity, recipient) = try keys(pair.left)
        let secret = "Needle Xylophone"
        let erased = try await pair.record(
            pair.left, "side_effect.reported", #"{"severity":"mild","what":"\#(secret)"}"#)
        let backup = "\(folder)/left.backup"
        let made = try pair.left.run(["backup", backup, "--recipient", recipient])
        #expect(made.status == 0, "\(made.errors)")
        #expect(try pair.left.run(["backup", backup, "--recipient", recipient]).status == 64, "it is not replaced unasked")
        #expect(!FileManager.default.fileExists(atPath: pair.left.folder + "/state/backup.tmp"))
        #expect(try await pair.left.ask(StatusRequest()).backup?.events ?? 0 > 0)

        // After the backup: an erasure, and a decision that reaches the other side.
        _ = try await pair.left.ask(
            EraseRequest(event: erased.event, authority: "asked for", request: "erase"))
        let later = try await pair.adjust(pair.left, from: 50, to: 75, view: try await pair.view(pair.left))
        try await pair.settle()
        let before = try await pair.left.ask(StatusRequest()).origin
        pair.left.stop()
        let state = pair.left.folder + "/state"
        let refused = try pair.left.run(["restore", backup, "--identity", identity])
        #expect(refused.status == 64 && refused.errors.contains("never overwrites"), "\(refused.errors)")
        try FileManager.default.removeItem(atPath: state)

        let restored = try pair.left.run(["restore", backup, "--identity", identity])
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(restored.output.contains("What nobody can know"))
        try await pair.left.start()
        let status = try await pair.left.ask(StatusRequest())
        #expect(status.origin.node == before.node && status.origin != before, "the same node in a new epoch")
        #expect(status.epochs.last?.contains("restored from a backup") == true)
        _ = try await pair.left.ask(
            AddPeerRequest(
                key: try await pair.right.ask(StatusRequest()).key, label: "right",
                address: try await pair.right.ask(StatusRequest()).listening))
        try await pair.settle()
        #expect(try await pair.digest(pair.left) == pair.digest(pair.right))
        #expect(
            try await pair.left.ask(ShowRequest<TimelineView>(chart: pair.chart)).content.entries.contains {
                $0.label.event == later.event
            })
        // Gone again: from the projections, and from every file.
        let grep = try Daemons.grep(secret, in: state)
        #expect(grep.isEmpty, "\(grep)")
        let verified = try pair.left.run(["audit", "verify"])
        #expect(verified.status == 0, "\(verified.output)")
        _ = try await pair.adjust(pair.left, from: 75, to: 100, view: try await pair.view(pair.left))
        try await pair.settle()
        #expect(try await pair.digest(pair.left) == pair.digest(pair.right))
        pair.left.stop()
        pair.right.stop()
    }

    @Test func aDamagedBackupIsRefusedAndItsPlaceNamed() async throws {
        let node = try Daemons.make("left", in: folder)
        let (identity, recipient) = try keys(node)
        let backup = "\(folder)/closed.backup"
        try await node.start()
        node.stop()
        // No daemon runs: the folder itself is read.
        let made = try node.run(["backup", backup, "--recipient", recipient])
        #expect(made.status == 0, "\(made.errors)")
        let whole = try Data(contentsOf: URL(fileURLWithPath: backup))
        let target = try Daemons.make("other", in: folder)
        let state = target.folder + "/state"
        func restore(_ bytes: Data) throws -> (status: Int32, output: String, errors: String) {
            try? FileManager.default.removeItem(atPath: state)
            let file = "\(folder)/damaged.backup"
            try bytes.write(to: URL(fileURLWithPath: file))
            return try target.run(["restore", file, "--identity", identity])
        }
        var random = SplitMix64(seed: 20_261_124)
        for _ in 0..<12 {
            var bytes = whole
            let place = Int.random(in: 0..<whole.count, using: &random)
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let refused = try restore(bytes)
            #expect(refused.status != 0, "byte \(place) of \(whole.count) was altered")
            #expect(!FileManager.default.fileExists(atPath: state + "/node.key"), "byte \(place)")
        }
        var late = whole
        late[whole.count - 5] ^= 1
        #expect(try restore(late).errors.contains("does not open"))
        #expect(try restore(whole.dropLast(70_000)).errors.contains("cut off"))
        #expect(try restore(Data("something else".utf8)).errors.contains("is no backup of Duolog"))
        let other = "\(folder)/other-identity"
        _ = try Daemons.run(["backup", "keygen", "--out", other])
        try? FileManager.default.removeItem(atPath: state)
        let wrong = try target.run(["restore", backup, "--identity", other])
        #expect(wrong.status == 77 && wrong.errors.contains("this key does not open the backup"), "\(wrong.errors)")
        // An interrupted restore is no node: the whole backup goes in after all of that.
        #expect(try target.run(["restore", backup, "--identity", identity]).status == 0)
    }

    @Test(.enabled(if: Faults.areRoot, "mounting a small disk needs root")) func aFullDiskLeavesTheEarlierBackupAndNothingElse()
        async throws
    {
        let node = try Daemons.make("left", in: folder)
        let (identity, recipient) = try keys(node)
        let disk = folder + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        try Faults.tool(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk])
        defer { _ = try? Faults.tool(["umount", "-l", disk]) }
        try await node.start()
        let arguments = ["backup", disk + "/left.backup", "--recipient", recipient]
        #expect(try node.run(arguments).status == 0)
        let earlier = try Data(contentsOf: URL(fileURLWithPath: disk + "/left.backup"))
        let full = try node.run(arguments + ["--force"])
        #expect(full.status == 74 && full.errors.contains("No space left on device"), "\(full.status) \(full.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == ["left.backup"])
        #expect(try Data(contentsOf: URL(fileURLWithPath: disk + "/left.backup")) == earlier)
        #expect(!FileManager.default.fileExists(atPath: node.folder + "/state/backup.tmp"))
        #expect(try Daemons.run(["backup", "verify", disk + "/left.backup", "--identity", identity]).contains("is whole"))
        node.stop()
    }

    @Test func aPassphraseOpensWhatItSealed() async throws {
        let node = try Daemons.make("left", in: folder)
        func passphrase(_ text: String) throws -> String {
            let file = "\(folder)/passphrase-\(text.count)"
            _ = FileManager.default.createFile(
                atPath: file, contents: Data((text + "\n").utf8), attributes: [.posixPermissions: 0o600])
            return file
        }
        let backup = "\(folder)/sealed.backup"
        try await node.start()
        let right = try passphrase("four words of a fiction")
        #expect(try node.run(["backup", backup, "--passphrase-file", right]).status == 0)
        let verified = try Daemons.run(["backup", "verify", backup, "--passphrase-file", right])
        #expect(verified.contains("is whole"))
        node.stop()
        try FileManager.default.removeItem(atPath: node.folder + "/state")
        let wrong = try node.run(["restore", backup, "--passphrase-file", try passphrase("not these words at all")])
        #expect(wrong.status == 77 && wrong.errors.contains("the passphrase does not open this backup"), "\(wrong.errors)")
        #expect(try node.run(["restore", backup, "--passphrase-file", right]).status == 0)
        try await node.start()
        node.stop()
    }
}

extension Daemons {
    /// Runs the program without a node.
    static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }

    /// The files below a folder that hold a text.
    static func grep(_ text: String, in folder: String) throws -> [String] {
        let needle = Data(text.utf8)
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.filter { FileManager.default.contents(atPath: folder + "/" + $0)?.range(of: needle) != nil }
    }
}
