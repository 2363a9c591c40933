import CareModel
import Foundation
import LogStore
import NodeAPI

extension RunningNode {
    private static let noteName = "last-backup"

    func beginBackup(_ caller: Caller) async throws -> BackupSnapshot {
        try await requireAdministrator(caller, "make a backup")
        do {
            let (folder, log, notebooks) = (folder, log, notebooks)
            let snapshot = try await Snapshot.make(folder, storeKey: storeKeyPath, node: log.node, at: clock.now) {
                owner, target in
                if owner.path == folder.path { return try await log.copy(to: target) }
                return try await notebooks.copy(owner, to: target)
            }
            snapshotUnderWay = snapshot
            return snapshot
        } catch let error as LogStoreError {
            throw NodeError(.io, error.text)
        }
    }

    func endBackup(_ request: EndBackupRequest, _ caller: Caller) async throws -> Done {
        try await requireAdministrator(caller, "make a backup")
        Snapshot.discard(folder)
        guard let snapshot = snapshotUnderWay else { throw NodeError(.usage, "no backup was begun") }
        snapshotUnderWay = nil
        guard let bytes = request.bytes else { return Done() }
        let last = LastBackup(made: snapshot.made, bytes: bytes, events: snapshot.events)
        try await log.keepNote(Self.noteName, [UInt8](JSONEncoder().encode(last)))
        try await journal.note(
            NodeChanged(what: .backup, detail: "\(snapshot.events) events in \(snapshot.commits) commits, \(bytes) bytes"))
        return Done()
    }

    func lastBackup() async throws -> LastBackup? {
        try await log.note(Self.noteName).flatMap { try? JSONDecoder().decode(LastBackup.self, from: Data($0)) }
    }
}
