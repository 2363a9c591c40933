import EventLog
import Foundation
import LogStore
public import NodeAPI

/// Makes the copy of a state folder that a backup is packed from: log and notebooks by SQLite's own backup, the keys, and last the list
/// of what was erased, so that it is never older than the log.
enum Snapshot {
    static let folderName = "backup.tmp"

    /// Copies one log; told the state folder of its owner, and where to.
    typealias LogCopier = @Sendable (_ owner: StateFolder, _ target: String) async throws -> LogCopy

    static func make(
        _ folder: StateFolder, storeKey: String, node: NodeID, at made: Timestamp, copying: LogCopier
    ) async throws -> BackupSnapshot {
        let place = folder.path + "/" + folderName
        discard(folder)
        do {
            try FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            let log = try await copying(folder, place + "/log.sqlite")
            try copy(storeKey, to: place + "/store.key")
            for name in ["node.key", "FICTIONAL"] { try copy(folder.path + "/" + name, to: place + "/" + name) }
            for author in folder.notebooks {
                let (from, to) = (folder.path + "/notebooks/" + author, place + "/notebooks/" + author)
                try FileManager.default.createDirectory(
                    atPath: to, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                _ = try await copying(StateFolder(path: from), to + "/log.sqlite")
                for name in ["lock.json", "node.key", "store.key", "erased"] { try copy(from + "/" + name, to: to + "/" + name) }
            }
            try copy(folder.path + "/erased", to: place + "/erased")
            return BackupSnapshot(
                folder: place, made: made, node: node, origin: Origin(node: node, epoch: log.epoch), schema: log.schema,
                events: log.events, charts: log.charts, commits: log.commits)
        } catch {
            discard(folder)
            throw error
        }
    }

    /// Removes a copy, also one that somebody left behind.
    static func discard(_ folder: StateFolder) { try? FileManager.default.removeItem(atPath: folder.path + "/" + folderName) }

    /// Copies a file that may not be there.
    private static func copy(_ file: String, to target: String) throws {
        guard FileManager.default.fileExists(atPath: file) else { return }
        guard let data = FileManager.default.contents(atPath: file),
            FileManager.default.createFile(atPath: target, contents: data, attributes: [.posixPermissions: 0o600])
        else { throw NodeError(.io, "cannot copy \(file) to \(target)") }
    }
}

extension ClosedLog {
    /// The copy for a backup of a node whose daemon does not run.
    ///
    /// - Throws: ``StateFolderError`` where there is no node, and ``NodeError`` where its log cannot be copied.
    public static func snapshot(_ settings: NodeSettings) async throws -> BackupSnapshot {
        let folder = StateFolder(path: settings.stateDirectory)
        let key = try folder.nodeKey()
        _ = try StateFolder.sealer(settings.storeKeyPath)
        do {
            return try await Snapshot.make(
                folder, storeKey: settings.storeKeyPath, node: key.node, at: NodeClock().now
            ) { try LogStore.copyClosed($0.log, to: $1) }
        } catch let error as LogStoreError {
            throw NodeError(.io, error.text)
        }
    }

    /// Removes that copy.
    public static func discardSnapshot(_ settings: NodeSettings) { Snapshot.discard(StateFolder(path: settings.stateDirectory)) }
}
