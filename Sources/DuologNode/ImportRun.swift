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
    let author: AuthorID
    /// The chart before the first of them.
    let base: View
}

/// Why a resource is kept aside after all.
struct ImportRefused: Error {
    let reason: String
}

/// Turns resources into drafts, and remembers the names of what was written.
struct ImportRun {
    let target: ImportTarget
    private(set) var ledger: ImportLedger
    /// Medications that resources named, by their names.
    private(set) var medications: [Code: EventHash]

    init(_ target: ImportTarget, _ ledger: ImportLedger, medications: [Code: EventHash] = [:]) {
        self.target = target
        self.ledger = ledger
        self.medications = medications
    }

    /// Writes the events of a resource.
    ///
    /// - Parameter lineages: the medications of the chart, where a name was not looked up before.
    mutating func take(
        _ item: ImportItem, among lineages: () -> [RegimenView.Lineage], write: (Draft) throws -> EventHash
    ) throws -> [EventHash] {
        var events: [EventHash] = []
        for event in item.events {
            let members: [UInt8]
            do {
                members = try Members.canonical(Array(renamed(event.body).utf8), as: event.kind)
            } catch let error as ContentError {
                throw ImportRefused(reason: "\(error)")
            } catch let error as FormatError {
                throw ImportRefused(reason: "\(error)")
            }
            let refs = try refs(of: event, previous: events.last, lineages)
            events.append(
                try write(
                    Draft(
                        chart: target.chart, author: target.author, kind: event.kind, members: members, when: event.when,
                        refs: .events(refs), seeing: seeing(event), salt: SystemRandom.bytes(BodyLine.saltBytes))))
        }
        ledger.taken[item.identity] = ImportRecorded.Item(identity: item.identity, content: item.content, events: events)
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

    private mutating func refs(
        of event: ImportEvent, previous: EventHash?, _ lineages: () -> [RegimenView.Lineage]
    ) throws -> [EventHash] {
        var refs: [EventHash] = []
        for ref in event.refs {
            switch ref {
            case .imported(let identity):
                guard let events = ledger.taken[identity]?.events else {
                    throw ImportRefused(reason: "it names something that was not taken")
                }
                refs += events
            case .medication(let drug): refs.append(try medication(drug, lineages))
            case .previous: refs += [previous].compactMap { $0 }
            }
        }
        return refs
    }

    private mutating func medication(_ drug: Code, _ lineages: () -> [RegimenView.Lineage]) throws -> EventHash {
        if let known = medications[drug] { return known }
        let named = lineages().filter { lineage in
            guard let known = lineage.drug, lineage.state != .void else { return false }
            return known == drug || (known.code != nil && known.system == drug.system && known.code == drug.code)
        }
        guard let one = named.first else { throw ImportRefused(reason: "\(drug.display) is not prescribed in this chart") }
        guard named.count == 1 else {
            throw ImportRefused(reason: "\(drug.display) was prescribed \(named.count) times in this chart")
        }
        medications[drug] = one.root
        return one.root
    }
}

/// An import on a copy of the chart: what would be refused is found out before anything is written.
struct ImportTrial {
    private(set) var run: ImportRun
    private var record: ChartRecord
    private let origin: Origin
    private let time: Timestamp
    private var lineages: [RegimenView.Lineage]?

    init(_ record: ChartRecord, _ origin: Origin, _ time: Timestamp, _ run: ImportRun) {
        self.record = record
        self.origin = origin
        self.time = time
        self.run = run
    }

    /// What becomes of a resource: all of its events, or none.
    mutating func take(_ item: ImportItem) -> ImportAnswer.Outcome {
        if let earlier = run.ledger.taken[item.identity] {
            guard earlier.content != item.content else {
                return ImportAnswer.Outcome(identity: item.identity, result: .already, events: earlier.events)
            }
            return aside(
                item, "it was imported before with another content: look at both, and amend the record where that is right")
        }
        if let reason = item.quarantine { return aside(item, reason) }
        // A record that refused an event is not used any more: the copies take its place only where all went well.
        var (copy, attempt, known) = (record, run, lineages)
        do {
            let chart = record
            _ = try attempt.take(
                item,
                among: {
                    let all = known ?? RegimenView(Fold(chart)).medications
                    known = all
                    return all
                }
            ) { try copy.author($0, as: origin, at: time).written.event }
        } catch let refused as ImportRefused {
            return aside(item, refused.reason)
        } catch let error as AuthoringError {
            return aside(item, NodeError(error).text)
        } catch {
            return aside(item, "it could not be written")
        }
        (record, run) = (copy, attempt)
        lineages = item.events.contains { $0.kind == MedicationPrescribed.kind } ? nil : known
        return ImportAnswer.Outcome(identity: item.identity, result: .taken)
    }

    private func aside(_ item: ImportItem, _ reason: String) -> ImportAnswer.Outcome {
        ImportAnswer.Outcome(identity: item.identity, result: .quarantined, reason: reason)
    }
}
