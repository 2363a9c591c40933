import CareModel
import EventLog
import Foundation
import GRDB

/// Checks the rows of one chart: the lines by ``ChartVerifier``, and what is kept beside them against what they say.
struct ChartRowsVerifier {
    let id: Int64
    let chart: ChartID
    let node: NodeID
    let sealer: Sealer

    func verify(_ db: Database, isQuick: Bool) throws -> ChartFindings {
        let isLocal = try Row.fetchOne(db, sql: "SELECT local FROM chart WHERE id = ?", arguments: [id])?.number("local") == 1
        var verifier = ChartVerifier(chart: chart, isLocal: isLocal, name: isLocal ? "journal" : nil)
        let heads = try readEvents(db, &verifier)
        for (head, place) in heads { verifier.take(head, place: place) }
        try readReceipts(db, &verifier)
        let erased = Set(
            try Row.fetchAll(
                db, sql: "SELECT hash FROM event JOIN erasure ON erasure.event = event.id WHERE chart = ?", arguments: [id]
            ).compactMap { $0.hash("hash") })
        verifier.finish { erased.contains($0) }
        try checkErasures(db, &verifier)
        try checkTips(db, &verifier)
        if !isQuick { try checkDerived(db, &verifier, isLocal: isLocal) }
        return verifier.found
    }

    // MARK: Lines

    private func readEvents(_ db: Database, _ verifier: inout ChartVerifier) throws -> [(SignedHead, Int)] {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT event.id, event.hash, envelope, verdict, body.event AS has_body, sealed, head.event AS has_head,
                    head.at AS head_at, signature
                FROM event LEFT JOIN body ON body.event = event.id LEFT JOIN head ON head.event = event.id
                WHERE chart = ? ORDER BY event.id
                """, arguments: [id])
        var heads: [(SignedHead, Int)] = []
        while let row = try rows.next() {
            let place = Int(row.number("id") ?? 0)
            guard let name = row.hash("hash"), let envelope = row.bytes("envelope"), let verdict = verdict(row) else {
                verifier.add(Finding(.envelope, "the row of this event cannot be read", place: place))
                continue
            }
            verifier.take(
                ChartVerifier.RawEvent(
                    place: place, envelope: envelope, name: name, body: body(row, name), verdict: verdict))
            guard row.number("has_head") != nil else { continue }
            if let event = try? Envelope(line: envelope), let head = row.signedHead(event, name) {
                heads.append((head, place))
            } else {
                verifier.add(Finding(.head, "the head cannot be read", place: place))
            }
        }
        return heads
    }

    private func body(_ row: Row, _ name: EventHash) -> ChartVerifier.RawEvent.Body {
        guard row.number("has_body") != nil else { return .absent }
        guard let sealed = row.bytes("sealed"), let line = try? sealer.open(Data(sealed), as: name.bytes) else {
            return .unreadable("the seal of the body does not open: it was altered, or sealed with another store key")
        }
        return .present(line)
    }

    /// Nil where what stands there is no verdict.
    private func verdict(_ row: Row) -> Verdict? {
        let value: DatabaseValue? = row["verdict"]
        guard let value, !value.isNull else { return .permitted }
        guard let text = row.text("verdict") else { return nil }
        return try? JSONDecoder().decode(Verdict.self, from: Data(text.utf8))
    }

    private func readReceipts(_ db: Database, _ verifier: inout ChartVerifier) throws {
        let members = verifier.members
        let rows = try Row.fetchCursor(
            db, sql: "SELECT receipt.*, ? AS name FROM receipt WHERE chart = ? ORDER BY number",
            arguments: [Data(chart.bytes), id])
        while let row = try rows.next() {
            let place = row.number("number").map { Int($0) }
            guard let receipt = Receipt(row) else {
                verifier.add(Finding(.receipt, "a receipt that cannot be read", place: place))
                continue
            }
            verifier.take(receipt, members: members, place: place)
        }
    }

    // MARK: What is kept beside the lines

    private func checkErasures(_ db: Database, _ verifier: inout ChartVerifier) throws {
        for (event, _) in verifier.record.erasedEvents {
            let isHere = try Int64.fetchOne(
                db, sql: "SELECT body.event FROM body JOIN event ON event.id = body.event WHERE hash = ?",
                arguments: [Data(event.bytes)])
            guard let isHere, let node = verifier.record.graph[event] else { continue }
            verifier.add(
                Finding(.bodyNotErased, "an erasure names it, and its body is here", dot: node.envelope.dot, place: Int(isHere)))
        }
    }

    private func checkTips(_ db: Database, _ verifier: inout ChartVerifier) throws {
        let graph = verifier.record.graph
        // Where events could not be taken in, nothing can be said of what follows from them.
        guard verifier.found.count == 0 else { return }
        let expected = Set(
            graph.origins.flatMap { origin in
                graph.tips(of: origin).map { Tip(origin: origin, seq: graph.nodes[$0].envelope.seq, hash: graph.nodes[$0].hash) }
            })
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT origin.text, tip.seq, tip.hash FROM tip LEFT JOIN origin ON origin.id = tip.origin WHERE tip.chart = ?",
            arguments: [id])
        let stored = rows.compactMap { row -> Tip? in
            guard let origin = row.text("text").flatMap({ Origin($0) }), let seq = row.number("seq"), let hash = row.hash("hash")
            else { return nil }
            return Tip(origin: origin, seq: Int(seq), hash: hash)
        }
        let digest = try Row.fetchOne(db, sql: "SELECT digest FROM chart WHERE id = ?", arguments: [id])?.hash("digest")
        guard Set(stored) == expected, rows.count == stored.count,
            digest == ChartHeads(chart: chart, tips: Array(expected)).digest
        else { return verifier.add(Finding(.derived, "the heads that peers are compared with are not those of the events")) }
    }

    private func checkDerived(_ db: Database, _ verifier: inout ChartVerifier, isLocal: Bool) throws {
        guard verifier.found.count == 0 else { return }
        let fold = Fold(verifier.record)
        for type in Transaction.kept {
            let row = try Row.fetchOne(
                db, sql: "SELECT digest, sealed FROM projection WHERE chart = ? AND name = ?", arguments: [id, type.name])
            // Nothing is kept of a chart in which nothing was decided yet.
            guard let row else { continue }
            let bytes = Projections.bytes(type.init(fold))
            let kept = row.bytes("sealed").flatMap {
                try? sealer.open(Data($0), as: ProjectionLabel.bytes(chart, type.name))
            }
            guard kept == bytes, row.hash("digest") == EventHash(of: bytes) else {
                verifier.add(
                    Finding(.derived, "\(type.name) as it was kept is not what the events say; mend it: duolog debug rebuild"))
                continue
            }
        }
        if !isLocal { try checkShares(db, fold, &verifier) }
    }

    private func checkShares(_ db: Database, _ fold: Fold, _ verifier: inout ChartVerifier) throws {
        let stored = try Row.fetchAll(db, sql: "SELECT node, until FROM share WHERE chart = ?", arguments: [id])
            .map { "\($0.text("node") ?? "") \($0.number("until").map(String.init) ?? "-")" }
        let expected = ShareTable.entries(fold, node: node).map {
            "\($0.node) \($0.coverage.lastDay.map { String($0.number) } ?? "-")"
        }
        guard stored.sorted() == expected.sorted() else {
            return verifier.add(Finding(.derived, "whom the chart may be sent to, as it was kept, is not what the events say"))
        }
    }
}
