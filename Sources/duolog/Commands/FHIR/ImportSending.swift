import CareInterop
import CareModel
import DuologNode
import EventLog
import NodeAPI

/// What became of a file.
struct ImportReport: Encodable {
    var resources = 0
    /// Resources that became events, or are told by the events of another.
    var taken = 0
    /// Events that were recorded; in a dry run, that would be.
    var events = 0
    /// Resources that were imported before, or say what the chart says.
    var already = 0
    var quarantined = 0
    var out_of_scope = 0
    /// Why resources were kept aside or left out, and how often.
    var quarantine_reasons: [String: Int] = [:]
    var scope_reasons: [String: Int] = [:]
    /// What had to be assumed, and how often.
    var remarks: [String: Int] = [:]
    /// What the rules point at in the chart now.
    var alerts: [String] = []
}

/// Sends planned resources to the node, many at a time, and keeps count.
struct ImportSending {
    /// A resource and what is to become of it.
    struct Planned {
        let plan: ImportPlan
        /// The resource; nil where it is too long to be kept.
        let source: String?

        init(_ plan: ImportPlan, _ bytes: [UInt8]) {
            var plan = plan
            if case .events(let events) = plan.verdict, events.contains(where: { $0.members.count > Self.longest }) {
                plan.verdict = .quarantined("it says more than an event can hold")
            }
            self.plan = plan
            source = bytes.count > Self.longest ? nil : String(decoding: bytes, as: UTF8.self)
        }

        /// Half of what an event may hold, since text grows where it is put into JSON once more.
        private static let longest = Limits.lineBytes / 2 - 4096

        var bytes: Int {
            var events = 0
            if case .events(let all) = plan.verdict { for event in all { events += event.members.count } }
            return events + (source?.utf8.count ?? 0)
        }
    }

    private enum Fate { case taken, already, quarantined, outOfScope }

    /// The most that is sent at once: resources, and bytes of them.
    private static let atOnce = (resources: 250, bytes: 4 << 20)

    private let connection: NodeClient.Connection
    private let chart: ChartID
    private let file: EventHash
    let dryRun: Bool
    private let total: Int
    private var base: String?
    private var fates: [EventHash: Fate] = [:]
    private var parts: [(of: EventHash, name: String)] = []
    private var tally = ImportReport()

    init(_ connection: NodeClient.Connection, _ chart: ChartID, _ file: EventHash, dryRun: Bool, total: Int) {
        self.connection = connection
        self.chart = chart
        self.file = file
        self.dryRun = dryRun
        self.total = total
    }

    /// Sends what is pending, in full packets or all of it.
    mutating func take(_ pending: inout [Planned], all: Bool) async throws {
        while !pending.isEmpty {
            var (count, bytes) = (0, 0)
            while count < pending.count, count < Self.atOnce.resources, bytes < Self.atOnce.bytes {
                bytes += pending[count].bytes
                count += 1
            }
            guard all || count == Self.atOnce.resources || bytes >= Self.atOnce.bytes else { return }
            try await send(pending.prefix(count))
            pending.removeFirst(count)
            Terminal.progress(dryRun ? "looked at" : "imported", tally.resources, of: total, "resources")
        }
    }

    /// The file is at its end: what the node kept of a dry run may go.
    mutating func end() async throws {
        guard dryRun, base != nil else { return }
        _ = try await connection.send(
            ImportRequest(chart: chart, file: file, items: [], dry_run: true, base: base, is_last: true))
    }

