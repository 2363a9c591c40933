import CareModel
import EventLog
import Foundation
import LogStore
import NodeAPI

/// What the journal knows of earlier imports into a chart.
struct ImportLedger {
    /// Resources that became events.
    var taken: [EventHash: ImportRecorded.Item] = [:]
    private var aside: Set<[EventHash]> = []

    init(_ journal: ChartRecord?, _ chart: ChartID) {
        for entry in journal?.entries(ImportRecorded.self) ?? [] where entry.body.chart == chart {
            for item in entry.body.items { taken[item.identity] = item }
        }
        for entry in journal?.entries(ImportQuarantined.self) ?? [] where entry.body.chart == chart {
            aside.insert(Self.key(entry.body.identity, entry.body.content, entry.body.reason))
        }
    }

    /// True when the same was kept aside before for the same reason.
    func isQuarantined(_ item: ImportItem, _ reason: String?) -> Bool {
        aside.contains(Self.key(item.identity, item.content, reason ?? ""))
    }

    private static func key(_ identity: EventHash, _ content: EventHash, _ reason: String) -> [EventHash] {
        [identity, content, EventHash(of: Array(reason.utf8))]
    }
}

/// Where imported events go, and in whose name.
struct ImportTarget {
    let chart: ChartID
    let file: EventHash
    let author: AuthorID
    /// The chart before the first of them.
    let base: View
    let origin: Origin
}

/// An import under way.
struct ImportRun {
    private struct Refused: Error {
        let reason: String
    }

    private let target: ImportTarget
    private(set) var ledger: ImportLedger
    private let log: LogStore
    private let clock: NodeClock
    /// In a dry run the chart as it would be.
    private var trial: ChartRecord?

    init(_ target: ImportTarget, ledger: ImportLedger, log: LogStore, clock: NodeClock, trial: ChartRecord?) {
        self.target = target
        self.ledger = ledger
        self.log = log
        self.clock = clock
        self.trial = trial
    }

    /// Takes a resource: all of its events, or none.
    mutating func take(_ item: ImportItem) async throws -> ImportAnswer.Outcome {
        if let earlier = ledger.taken[item.identity] {
            guard earlier.content != item.content else {
                return ImportAnswer.Outcome(identity: item.identity, result: .already, events: earlier.events)
            }
            return aside(
                item, "it was imported before with another content: look at both, and amend the record where that is right")
        }
        if let reason = item.quarantine { return aside(item, reason) }
        do {
            // Written to a copy first where several events belong together: a part of them is never left behind.
            if trial == nil, item.events.count > 1 {
                guard var copy = try await log.record(of: target.chart) else { throw Refused(reason: "the chart is gone") }
                _ = try await write(item) { draft, _ in try copy.author(draft, as: target.origin, at: clock.now).written.event }
            }
            let events = try await record(item)
            ledger.taken[item.identity] = ImportRecorded.Item(identity: item.identity, content: item.content, events: events)
            return ImportAnswer.Outcome(identity: item.identity, result: .taken, events: events)
        } catch let refused as Refused {
            return aside(item, refused.reason)
        } catch let error as AuthoringError {
            return aside(item, NodeError(error).text)
        } catch let error as LogStoreError {
            throw NodeError(.io, error.text)
        }
    }

    private func aside(_ item: ImportItem, _ reason: String) -> ImportAnswer.Outcome {
        ImportAnswer.Outcome(identity: item.identity, result: .quarantined, reason: reason)
    }

    private mutating func record(_ item: ImportItem) async throws -> [EventHash] {
        guard var copy = trial else {
            let (log, target) = (log, target)
            return try await write(item) { draft, index in
                let written = try await log.author(
                    [draft], request: "import \(target.chart) \(item.identity) \(item.content) \(index)")
                guard let event = written.first?.event else { throw Refused(reason: "it was not written") }
                return event
            }
        }
        // A record that refused an event is not used any more: the copy takes its place only where all went well.
        let events = try await write(item) { draft, _ in try copy.author(draft, as: target.origin, at: clock.now).written.event }
        trial = copy
        return events
    }

    private func write(
        _ item: ImportItem, _ author: (Draft, Int) async throws -> EventHash
    ) async throws -> [EventHash] {
        var events: [EventHash] = []
        for (index, event) in item.events.enumerated() {
            let members: [UInt8]
            do {
                members = try Members.canonical(Array(renamed(event.body).utf8), as: event.kind)
            } catch let error as ContentError {
                throw Refused(reason: "\(error)")
            } catch let error as FormatError {
                throw Refused(reason: "\(error)")
            }
            let refs = try await refs(of: event, previous: events.last)
            let draft = Draft(
                chart: target.chart, author: target.author, kind: event.kind, members: members, when: event.when,
                refs: .events(refs), seeing: seeing(event), salt: SystemRandom.bytes(BodyLine.saltBytes))
            events.append(try await author(draft, index))
        }
        return events
    }

    /// What a body says of other events of the file, by the names that they have here.
    private func renamed(_ body: String) -> String {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body.utf8)) else { return body }
        func rename(_ value: JSONValue) -> JSONValue {
            switch value {
            case .string(let text):
                guard let events = EventHash(text).flatMap({ ledger.taken[$0]?.events }), let event = events.first else {
                    return value
                }
                return .string("\(event)")
            case .array(let elements): return .array(elements.map(rename))
            case .object(let members): return .object(members.mapValues(rename))
            case .null, .bool, .int: return value
            }
        }
        let changed = rename(value)
        guard changed != value, let text = try? JSONEncoder().encode(changed) else { return body }
        return String(decoding: text, as: UTF8.self)
    }

    /// What was decided without knowing of each other elsewhere is so here too.
    private func seeing(_ event: ImportEvent) -> Draft.Seeing {
        guard let seen = event.seen else { return .everything }
        let events = seen.flatMap { ledger.taken[$0]?.events ?? [] }
        return .exactly(View(chart: target.chart, events: Array(Set(target.base.events + events))))
    }

    private func refs(of event: ImportEvent, previous: EventHash?) async throws -> [EventHash] {
        var refs: [EventHash] = []
        for ref in event.refs {
            switch ref {
            case .imported(let identity):
                guard let events = ledger.taken[identity]?.events else {
                    throw Refused(reason: "it names something that was not taken")
                }
                refs += events
            case .medication(let drug): refs.append(try await medication(drug))
            case .previous: refs += [previous].compactMap { $0 }
            }
        }
        return refs
    }

    private func medication(_ drug: Code) async throws -> EventHash {
        var record = trial
        if record == nil { record = try await log.record(of: target.chart) }
        let lineages = record.map { RegimenView(Fold($0)).medications } ?? []
        let named = lineages.filter { lineage in
            guard let known = lineage.drug, lineage.state != .void else { return false }
            return known == drug || (known.code != nil && known.system == drug.system && known.code == drug.code)
        }
        guard let one = named.first else { throw Refused(reason: "\(drug.display) is not prescribed in this chart") }
        guard named.count == 1 else { throw Refused(reason: "\(drug.display) was prescribed \(named.count) times in this chart") }
        return one.root
    }
}
