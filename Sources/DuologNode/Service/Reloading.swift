import Logging
import NodeAPI
import Synchronization

/// The part of the configuration that log lines depend on. It changes while loggers are in use, so they all look here.
public final class LogSettings: Sendable {
    private let state: Mutex<(level: Logger.Level, format: NodeSettings.LogFormat)>

    /// As configured at the start.
    public init(_ settings: NodeSettings) { state = Mutex((settings.logLevel, settings.logFormat)) }

    var level: Logger.Level { state.withLock { $0.level } }
    var format: NodeSettings.LogFormat { state.withLock { $0.format } }

    func adopt(_ settings: NodeSettings) { state.withLock { $0 = (settings.logLevel, settings.logFormat) } }
}

/// Reads the configuration again while the node runs.
actor Reloading {
    private let load: @Sendable () throws -> NodeSettings
    private let manager: ServiceManager
    private let logger: Logger
    private let logSettings: LogSettings
    private(set) var current: NodeSettings

    init(
        _ settings: NodeSettings, load: @escaping @Sendable () throws -> NodeSettings, manager: ServiceManager, logger: Logger,
        logSettings: LogSettings
    ) {
        current = settings
        self.load = load
        self.manager = manager
        self.logger = logger
        self.logSettings = logSettings
    }

    /// Takes what can be taken, and says what became of it to whoever asked, to the log and to the service manager.
    ///
    /// - Throws: ``NodeError`` where the configuration is refused; everything stays as it was.
    func reload(_ node: RunningNode) async throws -> ReloadRequest.Answer {
        manager.tell(.reloading(microseconds: ServiceManager.monotonicMicroseconds))
        let new: NodeSettings
        do {
            new = try load()
        } catch {
            let reason = "the new configuration is refused, the earlier one holds: \(error)"
            manager.tell(.ready, .status(reason))
            logger.error("\(reason)")
            throw NodeError(.configuration, reason)
        }
        let answer = await adopt(new, node)
        let status = await node.statusLine()
        manager.tell(.ready, .status(answer.needs_restart.isEmpty ? status : "\(status); \(answer.words)"))
        logger.notice("\(answer.words)")
        return answer
    }

    private func adopt(_ new: NodeSettings, _ node: RunningNode) async -> ReloadRequest.Answer {
        let differing = SettingKey.all.filter { $0.text(new) != $0.text(current) }
        let (live, later) = (differing.filter(\.isLive), differing.filter { !$0.isLive })
        for key in live { _ = key.write(key.text(new), &current) }
        logSettings.adopt(current)
        await node.adopt(current)
        return ReloadRequest.Answer(changed: live.map(\.name), needs_restart: later.map(\.name))
    }
}
