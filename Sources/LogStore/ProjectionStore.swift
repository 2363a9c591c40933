import CareModel
import EventLog
import Foundation
import GRDB

/// Projections that are kept with the log: they change in the same commit as the events that they follow from.
extension Transaction {
    /// What is kept sealed. The timeline is not: it grows with every event, and is read from the events.
    static let kept: [any Projection.Type] = [
        MembershipView.self, RegimenView.self, ConflictsView.self, IntegrityView.self,
    ]

    /// Folds a chart once and stores what changed.
    func project(_ chart: Int64) throws {
        let record = try record(chart)
        let fold = Fold(record)
        for type in Self.kept {
            let bytes = Projections.bytes(type.init(fold))
            let digest = Data(EventHash(of: bytes).bytes)
            let stored = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT digest FROM projection WHERE chart = ? AND name = ?"),
                arguments: [chart, type.name])
            guard stored != digest else { continue }
            let sealed = try store.configuration.sealer.seal(bytes, as: ProjectionLabel.bytes(record.graph.chart, type.name))
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO projection (chart, name, digest, sealed) VALUES (?, ?, ?, ?)")
                .execute(arguments: [chart, type.name, digest, sealed])
        }
        try share(chart, fold)
    }

    private func share(_ chart: Int64, _ fold: Fold) throws {
        let isLocal = try Bool.fetchOne(db, sql: "SELECT local FROM chart WHERE id = ?", arguments: [chart]) ?? true
        guard !isLocal else { return }
        noteRelease()
        try db.execute(sql: "DELETE FROM share WHERE chart = ?", arguments: [chart])
        for entry in ShareTable.entries(fold, node: store.node) {
            try db.execute(
                sql: "INSERT INTO share (node, chart, until, consent) VALUES (?, ?, ?, ?)",
                arguments: [
                    entry.node.description, chart, entry.coverage.lastDay?.number, entry.consent.map { Data($0.bytes) },
                ])
        }
        for (node, removal) in fold.membership.removals where node != store.node {
            try noteRemoval(of: node, by: removal, from: fold.record.graph.chart)
        }
    }
}

/// What a sealed projection is bound to.
enum ProjectionLabel {
    static func bytes(_ chart: ChartID, _ name: String) -> [UInt8] { Array("projection \(name) ".utf8) + chart.bytes }
}

/// Whom a chart may be sent to: members other than this node whom a consent covers.
enum ShareTable {
    struct Entry {
        let node: NodeID
        let coverage: ConsentState.Coverage
        /// The grant that a disclosure relies on.
        let consent: EventHash?
    }

    static func entries(_ fold: Fold, node: NodeID) -> [Entry] {
        let consent = ConsentState(fold)
        return fold.membership.members.keys.sorted().filter { $0 != node && fold.membership.contains($0) }.compactMap { peer in
            let coverage = consent.coverage(of: peer)
            return coverage == .none ? nil : Entry(node: peer, coverage: coverage, consent: consent.grant(for: peer))
        }
    }
}
