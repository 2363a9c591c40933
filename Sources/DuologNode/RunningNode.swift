import CareModel
import EventLog
import Foundation
import LogStore
import Logging
import NIOPosix
import NodeAPI
import PeerNetwork
import Replication

/// A running node: the log, the network, and what people ask of them.
actor RunningNode {
    var name: String
    /// The node's key, at this moment.
    nonisolated var key: NodeKey { log.key }
    /// True while the key is being replaced.
    var isRotating = false
    let isFictional: Bool
    let log: LogStore
    let clock = NodeClock()
    nonisolated let network: PeerNetwork
    let journal: Journal
    let notebooks: Notebooks
    let auditor: Auditor
    nonisolated let desk: SignInDesk
    nonisolated let notifier: Notifier
    nonisolated let pageChanges = PageChanges()
    /// What is read across charts: only those that have changed are read again.
    let keptShelf = Kept<ShelvedChart>()
    let keptToday = Kept<ChartToday>()
    /// The shelf as it was last made, and from what.
    var shelf: (of: Int, local: LocalCharts, shelf: ChartShelf)?
    /// Imported items that were kept aside, once they have been counted.
    var countedQuarantine: Int?
    /// The dry run of an import that is under way. There is one at a time.
    var dryRun: DryRun?
    private(set) var isStopping = false
    /// Where the page is; nil before it listens.
    private(set) var page: String?
    nonisolated let logger: Logger
    let folder: StateFolder
    let storeKeyPath: String
    /// What a backup is being packed from.
    var snapshotUnderWay: BackupSnapshot?
    private let liveness: Liveness
    private let reloading: Reloading
    var listening: PeerAddress?

    /// Opens the log. Nothing listens yet.
    ///
    /// - Parameter onFailure: told when the log cannot be written; the process must stop.
    init(
        _ settings: NodeSettings, reloading: Reloading, inherited: Int32?, logger: Logger,
        progress: @escaping LogStore.Progress,
        onFailure: @escaping @Sendable (String) -> Void
    ) throws {
        let folder = StateFolder(path: settings.stateDirectory)
        self.folder = folder
        storeKeyPath = settings.storeKeyPath
        Snapshot.discard(folder)
        name = settings.name
        self.reloading = reloading
        let key = try folder.nodeKey()
        isFictional = folder.isFictional
        self.logger = logger
        let (clock, sealer) = (clock, try StateFolder.sealer(settings.storeKeyPath))
        var configuration = LogStore.Configuration(
            path: folder.log, key: key, sealer: sealer, clock: { clock.now }, random: SystemRandom.word)
        configuration.progress = progress
        let log = try LogStore(configuration, onFailure: { onFailure($0.text) })
        self.log = log
        liveness = Liveness(log: log, group: MultiThreadedEventLoopGroup.singleton)
        desk = SignInDesk(log: log, isFictional: isFictional) { clock.moment }
        let journal = Journal(log: log, clock: clock)
        self.journal = journal
        notifier = Notifier(log: log, journal: journal, clock: clock, logger: logger)
        notebooks = Notebooks(folder: folder, clock: clock)
        auditor = Auditor(log: log, notebooks: notebooks, clock: clock, logger: logger)
        let port = SyncPort(
            log: log, clock: clock, account: { try await journal.note($0) },
            onNewEpoch: { _ in await Self.report(log, journal, logger) })
        network = try PeerNetwork(
            PeerNetwork.Configuration(
                key: key, instance: { log.epoch.instance },
                listen: PeerAddress(host: settings.listenHost, port: settings.listenPort),
                maxConnections: settings.maxPeerConnections, inherited: inherited),
            store: port, policy: port, clock: { clock.moment }, logger: logger,
            group: MultiThreadedEventLoopGroup.singleton)
        let (keptShelf, keptToday, pageChanges) = (keptShelf, keptToday, pageChanges)
        log.observe {
            keptShelf.note($0)
            keptToday.note($0)
            pageChanges.note($0)
        }
    }

    /// Binds the listener and dials the peers. Returns where it listens.
    public func start() async throws -> String {
        // Behind all who look at this node: to wake up a session may cost the thread that has committed its processor.
        ChangeTeller(log: log, network: network, journal: journal, clock: clock, logger: logger).begin()
        try await journal.open()
        if let entry = journal.entry() { try await log.recordDisclosures(entry) }
        await network.onConnected { [log] in log.noteConnected($0) }
        if log.drewEpochAtStart { await Self.report(log, journal, logger) }
        network.onKeys(keyChanges())
        network.onNote { [logger] peer, note in logger.log(note, of: peer) }
        let bound = try await network.start()
        listening = bound
        let settings = await reloading.current
        await auditor.scrub(every: settings.scrubHours, pace: settings.scrubPace)
        await notify(settings)
        try await refreshPeers()
        return "\(bound)"
    }

    /// Derives the projections anew where an earlier version of the rules made them.
    func renewProjections(_ progress: @escaping @Sendable (_ done: Int, _ all: Int) -> Void) async throws {
        let charts = try await log.renewProjections(progress)
        if charts > 0 { logger.notice("projections of \(charts) charts were made anew for this version of the rules") }
    }

    /// The names of the parts that give no sign of life within this time; none when the node is well.
    nonisolated func silent(within limit: Duration) async -> [String] { await liveness.silent(within: limit) }

    /// Says the node's key where a rotation was interrupted before it could be said.
    func announceKey(_ progress: @escaping LogStore.Progress) async throws {
        let charts = try await log.announceKey(progress)
        if charts > 0 { logger.notice("the node's key was rotated; \(charts) charts say so now") }
    }

    /// Reads the configuration again.
    func reload(_ caller: Caller) async throws -> ReloadRequest.Answer {
        try await requireAdministrator(caller, "reload the configuration")
        return try await reloading.reload(self)
    }

    /// Takes what a running node can take of changed settings.
    func adopt(_ settings: NodeSettings) async {
        name = settings.name
        network.bound(maxConnections: settings.maxPeerConnections)
        await auditor.scrub(every: settings.scrubHours, pace: settings.scrubPace)
        await notify(settings)
    }

    private func notify(_ settings: NodeSettings) async {
        let command = settings.notifyCommand == NodeSettings.none ? nil : settings.notifyCommand
        await notifier.run(command, every: settings.notifyRepeatMinutes) { [pageChanges] in pageChanges.listen() }
    }

    /// How the node is, in one line for the service manager.
    func statusLine() async -> String {
        let peers = await network.status()
        let connected = network.connectedPeers().count
        return "awaiting peers on \(listening.map { "\($0)" } ?? "no address"), \(connected) of \(peers.count) peers connected"
    }

    /// The page listens there from now on.
    func serves(_ page: String) { self.page = page }

    /// Tells the peers that the node goes down, and closes everything.
    public func stop() async {
        isStopping = true
        await auditor.stop()
        await notifier.stop()
        await network.stop()
        // What was asked before is written, and whoever asked has their answer.
        try? await log.finish()
    }

    /// A new epoch is written down, and told to whoever reads the log.
    private static func report(_ log: LogStore, _ journal: Journal, _ logger: Logger) async {
        do {
            guard let change = try await log.epochChanges().last, change.reason != .firstStart else { return }
            logger.warning("\(change.words)")
            try await journal.note(NodeChanged(what: .epoch, detail: change.words))
        } catch {
            logger.critical("a new epoch could not be written down", metadata: ["error": "\(error)"])
        }
    }
}

