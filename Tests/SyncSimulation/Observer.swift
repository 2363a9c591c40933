import CareModel
import EventLog
import Glibc
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
    /// Elements that the collections of one session may hold, and bytes, in runs of at most three charts and a few hundred events: two numbers for
    /// each bucket of charts, and what is under way, each event of it as it was read too. Before events were read by the session 3,221 and 47,494
    /// were the most that was seen; their clocks and names come on top.
    private static let mostHeld = 2 * ReplicationLimits.buckets + 4000
    private static let mostHeldBytes = 128 * 1024
    private var looks = 0
    let mayFork: Bool
    var seen: [Int: Seen] = [:]
    /// Acknowledged events by the node that wrote them; those that a restore lost for good are taken out.
    var acknowledged: [Int: Set<EventHash>] = [:]
    private var founders: [ChartID: NodeID] = [:]
    private var events: [Dot: [ChartID: Set<EventHash>]] = [:]
    /// Every body by its salt, which nothing but chance makes.
    private var bodies: [ArraySlice<UInt8>: ChartID] = [:]
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
        if let salt = row.event.bodyLine.flatMap({ Lines.salt($0.line) }) { bodies[salt] = envelope.chart }
        let founder = founders[envelope.chart]
        seen.sharing[envelope.chart, default: SharingOracle(founder: founder)].take(row.event, at: now)
        events[envelope.dot, default: [:]][envelope.chart, default: []].insert(row.event.hash)
        guard mayFork || events[envelope.dot]?[envelope.chart]?.count == 1 else {
            throw Violation(.dots, "\(envelope.dot) in \(envelope.chart.short)")
        }
    }

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
        for chart in try charts(in: line, of: world) {
            // Who named a chart may be told what of it is wanted; its events are for those who may have it, whoever asks.
            let isAnswer = connection.ends[1 - side].named.contains(chart) && Lines.eventBytes(line) == 0
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

    /// The charts of the run that a line is about: those whose ids stand anywhere in it, and the one whose body it is.
    func charts(in line: [UInt8], of world: World) throws -> [ChartID] {
        guard let salt = Lines.salt(line) else { return world.charts.filter { Lines.contains(Array("\($0)".utf8), in: line) } }
        guard let chart = bodies[salt] else { throw Violation(.leak, "a body that nobody wrote") }
        return [chart]
    }

    /// What a connection makes a node hold. Between honest nodes event bytes under way never exceed what the receiver gave credit for; and
    /// whatever is sent, what waits for storage, for the end of its line, or in the session, stays within limits.
    func checkMemory(_ connection: Connection, _ side: Int) throws {
        let end = connection.ends[side]
        if !connection.isTamperedWith {
            guard end.eventBytes <= ReplicationLimits.creditBytes, end.openRequests <= Self.mostRequests else {
                throw Violation(.memory, "\(end.openRequests) open requests, \(end.eventBytes) event bytes without credit")
            }
        }
        guard end.openRequests <= ReplicationLimits.openRequests else {
            throw Violation(.memory, "\(end.openRequests) open requests")
        }
        looks += 1
        guard looks.isMultiple(of: 8192), let session = end.session else { return }
        let (line, held) = (Held(end.splitter), Held(session))
        guard line.bytes <= ReplicationLimits.lineBytes, held.elements <= Self.mostHeld, held.bytes <= Self.mostHeldBytes else {
            throw Violation(
                .memory, "\(line.bytes) bytes of a line; a session with \(held.elements) elements of \(held.bytes) bytes")
        }
    }
}

/// How much a value holds, whatever its members are called: a queue that somebody adds and nobody empties is found too.
struct Held {
    /// Elements of all collections in it, and in what those hold.
    private(set) var elements = 0
    /// Bytes of lines, hashes and the like; a piece of memory that is held in two places counts once.
    private(set) var bytes = 0
    private var known: Set<UnsafeRawPointer> = []

    init(_ value: Any) { count(value) }

    private mutating func count(_ value: Any) {
        if let some = value as? [UInt8] {
            let place = some.withUnsafeBytes(\.baseAddress)
            if place.map({ known.insert($0).inserted }) ?? false { bytes += some.count }
            return
        }
        let mirror = Mirror(reflecting: value)
        if [.collection, .set, .dictionary].contains(mirror.displayStyle) { elements += mirror.children.count }
        for child in mirror.children { count(child.value) }
    }
}

/// What can be told of a line without reading it as the session does.
enum Lines {
    private static let event = Array(#"{"t":"event""#.utf8)
    private static let body = Array(#"{"salt":"#.utf8)
    private static let creditStart = Array(#"{"bytes":"#.utf8)
    private static let creditEnd = Array(#","t":"credit"}"#.utf8)
    private static let removed = Array(#""t":"removed""#.utf8)

    /// The salt of a body line, as it stands there; nil for any other line.
    static func salt(_ line: [UInt8]) -> ArraySlice<UInt8>? {
        guard line.starts(with: body) else { return nil }
        return line.dropFirst(body.count).prefix { $0 != UInt8(ascii: ",") }
    }

    static func isRemovalNotice(_ line: [UInt8]) -> Bool { contains(removed, in: line) }

    /// Bytes that a line gives credit for.
    static func credit(_ line: [UInt8]) -> Int {
        guard line.starts(with: creditStart), line.suffix(creditEnd.count).elementsEqual(creditEnd) else { return 0 }
        return Int(String(decoding: line.dropFirst(creditStart.count).dropLast(creditEnd.count), as: UTF8.self)) ?? 0
    }

    static func eventBytes(_ line: [UInt8]) -> Int { line.starts(with: event) || line.starts(with: body) ? line.count : 0 }

    static func contains(_ needle: [UInt8], in line: [UInt8]) -> Bool {
        line.withUnsafeBytes { line in
            needle.withUnsafeBytes { needle in
                guard let bytes = line.baseAddress, let wanted = needle.baseAddress, needle.count > 0 else { return false }
                var index = 0
                while index + needle.count <= line.count,
                    let found = memchr(bytes + index, Int32(needle[0]), line.count - needle.count - index + 1)
                {
                    if memcmp(found, wanted, needle.count) == 0 { return true }
                    index = found - UnsafeMutableRawPointer(mutating: bytes) + 1
                }
                return false
            }
        }
    }
}
