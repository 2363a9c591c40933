import CareModel
public import EventLog
import Foundation
import Glibc
import LogStore
import NodeAPI

/// What a restore did.
public struct RestoreReport: Codable, Sendable {
    /// What the backup held.
    public var manifest: BackupManifest
    /// Where the node is now.
    public var folder: String
    /// The epoch in which it writes from now on, as it stands in origins.
    public var origin: Origin
    /// Bodies that the backup held, and that had been erased since it was made.
    public var erased_again: Int
    /// Charts of which nothing is sent before they have synced with a member.
    public var held: Int
    /// The paired peers, by the names that they have here: what they hold comes back from them.
    public var peers: [String]
}

/// Puts a node back from a backup.
public enum Restore {
    private static let staging = "restore.tmp"

    /// Unpacks and checks everything in a folder of its own, moves it into place, draws a new epoch, erases again what was erased since,
    /// and puts the node's key there last: a folder without it holds no node, so a restore that was interrupted is begun again.
    ///
    /// - Parameter erased: the list `erased` of the lost state folder, where there is one.
    /// - Throws: ``NodeError`` and ``StateFolderError``; where there is a node already nothing is touched.
    public static func run(
        _ path: String, _ opener: BackupOpener, _ settings: NodeSettings, erased: String?, progress: @escaping Backup.Progress
    ) async throws -> RestoreReport {
        let folder = StateFolder(path: settings.stateDirectory)
        let place = folder.path + "/" + staging
        try prepare(folder, place)
        do {
            let manifest = try Backup.unpack(path, opener, into: place, progress: progress)
            try await Backup.verifyLog(in: place, progress)
            let known = try lists([place + "/erased", folder.path + "/erased", erased])
            try FileManager.default.removeItem(atPath: place + "/log.sqlite.lock")
            let key = try StateFolder(path: place).nodeKey()
            try move(manifest, from: place, to: folder, storeKey: settings.inState(settings.storeKeyFile))
            try write(known, to: folder.path + "/erased")
            let report = try await revive(folder, key, settings, manifest)
            try rename(place + "/node.key", to: folder.path + "/node.key")
            try Backup.syncFolder(of: folder.path + "/node.key")
            try FileManager.default.removeItem(atPath: place)
            return report
        } catch let error as LogStoreError {
            throw NodeError(.io, error.text)
        }
    }

    private static func prepare(_ folder: StateFolder, _ place: String) throws {
        let files = FileManager.default
        guard !files.fileExists(atPath: folder.path + "/node.key") else {
            throw NodeError(
                .usage,
                "\(folder.path) holds a node; a restore never overwrites one. Move it away, and keep its file 'erased' for --erased"
            )
        }
        let isBegun = files.fileExists(atPath: place)
        guard isBegun || !files.fileExists(atPath: folder.log) else {
            throw NodeError(.usage, "\(folder.path) holds a log without a key; move it away first")
        }
        try? files.removeItem(atPath: place)
        try files.createDirectory(atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// What was erased, by every list that there is.
    private static func lists(_ paths: [String?]) throws -> Set<EventHash> {
        var known: Set<EventHash> = []
        for case let path? in paths {
            guard let data = FileManager.default.contents(atPath: path) else {
                if path == paths.last { throw NodeError(.usage, "cannot read \(path)") }
                continue
            }
            known.formUnion(data.split(separator: 0x0A).compactMap { EventHash(String(decoding: $0, as: UTF8.self)) })
        }
        return known
    }

    private static func write(_ known: Set<EventHash>, to path: String) throws {
        let text = known.map { "\($0)\n" }.sorted().joined()
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else {
            throw NodeError(.io, "cannot write \(path)")
        }
    }

    /// Everything but the node's key.
    private static func move(_ manifest: BackupManifest, from place: String, to folder: StateFolder, storeKey: String) throws {
        for name in manifest.files.map(\.name) where name != "node.key" && name != "erased" {
            let target = name == "store.key" ? storeKey : folder.path + "/" + name
            try FileManager.default.createDirectory(
                atPath: URL(fileURLWithPath: target).deletingLastPathComponent().path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try rename(place + "/" + name, to: target)
        }
    }

    /// The first opening: a new epoch, what was erased erased again, and the journal's entry.
    private static func revive(
        _ folder: StateFolder, _ key: NodeKey, _ settings: NodeSettings, _ manifest: BackupManifest
    ) async throws -> RestoreReport {
        // What an earlier life of this folder left would speak of another log.
        for name in ["epoch", "log.sqlite-wal", "log.sqlite-shm"] { unlink(folder.path + "/" + name) }
        let clock = NodeClock()
        var configuration = LogStore.Configuration(
            path: folder.log, key: key, sealer: try StateFolder.sealer(settings.inState(settings.storeKeyFile)),
            clock: { clock.now }, random: SystemRandom.word)
        configuration.isRestored = true
        configuration.reservesSpace = false
        let log = try LogStore(configuration)
        let journal = Journal(log: log, clock: clock)
        try await journal.open()
        let (held, erased) = (try await log.heldCharts(), log.erasedAgain)
        try await journal.note(
            NodeChanged(
                what: .restored,
                detail:
                    "from a backup of \(manifest.made) with \(manifest.events) events; writes in a new epoch; \(erased) bodies erased again"
            ))
        return RestoreReport(
            manifest: manifest, folder: folder.path, origin: Origin(node: log.node, epoch: log.epoch.epoch), erased_again: erased,
            held: held, peers: try await log.peers().map(\.name))
    }

    private static func rename(_ from: String, to target: String) throws {
        guard Glibc.rename(from, target) == 0 else {
            throw NodeError(.io, "cannot move \(from) to \(target): \(String(cString: strerror(errno)))")
        }
    }
}
