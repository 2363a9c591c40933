import CareModel
import EventLog
import Replication
import TestSupport

/// Watches a run from outside: what every node stored, what was acknowledged, what was sent. It takes nothing from the code under test
/// but bytes and rows.
final class Observer {
    /// What a node was seen to store.
    struct Seen {
        var rows: [StoredRow] = []
        var hashes: Set<EventHash> = []
        /// Who may have a chart, by what this node knows.
        var sharing: [ChartID: SharingOracle] = [:]
    }

    /// Requests that an honest session may have open: one for each line that the other side may send without waiting.
    private static let mostRequests = 256
    let mayFork: Bool
    var seen: [Int: Seen] = [:]
    /// Acknowledged events by the node that wrote them; those that a restore lost for good are taken out.
    var acknowledged: [Int: Set<EventHash>] = [:]
    private var founders: [ChartID: NodeID] = [:]
    private var events: [Dot: [ChartID: Set<EventHash>]] = [:]
    /// Lines that were sent, for those who replay them.
    private(set) var overheard: [[UInt8]] = []

    init(mayFork: Bool) { self.mayFork = mayFork }

    func knows(_ chart: ChartID, foundedBy founder: NodeID) { founders[chart] = founder }

    func acknowledged(_ events: [EventHash], by node: SimulatedNode) {
        acknowledged[node.slot, default: []].formUnion(events)
    }

    // MARK: Rows

    /// Reads what a node stored since the last look.
    func look(at node: SimulatedNode, _ now: Int) async throws {
        let known = seen[node.slot]?.rows.count ?? 0
        for row in try await node.store.rows(from: known) { try take(row, node, now) }
    }

    private func take(_ row: StoredRow, _ node: SimulatedNode, _ now: Int) throws {
        let envelope = row.event.envelope
        var seen = self.seen.removeValue(forKey: node.slot) ?? Seen()
        defer { self.seen[node.slot] = seen }
        if let prev = envelope.prev {
            guard seen.hashes.contains(prev) else {
                throw Violation(.chains, "slot \(node.slot): \(envelope.dot) before its prev")
            }
        } else if envelope.seq != 1 {
            throw Violation(.chains, "slot \(node.slot): \(envelope.dot) begins a chain")
        }
        for hash in envelope.after + envelope.refs where !seen.hashes.contains(hash) {
            throw Violation(.chains, "slot \(node.slot): \(envelope.dot) before what it has seen")
        }
        seen.rows.append(row)
        seen.hashes.insert(row.event.hash)
        let founder = founders[envelope.chart]
        seen.sharing[envelope.chart, default: SharingOracle(founder: founder)].take(row.event, at: now)
        events[envelope.dot, default: [:]][envelope.chart, default: []].insert(row.event.hash)
        guard mayFork || events[envelope.dot]?[envelope.chart]?.count == 1 else {
            throw Violation(.dots, "\(envelope.dot) in \(envelope.chart.short)")
        }
    }

    func crashed(_ node: SimulatedNode) {}

    func cloned(_ copy: SimulatedNode, from original: SimulatedNode) {
        seen[copy.slot] = seen[original.slot]
        acknowledged[copy.slot] = acknowledged[original.slot]
    }

    /// What was put back holds less. What nobody else holds is gone, and may be: the rest has to come back.
    func restored(_ node: SimulatedNode, in world: World) async throws {
        seen[node.slot] = nil
        try await look(at: node, world.now)
        let elsewhere = seen.filter { $0.key != node.slot }.reduce(into: Set<EventHash>()) { $0.formUnion($1.value.hashes) }
        let here = seen[node.slot]?.hashes ?? []
        acknowledged[node.slot] = acknowledged[node.slot]?.filter { here.contains($0) || elsewhere.contains($0) }
    }

    /// The admissions of a node that a record holds.
    func admissions(of node: NodeID, in record: ChartRecord) -> [EventHash] {
        let known = seen.values.flatMap(\.rows).filter {
            $0.event.envelope.chart == record.graph.chart && SharingOracle.admitted($0.event) == node
        }
        return Set(known.map(\.event.hash)).filter { record.graph.position(of: $0) != nil }.sorted()
    }

