import EventLog

/// What is different between the record at two moments.
public struct ReplayDifference: Codable, Hashable, Sendable {
    /// An event that is in both, and stands differently.
    public struct Changed: Codable, Hashable, Sendable {
        /// The event.
        public let label: EventLabel
        /// What it said at the first moment, and how it stood.
        public let before: String
        /// What it says at the second.
        public let after: String
    }

    /// A medication or a dispute that reads differently.
    public struct Reading: Codable, Hashable, Sendable {
        /// What it is about.
        public let subject: String
        /// At the first moment; nil where it was not there.
        public let before: String?
        /// At the second moment; nil where it was not there.
        public let after: String?
    }

    /// Events only in the second.
    public let added: [TimelineView.Entry]
    /// Events only in the first.
    public let missing: [TimelineView.Entry]
    /// Events that stand differently.
    public let changed: [Changed]
    /// Medications that read differently.
    public let medications: [Reading]
    /// Disputes that were opened, settled or read differently.
    public let disputes: [Reading]

    /// Compares the record at two moments.
    public init(from first: Replay.Record, to second: Replay.Record) {
        let before = Dictionary(first.timeline.entries.map { ($0.label.event, $0) }, uniquingKeysWith: { one, _ in one })
        let after = Dictionary(second.timeline.entries.map { ($0.label.event, $0) }, uniquingKeysWith: { one, _ in one })
        added = second.timeline.entries.filter { before[$0.label.event] == nil }
        missing = first.timeline.entries.filter { after[$0.label.event] == nil }
        changed = second.timeline.entries.compactMap { entry in
            guard let earlier = before[entry.label.event], earlier.words != entry.words else { return nil }
            return Changed(label: entry.label, before: earlier.words, after: entry.words)
        }
        medications = Self.compare(
            first.regimen.medications.map { ($0.root, $0.drug?.display ?? "[erased]", $0.headline) },
            second.regimen.medications.map { ($0.root, $0.drug?.display ?? "[erased]", $0.headline) })
        disputes = Self.compare(
            first.conflicts.disputes.map { ($0.root, $0.subject, $0.headline) },
            second.conflicts.disputes.map { ($0.root, $0.subject, $0.headline) })
    }

    private static func compare(
        _ first: [(EventHash, subject: String, text: String)], _ second: [(EventHash, subject: String, text: String)]
    ) -> [Reading] {
        let before = Dictionary(first.map { ($0.0, $0) }, uniquingKeysWith: { one, _ in one })
        let after = Dictionary(second.map { ($0.0, $0) }, uniquingKeysWith: { one, _ in one })
        return Set(before.keys).union(after.keys).sorted().compactMap { root in
            let (old, new) = (before[root], after[root])
            guard old?.text != new?.text else { return nil }
            return Reading(subject: new?.subject ?? old?.subject ?? "", before: old?.text, after: new?.text)
        }
    }
}

extension TimelineView.Entry {
    /// What it says and how it stands, in one line.
    var words: String {
        var text = summary
        if standing != .inEffect { text += " [\(standing.rawValue)\(because.map { ": \($0)" } ?? "")]" }
        for correction in corrections { text += "; corrected: \(correction.summary)" }
        return text
    }
}

extension RegimenView.Lineage {
    /// How a medication stands, in a few words. A disputed one is never shown as one value.
    public var headline: String {
        let agreed = last_agreed?.amount ?? "none"
        switch state {
        case .agreed:
            let daily = values.first?.daily_dose.map { ", \($0)" } ?? ""
            return (last_agreed?.description ?? "[erased]") + daily
        case .disputed:
            return "DISPUTED {\(values.map { $0.value?.amount ?? "[erased]" }.joined(separator: ", "))}, last agreed \(agreed)"
        case .withdrawn: return "WITHDRAWN, last agreed \(agreed)"
        case .void: return "nothing in effect"
        }
    }
}

extension ConflictsView.Dispute {
    /// A dispute in a few words.
    public var headline: String {
        "DISPUTED {\(siblings.map(\.value).joined(separator: ", "))}, last agreed \(last_agreed ?? "none")"
    }
}
