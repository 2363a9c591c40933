import CareModel
import Dispatch
import EventLog
import Foundation
import Glibc
import LogStore
import Logging
import PeerNetwork
import Replication

@testable import DuologNode

/// A node as the daemon runs it, in a process of its own: what it is told comes by lines, and each line but those that record has one
/// line for its answer.
struct NodeProcess {
    /// What a node can be told to do.
    enum Command: String {
        /// Pairs with a node (its key) and, where an address follows, dials it.
        case pair
        /// Waits until all is here that this peer (its key) offers.
        case settle
        /// Waits until neither of the two has anything for the other.
        case step
        /// Writes one event into a chart, as somebody who has seen everything of it, or as somebody who saw it long ago. Says nothing:
        case record, late
        /// says what was written last.
        case recorded
        /// Waits until a chart (its name) can be read here up to a number, and a peer (its key) may have it.
        case await
        /// Closes the connections and opens them again.
        case reconnect
        /// Says what it has cost so far.
        case usage
    }

    /// What it says to each. What was not asked for is nil.
    struct Answer: Codable {
        var address: String?
        var key: String?
        var chart: String?
        var seq: Int?
        /// Nanoseconds of the machine's monotonic clock, which all processes share.
        var began: UInt64?
        var ended: UInt64?
        /// Of all processors, since the process began, in microseconds,
        var cpuMicroseconds: Int?
        /// and in seconds.
        var cpu: Double? { cpuMicroseconds.map { Double($0) / 1e6 } }
        var peakKiB: Int?
        /// Bytes of the connections that are open, with all that TLS adds.
        var sent: Int?
        var received: Int?
        var synchronous: Int?
        var error: String?
    }

    private let node: RunningNode
    private let log: LogStore
    private let clock: NodeClock
    private let address: String
    private var number = 0
    private var charts: [ChartID] = []
    private let awaited: Awaited
    /// The last event that was recorded.
    private var last = Answer()

    /// Starts the node whose folder this is.
    init(_ folder: String) async throws {
        var settings = NodeSettings()
        settings.stateDirectory = folder
        settings.listenPort = 0
        settings.scrubHours = 0
        let (fixed, logSettings) = (settings, LogSettings(settings))
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let reloading = Reloading(
            fixed, load: { fixed }, manager: ServiceManager([:]), logger: logger, logSettings: logSettings)
        node = try RunningNode(
            settings, reloading: reloading, inherited: nil, logger: logger, progress: { _, _, _ in },
            onFailure: { text in
                FileHandle.standardError.write(Data("bench: \(text)\n".utf8))
                exit(1)
            })
        log = await node.log
        clock = await node.clock
        awaited = Awaited(log, on: clock.today)
        address = try await node.start()
    }

    /// Answers until there is nothing more to answer.
    mutating func run() async throws {
        try say(Answer(address: address, key: "\(node.key.publicKey)", synchronous: try log.synchronousSetting()))
        // On a thread of its own: one of those that the node works on must not wait for what is said.
        let (lines, continuation) = AsyncStream<String>.makeStream()
        Thread.detachNewThread {
            while let line = readLine() { continuation.yield(line) }
            continuation.finish()
        }
        for await line in lines {
            let words = line.split(separator: " ").map(String.init)
            do {
                guard let command = words.first.flatMap(Command.init) else { throw BenchError("nobody knows how to \(line)") }
                if let answer = try await carryOut(command, Array(words.dropFirst())) { try say(answer) }
            } catch {
                try say(Answer(error: "\(line): \(error)"))
            }
        }
        await node.stop()
    }

    private func say(_ answer: Answer) throws {
        try FileHandle.standardOutput.write(contentsOf: try LineEncoder.encode(answer) + [0x0A])
    }

    private mutating func carryOut(_ command: Command, _ words: [String]) async throws -> Answer? {
        let began = monotonic()
        switch (command, words.count) {
        case (.pair, 1...2):
            try await log.pair(
                Peer(try Self.fingerprint(words[0]), name: "peer", address: words.count == 2 ? words[1] : nil))
            try await node.refreshPeers()
        case (.settle, 1): try await settle(try Self.fingerprint(words[0]).node) { $0.session?.isUpToDate == true }
        case (.step, 1): try await settle(try Self.fingerprint(words[0]).node) { $0.isInStep }
        case (.record, 1), (.late, 1):
            number += 1
            if charts.isEmpty { charts = try await log.charts().map(\.chart) }
            guard let index = Int(words[0]), charts.indices.contains(index) else { throw BenchError("no chart \(words[0])") }
            let draft = try await Workload.another(in: log, number, of: charts[index], isLate: command == .late)
            // Somebody who decides waits for the disk, not for this process to find the chart.
            let start = monotonic()
            let seq = try await log.author([draft], request: nil)[0].seq
            last = Answer(chart: "\(draft.chart)", seq: seq, began: start, ended: monotonic())
            // To say it now would take a processor from those who pass the event on.
            return nil
        case (.recorded, 0): return last
        case (.await, 3):
            // What it has cost is not looked up: the next event is on its way.
            return Answer(began: began, ended: try await awaited.first(try Self.event(words[0], words[1], from: words[2])))
        case (.reconnect, 0):
            try await node.network.setOnline(false)
            try await node.network.setOnline(true)
        case (.usage, 0): break
        default: throw BenchError("\(command) wants something else")
        }
        let ended = monotonic()
        let wire = OpenSockets.bytes()
        return Answer(
            began: began, ended: ended, cpuMicroseconds: Glibc.clock() * 1_000_000 / Int(CLOCKS_PER_SEC), peakKiB: peakMemory(),
            sent: wire.sent, received: wire.received)
    }

    private static func fingerprint(_ text: String) throws -> NodeFingerprint {
        guard let fingerprint = NodeFingerprint(text) else { throw BenchError("\(text) is no key") }
        return fingerprint
    }

    private func settle(_ peer: NodeID, _ isDone: (PeerStatus) -> Bool) async throws {
        while true {
            let status = await node.network.status()[peer]
            if let status, status.isConnected, isDone(status) { return }
            // To ask all the time would cost as much as some events do; near the end it is asked often, so that the end is not missed.
            let isFar = (status?.session?.toReceive ?? 0) > 4 * ReplicationLimits.batchEvents
            try await Task.sleep(for: .milliseconds(isFar ? 20 : 2))
        }
    }

    private static func event(_ chart: String, _ seq: String, from peer: String) throws -> Awaited.Event {
        guard let chart = ChartID(chart), let seq = Int(seq) else { throw BenchError("no such event") }
        return Awaited.Event(chart: chart, seq: seq, peer: try fingerprint(peer).node)
    }
}

/// Nanoseconds of a clock that all processes of the machine share.
func monotonic() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

/// What the kernel has counted on this process's connections: all bytes, those of TLS too.
enum OpenSockets {
    /// Where `struct tcp_info` of linux/tcp.h has its state, the bytes that the other side has confirmed and those that came in.
    private enum Place { static let state = 0, acked = 120, received = 128, end = 136 }
    private static let established: UInt8 = 1

    static func bytes() -> (sent: Int, received: Int) {
        var (sent, received) = (0, 0)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            guard let descriptor = Int32(name) else { continue }
            var info = [UInt8](repeating: 0, count: 256)
            var length = socklen_t(info.count)
            guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0, length >= Place.end,
                info[Place.state] == established
            else { continue }
            func count(_ place: Int) -> Int { info[place..<place + 8].reversed().reduce(0) { $0 << 8 | Int($1) } }
            sent += count(Place.acked)
            received += count(Place.received)
        }
        return (sent, received)
    }
}
