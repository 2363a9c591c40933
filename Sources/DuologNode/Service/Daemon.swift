import EventLog
import Foundation
import Glibc
import LogStore
public import Logging
import NodeAPI
import PeerNetwork
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The daemon: opens the node, answers peers and people, tells the service manager how it is, and goes down in order.
public struct Daemon: Sendable {
    /// Sessions are ended and the last commits made within this time; after it the process ends all the same. Below what the service
    /// manager waits before it kills.
    static let stopTime = Duration.seconds(20)

    let settings: NodeSettings
    let load: @Sendable () throws -> NodeSettings
    let logSettings: LogSettings
    let logger: Logger

    /// A daemon that is not started.
    ///
    /// - Parameters:
    ///   - settings: what it starts with.
    ///   - load: reads the settings again, as they were read at first.
    ///   - logSettings: what the handler of `logger` looks at.
    ///   - logger: for whoever runs the node.
    public init(
        settings: NodeSettings, load: @escaping @Sendable () throws -> NodeSettings, logSettings: LogSettings, logger: Logger
    ) {
        self.settings = settings
        self.load = load
        self.logSettings = logSettings
        self.logger = logger
    }

    /// Runs until SIGTERM or SIGINT, or until the log cannot be written any more.
    ///
    /// - Throws: ``ListenFailure``, ``StorageFailure``, ``StateFolderError`` or ``ConfigurationError``.
    public func run() async throws {
        let service = NodeService(self)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "duolog.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await group.run()
        } catch {
            throw StorageFailure(service.failure) ?? StorageFailure(error as? LogStoreError) ?? ListenFailure(error) ?? error
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

/// Peers or people cannot be awaited where the configuration says.
public struct ListenFailure: Error, Sendable, CustomStringConvertible {
    /// What, where, and what to do.
    public let description: String

    init?(_ error: any Error) {
        switch error {
        case let error as ListenError:
            description = "\(error); is another program listening there? (listen.host, listen.port)"
        case let error as PageFailure:
            description =
                "cannot serve the page at \(error.address): \(error.reason) (page.host, page.port)"
        default: return nil
        }
    }
}

private final class NodeService: Service {
    private let daemon: Daemon
    private let manager: ServiceManager
    private let state = Mutex<LogStoreError?>(nil)

    init(_ daemon: Daemon) {
        self.daemon = daemon
        manager = ServiceManager(ProcessInfo.processInfo.environment)
    }

    private var logger: Logger { daemon.logger }

    /// Why the log cannot be written any more.
    var failure: LogStoreError? { state.withLock { $0 } }

    func run() async throws {
        // From the first moment on: untrapped, the signal would end the process.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let environment = ProcessInfo.processInfo.environment
        let inherited = try InheritedSockets(environment, process: getpid())
        let reloading = Reloading(
            daemon.settings, load: daemon.load, manager: manager, logger: logger, logSettings: daemon.logSettings)
        let (failures, failed) = AsyncStream<Void>.makeStream()
        manager.tell(.status("opening the log"))
        let node = try RunningNode(
            daemon.settings, reloading: reloading, inherited: inherited.peers, logger: logger, progress: progress()
        ) { text in
            self.state.withLock { $0 = LogStoreError(.io, text) }
            failed.yield()
        }
        try await node.announceKey(progress())
        let renewing = progress()
        try await node.renewProjections { renewing("making the projections anew, chart", $0, $1) }
        let address = try await node.start()
        let router = Router(node)
        let socket = try await SocketServer(
            router, path: daemon.settings.socketPath, inherited: inherited.people, logger: logger)
        let page: ServedPage
        do {
            page = try ServedPage(daemon.settings, PageBridge(node: node, router: router), logger)
            await node.serves(try await page.start())
        } catch {
            await stop(node, socket)
            throw error
        }
        logger.info("node \(node.log.node) listens for peers on \(address) and for people on \(daemon.settings.socketPath)")
        if !manager.tell(.ready, .status(await node.statusLine())) {
            logger.error("the service manager cannot be told that the node is ready")
        }
        // Cancelled, and not waited for: whoever asks a writer that hangs has no answer yet, and the way down has a deadline.
        let beside = [
            Task { await self.reload(node, reloading, on: hangups) },
            Task { if let watchdog = Watchdog(environment, process: getpid()) { await self.feed(watchdog, node) } },
        ]
        await cancelWhenGracefulShutdown {
            var iterator = failures.makeAsyncIterator()
            await iterator.next()
        }
        for task in beside { task.cancel() }
        page.stop()
        if let failure { logger.critical("\(failure)") } else { logger.info("going down") }
        manager.tell(.stopping, .status("going down"))
        await stop(node, socket)
    }

    /// Says how far something is that may take longer than a start is given; at most ten times a second.
    private func progress() -> LogStore.Progress {
        let manager = manager
        let last = Mutex<ContinuousClock.Instant?>(nil)
        return { what, done, all in
            let isDue = last.withLock { last in
                let now = ContinuousClock.now
                if let last, now - last < .milliseconds(100) { return false }
                last = now
                return true
            }
            if isDue { manager.tell(.status("\(what): \(done) of \(all)"), .extendTimeout(microseconds: 60_000_000)) }
        }
    }

    private func reload(_ node: RunningNode, _ reloading: Reloading, on hangups: UnixSignalsSequence) async {
        // What was refused has been said in the log.
        for await _ in hangups { _ = try? await reloading.reload(node) }
    }

    private func feed(_ watchdog: Watchdog, _ node: RunningNode) async {
        let said = Mutex<[String]>([])
        await watchdog.run(silent: { await node.silent(within: $0) }) { [manager, logger] silent in
            if silent.isEmpty { manager.tell(.watchdog) }
            guard said.withLock({ exchange(&$0, with: silent) }) != silent else { return }
            if silent.isEmpty {
                logger.notice("everything answers again")
            } else {
                logger.critical(
                    "no sign of life from \(silent.joined(separator: ", ")); the service manager is not told that all is well")
            }
        }
    }

    /// In order, as long as it does not take too long: what is acknowledged is on disk, whatever is left open.
    private func stop(_ node: RunningNode, _ socket: SocketServer) async {
        let (stream, ended) = AsyncStream<Bool>.makeStream()
        Task {
            await socket.close()
            await node.stop()
            ended.yield(true)
        }
        Task {
            try? await Task.sleep(for: Daemon.stopTime)
            ended.yield(false)
        }
        for await isInOrder in stream {
            if !isInOrder { logger.warning("not everything could be closed within \(Daemon.stopTime); ending all the same") }
            break
        }
    }
}

private func exchange<Value>(_ place: inout Value, with new: Value) -> Value {
    defer { place = new }
    return place
}
