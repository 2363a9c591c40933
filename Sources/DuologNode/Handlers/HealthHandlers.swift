import CareModel
import EventLog
import Foundation
import Glibc
import LogStore
import NodeAPI
import PeerNetwork
import Replication

/// What machines ask. Labels name nodes, never patients, charts or practitioners; docs/METRICS.md says the same of each metric.
extension RunningNode {
    /// Below so many free bytes the log may soon be unable to take a commit, and the node stops rather than guess.
    static let leastFreeDisk = 64 * 1024 * 1024

    nonisolated func health() async -> NodeHealth {
        var hindrances: [String] = []
        if let free = folder.freeBytes, free < Self.leastFreeDisk {
            hindrances.append("the disk of the log has \(free / 1024 / 1024) MiB left; make room")
        }
        if await isStopping { hindrances.append("going down") }
        return NodeHealth(silent: await silent(within: .seconds(2)), hindrances: hindrances)
    }

    func metrics() async throws -> [Metric] {
        let now = clock.now
        func age(_ time: Timestamp) -> Double { Double(now.milliseconds - time.milliseconds) / 1000 }
        let measures = log.measures
        let sizes = log.fileSizes
        let disputes = try await openDisputes()
        let witness = try await log.witness()
        let peers = try await peerMeasures()
        let scrub = try await auditor.lastSummary()
        let usage = ProcessUsage()
        return [
            Metric(
                "duolog_build_info", .gauge, "Always 1; the version of the program stands in the label.",
                [.init(1, [.init("version", DuologVersion.text)])]),
            Metric(
                "duolog_events_appended_total", .counter, "Events stored since the start, by where they were written.",
                [
                    .init(Double(measures.ownEvents), [.init("source", "own")]),
                    .init(Double(measures.peerEvents), [.init("source", "peer")]),
                ]),
            Metric(
                "duolog_commit_duration_seconds", .histogram, "How long commits took until they were durable.",
                Self.samples(measures.commits)),
            Metric(
                "duolog_log_events", .gauge, "Events in the log, the journal's among them.",
                [.init(Double(try await log.eventCount()))]),
            Metric("duolog_log_bytes", .gauge, "Size of the log's file.", [.init(Double(sizes.log))]),
            Metric(
                "duolog_wal_bytes", .gauge, "Size of the write-ahead log: 8.7 MB are set aside for it at the start.",
                [.init(Double(sizes.writeAhead))]),
            Metric(
                "duolog_disk_free_bytes", .gauge, "Room left on the disk of the log.",
                folder.freeBytes.map { [.init(Double($0))] } ?? []),
            Metric(
                "duolog_peer_connected", .gauge, "1 while both sides talk, by peer.",
                peers.map { .init($0.isConnected ? 1 : 0, $0.labels) }),
            Metric(
                "duolog_peer_lag_events", .gauge,
                "Events that one side lacks: those to come as far as the peer has announced them, those to go until it has confirmed them.",
                peers.flatMap { peer in
                    [
                        .init(Double(peer.toReceive), peer.labels + [.init("direction", "receive")]),
                        .init(Double(peer.toSend), peer.labels + [.init("direction", "send")]),
                    ]
                }),
            Metric(
                "duolog_peer_clock_offset_seconds", .gauge, "The clock of a connected peer minus ours.",
                peers.compactMap { peer in peer.clockOffset.map { .init(Double($0) / 1000, peer.labels) } }),
            Metric(
                "duolog_disputes_open", .gauge, "Decisions that contradict each other and that nobody has settled.",
                [.init(Double(disputes.count))]),
            Metric(
                "duolog_dispute_oldest_age_seconds", .gauge,
                "How long the oldest open dispute has stood, by its authors' clocks.",
                disputes.oldest.map { [.init(age($0))] } ?? []),
            Metric(
                "duolog_unwitnessed_charts", .gauge, "Charts with events of this node that no other node has confirmed.",
                [.init(Double(witness.count { $0.open > 0 }))]),
            Metric(
                "duolog_witness_age_seconds", .gauge, "How long ago another node last confirmed something that this one wrote.",
                witness.compactMap(\.at).max().map { [.init(age($0))] } ?? []),
            Metric(
                "duolog_held_charts", .gauge,
                "Charts of which nothing is sent before they have synced with a member, after a restore.",
                [.init(Double(try await log.heldCharts()))]),
            Metric(
                "duolog_integrity_alerts", .gauge,
                "Numbers that two different events of one node carry: a copy of it ran beside it.",
                [.init(Double(try await integrityAlerts().count))]),
            Metric(
                "duolog_quarantine_items", .gauge, "Imported items that were kept aside and wait for a person.",
                [.init(Double(try await quarantineSize()))]),
            Metric(
                "duolog_scrub_age_seconds", .gauge, "How long ago the last check of the whole log ended.",
                scrub.map { [.init(age($0.ended))] } ?? []),
            Metric(
                "duolog_scrub_findings", .gauge, "Damaged places that the last check of the whole log found.",
                scrub.map { [.init(Double($0.findings))] } ?? []),
            Metric(
                "duolog_backup_age_seconds", .gauge, "How long ago the last backup was made that was read back whole.",
                try await lastBackup().map { [.init(age($0.made))] } ?? []),
            Metric(
                "process_cpu_seconds_total", .counter, "Processor time, in the program and in the kernel.", [.init(usage.seconds)]
            ),
            Metric(
                "process_resident_memory_bytes", .gauge, "Memory that is in use.",
                usage.resident.map { [.init(Double($0))] } ?? []),
        ]
    }

    private static func samples(_ histogram: LatencyHistogram) -> [Metric.Sample] {
        var below = 0
        var samples: [Metric.Sample] = zip(LatencyHistogram.bounds, histogram.counts).map { bound, count in
            below += count
            return Metric.Sample(Double(below), suffix: "_bucket", [.init("le", "\(bound)")])
        }
        samples.append(.init(Double(histogram.count), suffix: "_bucket", [.init("le", "+Inf")]))
        samples.append(.init(histogram.sum, suffix: "_sum"))
        samples.append(.init(Double(histogram.count), suffix: "_count"))
        return samples
    }

    private struct PeerMeasure {
        let labels: [Metric.Label]
        let isConnected: Bool
        let toReceive: Int
        let toSend: Int
        let clockOffset: Int?
    }

    private func peerMeasures() async throws -> [PeerMeasure] {
        let statuses = await network.status()
        var measures: [PeerMeasure] = []
        for peer in try await log.peers() {
            let session = statuses[peer.node].flatMap { $0.isConnected ? $0.session : nil }
            let toSend: Int
            if let session {
                toSend = session.toSend
            } else {
                toSend = try await log.unconfirmed(by: peer.node, on: clock.today).events
            }
            measures.append(
                PeerMeasure(
                    labels: [.init("peer", "\(peer.node)")], isConnected: session != nil, toReceive: session?.toReceive ?? 0,
                    toSend: toSend, clockOffset: session?.clockOffset))
        }
        return measures
    }
}

extension StateFolder {
    /// Room on the disk of the folder, for those who are not root; nil where it cannot be told.
    var freeBytes: Int? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}

/// What this process uses.
private struct ProcessUsage {
    let seconds: Double
    let resident: Int?

    init() {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        self.seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        resident = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ").dropFirst().first
            .flatMap { Int($0) }.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
    }
}
