import EventLog
import Foundation
import LogStore
public import Logging
import NodeAPI
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The daemon: opens the node, answers peers and people, and goes down in order.
public struct Daemon: Sendable {
    private let settings: NodeSettings
    private let logger: Logger

    /// A daemon that is not started.
    public init(settings: NodeSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    /// Runs until SIGTERM or SIGINT, or until the log cannot be written any more.
    public func run() async throws {
        let service = NodeService(settings: settings, logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "duolog.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await group.run()
        } catch {
            throw StorageFailure(service.failure) ?? StorageFailure(error as? LogStoreError) ?? error
        }
        if let failure = StorageFailure(service.failure) { throw failure }
    }
}

/// The log cannot be opened or written: the process ends.
public struct StorageFailure: Error, Sendable, CustomStringConvertible {
    /// What, where, and what to do.
    public let description: String

    init?(_ error: LogStoreError?) {
        guard let error else { return nil }
        description = error.text
    }
}

private final class NodeService: Service {
    private let settings: NodeSettings
    private let logger: Logger
    private let state = Mutex<LogStoreError?>(nil)

    init(settings: NodeSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    /// Why the log cannot be written any more.
    var failure: LogStoreError? { state.withLock { $0 } }

    func run() async throws {
        let (failures, failed) = AsyncStream<Void>.makeStream()
        let node = try RunningNode(settings, logger: logger) { text in
            self.state.withLock { $0 = LogStoreError(.io, text) }
            failed.yield()
        }
        let address = try await node.start()
        let socket = try await SocketServer(Router(node), path: settings.socketPath, logger: logger)
        logger.info("node \(node.log.node) listens for peers on \(address) and for people on \(settings.socketPath)")
        await cancelWhenGracefulShutdown {
            var iterator = failures.makeAsyncIterator()
            await iterator.next()
        }
        if let failure { logger.critical("\(failure)") } else { logger.info("going down") }
        await socket.close()
        await node.stop()
    }
}