    // MARK: Lines

    /// Holds a line that is about to leave against what the receiver may know.
    func check(_ line: [UInt8], from side: Int, on connection: Connection, _ world: World) throws {
        if overheard.count < 400 || world.random.oneIn(20) {
            if overheard.count >= 800 { overheard.removeFirst(400) }
            overheard.append(line)
        }
        let sender = world.nodes[connection.ends[side].slot]
        let receiver = world.nodes[connection.ends[1 - side].slot]
        for chart in Lines.charts(in: line) where world.founders[chart] != nil {
            let isAnswer = connection.ends[1 - side].named.contains(chart)
            connection.ends[side].named.insert(chart)
            guard !isAnswer, !Lines.isRemovalNotice(line) else { continue }
            let sharing = seen[sender.slot]?.sharing[chart]
            guard sharing?.couldHave(receiver.node, since: world.now - 2500) ?? false else {
                throw Violation(
                    .leak,
                    "slot \(sender.slot) told slot \(receiver.slot) of \(chart.short): \(String(decoding: line.prefix(80), as: UTF8.self))"
                )
            }
        }
        connection.ends[side].eventBytes += Lines.eventBytes(line)
        connection.ends[1 - side].eventBytes -= Lines.credit(line)
    }

    /// Event bytes under way never exceed what the receiver gave credit for.
    func checkMemory(_ connection: Connection, _ side: Int) throws {
        guard !connection.isTamperedWith else { return }
        let end = connection.ends[side]
        guard end.eventBytes <= ReplicationLimits.creditBytes, end.requests.count <= Self.mostRequests else {
            throw Violation(.memory, "\(end.requests.count) open requests, \(end.eventBytes) event bytes without credit")
        }
    }
}

/// What can be told of a line without reading it as the session does.
enum Lines {
    private static let marker = Array(#""chart":""#.utf8)
    private static let event = Array(#"{"t":"event""#.utf8)
    private static let body = Array(#"{"salt":"#.utf8)
    private static let creditStart = Array(#"{"bytes":"#.utf8)
    private static let creditEnd = Array(#","t":"credit"}"#.utf8)
    private static let removed = Array(#""t":"removed""#.utf8)

    /// Every chart that a line names.
    static func charts(in line: [UInt8]) -> [ChartID] {
        if line.starts(with: body) { return [] }
        var charts: [ChartID] = []
        var index = 0
        let isEvent = line.starts(with: event)
        while let place = place(of: marker, in: line, from: index) {
            let start = place + marker.count
            if start + 43 <= line.count, let chart = ChartID(text: line[start..<start + 43]) { charts.append(chart) }
            if isEvent { break }
            index = start
        }
        return charts
    }

    static func isRemovalNotice(_ line: [UInt8]) -> Bool { place(of: removed, in: line, from: 0) != nil }

    /// Bytes that a line gives credit for.
    static func credit(_ line: [UInt8]) -> Int {
        guard line.starts(with: creditStart), line.suffix(creditEnd.count).elementsEqual(creditEnd) else { return 0 }
        return Int(String(decoding: line.dropFirst(creditStart.count).dropLast(creditEnd.count), as: UTF8.self)) ?? 0
    }

    static func eventBytes(_ line: [UInt8]) -> Int { line.starts(with: event) || line.starts(with: body) ? line.count : 0 }

    private static func place(of needle: [UInt8], in line: [UInt8], from: Int) -> Int? {
        guard line.count >= needle.count else { return nil }
        return line.withUnsafeBufferPointer { line in
            var index = from
            while index + needle.count <= line.count {
                if line[index] == needle[0], line[index + 1] == needle[1] {
                    var length = 2
                    while length < needle.count, line[index + length] == needle[length] { length += 1 }
                    if length == needle.count { return index }
                }
                index += 1
            }
            return nil
        }
    }
}
