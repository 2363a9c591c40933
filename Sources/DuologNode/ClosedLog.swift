import CareModel
import EventLog
import Foundation
public import NodeAPI
import LogStore

/// A node's log while no daemon runs.
public enum ClosedLog {
    /// Checks it, reading only.
    ///
    /// - Throws: ``StateFolderError`` where there is no node, and ``NodeError`` where its log cannot be opened.
    public static func verify(
        _ settings: NodeSettings, isQuick: Bool, progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> VerifyReport {
        let folder = StateFolder(path: settings.stateDirectory)
        let clock = NodeClock()
        let configuration = LogStore.Configuration(
            path: folder.log, key: try folder.nodeKey(), sealer: try StateFolder.sealer(settings.storeKeyPath),
            clock: { clock.now }, random: SystemRandom.word)
        do {
            let report = try await LogVerifier.closed(configuration) { await $0.verify(isQuick: isQuick, progress: progress) }
            return VerifyReport(
                quick: report.isQuick, began: report.began, ended: report.ended, charts: report.charts, log: report.log,
                commits: report.commits)
        } catch let error as LogStoreError {
            throw NodeError(.io, error.text)
        }
    }
}