extension Logger {
    /// What happens between two nodes, for the people who run them. Charts are named by the first letters of their ids.
    func log(_ note: Session.Note, of peer: NodeID) {
        let metadata: Metadata = ["peer": "\(peer)"]
        switch note {
        case .handshake(let version, let offset):
            info("connected, protocol \(version), peer's clock \(offset) ms ahead of ours", metadata: metadata)
        case .upToDate: debug("peer has all that is shared with it", metadata: metadata)
        case .refusing(let refusal):
            warning(
                "refusing chart \(refusal.chart.short) from peer in this session (\(refusal.code.rawValue)): \(refusal.text)",
                metadata: metadata)
        case .refused(let chart, let code):
            warning("peer refuses chart \(chart.short) in this session (\(code.rawValue))", metadata: metadata)
        case .tooManyWriters(let chart):
            error("chart \(chart.short) has more writers than the protocol can compare; it is not sent", metadata: metadata)
        case .gap(let chart, let text): notice("asking for chart \(chart.short) again: \(text)", metadata: metadata)
        case .peerKnowsMoreOfMe: warning("peer knows more of this node than it does itself", metadata: metadata)
        case .removedFrom(let chart):
            warning("peer says that this node was removed from chart \(chart.short)", metadata: metadata)
        }
    }
}