    private mutating func send(_ packet: ArraySlice<Planned>) async throws {
        var items: [(item: ImportItem, plan: ImportPlan)] = []
        for planned in packet {
            tally.resources += 1
            let plan = planned.plan
            if let remark = plan.remark, case .events = plan.verdict { tally.remarks[remark, default: 0] += 1 }
            switch plan.verdict {
            case .part(let leader): parts.append((leader, plan.name))
            case .known: count(.already, plan.identity)
            case .outOfScope(let reason):
                count(.outOfScope, plan.identity)
                tally.scope_reasons[reason, default: 0] += 1
            case .quarantined(let reason): items.append((ImportItem(plan, [], reason, planned.source), plan))
            case .events(let events): items.append((ImportItem(plan, events, nil, planned.source), plan))
            }
        }
        guard !items.isEmpty else { return }
        let answer: ImportAnswer
        do {
            answer = try await connection.send(
                ImportRequest(chart: chart, file: file, items: items.map(\.item), dry_run: dryRun, base: base))
        } catch let error as NodeError where error.code == .unavailable && tally.resources > 0 {
            throw NodeError(
                .unavailable,
                "the import was cut short after \(tally.resources) of \(total) resources; repeat the command: nothing is taken twice"
            )
        }
        base = answer.base
        for (item, outcome) in zip(items.map(\.item), answer.outcomes) {
            switch outcome.result {
            case .taken:
                count(.taken, outcome.identity)
                tally.events += item.events.count
            case .already: count(.already, outcome.identity)
            case .quarantined:
                count(.quarantined, outcome.identity)
                tally.quarantine_reasons[outcome.reason ?? "", default: 0] += 1
            }
        }
    }

    private mutating func count(_ fate: Fate, _ identity: EventHash? = nil) {
        if let identity { fates[identity] = fate }
        switch fate {
        case .taken: tally.taken += 1
        case .already: tally.already += 1
        case .quarantined: tally.quarantined += 1
        case .outOfScope: tally.out_of_scope += 1
        }
    }

    /// The sum. What is told by another resource shares its fate.
    mutating func report() -> ImportReport {
        for part in parts {
            let fate = fates[part.of] ?? .quarantined
            count(fate)
            if case .quarantined = fate {
                tally.quarantine_reasons["it belongs to another resource that is kept aside", default: 0] += 1
            }
        }
        parts = []
        return tally
    }
}

extension ImportItem {
    fileprivate init(_ plan: ImportPlan, _ events: [ImportPlan.Event], _ reason: String?, _ source: String?) {
        self.init(
            identity: plan.identity, content: plan.content, name: plan.name, events: events.map { ImportEvent($0) },
            quarantine: reason, source: source)
    }
}

extension ImportEvent {
    fileprivate init(_ event: ImportPlan.Event) {
        let refs = event.refs.map { ref -> ImportRef in
            switch ref {
            case .imported(let identity): .imported(identity)
            case .medication(let drug): .medication(drug)
            case .previous: .previous
            }
        }
        self.init(
            kind: event.kind, body: String(decoding: event.members, as: UTF8.self), when: event.when, refs: refs, seen: event.seen
        )
    }
}

extension Render {
    static func importReport(_ report: ImportReport, dryRun: Bool) -> String {
        func list(_ reasons: [String: Int]) -> [String] {
            reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "    \($0.value) × \($0.key)" }
        }
        var lines = [
            "\(report.resources) resources = \(report.taken) \(dryRun ? "would be taken" : "taken") + \(report.already) known already + \(report.quarantined) kept aside + \(report.out_of_scope) out of scope"
        ]
        lines.append(dryRun ? "  nothing was recorded" : "  \(report.events) events were recorded")
        if !report.remarks.isEmpty { lines += ["  assumed:"] + list(report.remarks) }
        if !report.quarantine_reasons.isEmpty {
            lines += ["  kept aside\(dryRun ? "" : " (duolog fhir quarantine)"):"] + list(report.quarantine_reasons)
        }
        if !report.scope_reasons.isEmpty { lines += ["  out of scope:"] + list(report.scope_reasons) }
        if !report.alerts.isEmpty { lines += ["  the rules point at (duolog show alerts):"] + report.alerts.map { "    \($0)" } }
        return lines.joined(separator: "\n")
    }
}
