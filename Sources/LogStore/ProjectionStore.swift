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
    func project(_ chart: Int64) throws { try store(KeptFold(try record(chart)), of: chart) }

    /// Stores what changed.
    func store(_ kept: KeptFold, of chart: Int64) throws {
        for (type, bytes) in zip(Self.kept, kept.projections) {
            let digest = Data(EventHash(of: bytes).bytes)
            let stored = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT digest FROM projection WHERE chart = ? AND name = ?"),
                arguments: [chart, type.name])
            guard stored != digest else { continue }
            let sealed = try store.configuration.sealer.seal(
                bytes, as: ProjectionLabel.bytes(kept.fold.record.graph.chart, type.name))
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO projection (chart, name, digest, sealed) VALUES (?, ?, ?, ?)")
                .execute(arguments: [chart, type.name, digest, sealed])
        }
        try share(chart, kept.fold)
    }

    private func share(_ chart: Int64, _ fold: Fold) throws {
        let isLocal = try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT local FROM chart WHERE id = ?"), arguments: [chart])
        guard isLocal == false else { return }
        noteRelease()
        try db.cachedStatement(sql: "DELETE FROM share WHERE chart = ?").execute(arguments: [chart])
        let insert = try db.cachedStatement(sql: "INSERT INTO share (node, chart, until, consent) VALUES (?, ?, ?, ?)")
        for entry in ShareTable.entries(fold, node: store.node) {
            try insert.execute(arguments: [
                entry.node.description, chart, entry.coverage.lastDay?.number, entry.consent.map { Data($0.bytes) },
            ])
        }
        for (node, removal) in fold.membership.removals where node != store.node {
            try noteRemoval(of: node, by: removal, from: fold.record.graph.chart)
        }
    }
}

/// A chart folded, with all that is kept of it as bytes. Made of what is in memory.
struct KeptFold {
    let fold: Fold
    let projections: [[UInt8]]

    init(_ record: ChartRecord) {
        let fold = Fold(record)
        self.fold = fold
        projections = Transaction.kept.map { Projections.bytes($0.init(fold)) }
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
