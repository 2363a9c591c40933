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
    private let isLocal: Bool
    /// Where heads are part of the arrival log, a quick check looks at the signatures of the ends of chains only.
    private let isQuick: Bool
    private let origins: [Int64: Origin]
    private var verifier: ChartVerifier
    private var heads: [(head: SignedHead, place: Int, isBelieved: Bool)] = []
    private var members: Membership?
    /// Events that were found as ones of this chart.
    private var taken = 0
    /// The last segment that was taken, and the first.
    private var before: Int64 = 0
    private var first: Int64 = 0
    /// Those of which no body is here.
    private var bodiless: Set<EventHash> = []

    private init(
        id: Int64, chart: ChartID, events: Int, node: NodeID, sealer: Sealer, isQuick: Bool, origins: [Int64: Origin],
        _ db: Database
    ) throws {
        self.isQuick = isQuick
        self.origins = origins
        self.id = id
        self.chart = chart
        self.node = node
        self.sealer = sealer
        isLocal =
            try Row.fetchOne(db.cachedStatement(sql: "SELECT local FROM chart WHERE id = ?"), arguments: [id])?
            .number("local") == 1
        verifier = ChartVerifier(chart: chart, isLocal: isLocal, name: isLocal ? "journal" : nil, expecting: events)
    }

    /// Checks several charts, whose rows are read in one pass, one after another.
    static func verify(
        _ charts: [(id: Int64, chart: ChartID)], node: NodeID, sealer: Sealer, _ db: Database, isQuick: Bool, byChain: Bool
    ) throws -> [ChartFindings] {
        let origins = try Origins.all(db)
        let receipts = try receipts(of: charts.map(\.id), db)
        var rows = try ChartRows(of: charts.map(\.id), byChain: byChain, db)
        return try charts.map { id, chart in
            var verifier = try ChartRowsVerifier(
                id: id, chart: chart, events: rows.expected(id), node: node, sealer: sealer, isQuick: isQuick,
                origins: origins, db)
            try rows.take(id) { verifier.take($0) }
            try verifier.checkChain(rows.counts[id] ?? 0, db)
            verifier.takeHeads()
            for receipt in receipts[id] ?? [] { verifier.takeReceipt(receipt) }
            return try verifier.finish(db, isQuick: isQuick)
        }
    }

    /// One of a chart's receipts, and where it stands; nil for one that cannot be read.
    private typealias ReceiptRow = (receipt: Receipt?, place: Int?)

    /// By the charts that they are for.
    private static func receipts(of charts: [Int64], _ db: Database) throws -> [Int64: [ReceiptRow]] {
        let rows = try RawStatement(
            """
            SELECT \(Receipt.columns), number, receipt.chart FROM receipt LEFT JOIN chart ON chart.id = receipt.chart
            WHERE receipt.chart IN (\(charts.map(String.init).joined(separator: ","))) ORDER BY number
            """, db)
        let all = try rows.all { row in
            (chart: row.number(9) ?? 0, row: (Receipt(row), row.number(8).map { Int($0) }) as ReceiptRow)
        }
        return Dictionary(grouping: all, by: \.chart).mapValues { $0.map(\.row) }
    }

    private mutating func finish(_ db: Database, isQuick: Bool) throws -> ChartFindings {
        let erased = Set(
            try Row.fetchAll(
                db.cachedStatement(
                    sql: "SELECT name FROM erasure WHERE chart = ?"), arguments: [id]
            ).compactMap { $0.hash("name") })
        verifier.finish { erased.contains($0) }
        checkErasures()
        try checkTips(db)
        if !isQuick { try checkDerived(db) }
        return verifier.found
    }

    // MARK: Lines

    private mutating func take(_ row: SegmentRow) {
        if row.before != before {
            verifier.add(Finding(.database, "its row does not name the one before it in this chart", place: Int(row.id)))
        }
        before = row.id
        if first == 0 { first = row.id }
        let verdict = row.verdict
        let isItsOwn = row.chart == id && verdict != nil
        let origin = row.origin.flatMap { origins[$0] }
        var next = row.seq ?? 0
        let isReadable = row.forEach(sealer) { lines in
            taken += 1
            let place = Int(lines.place)
            guard isItsOwn, let verdict else {
                return verifier.add(Finding(.envelope, "the row of this event cannot be read", place: place))
            }
            let event = verifier.take(
                ChartVerifier.RawEvent(
                    place: place, envelope: lines.envelope, name: lines.name, body: body(lines), verdict: verdict))
            if let event, event.dot.origin != origin || Int64(event.dot.seq) != next {
                verifier.add(
                    Finding(.database, "its row is kept as one of another place in its sequence", dot: event.dot, place: place))
            }
            next &+= 1
            guard lines.isLast, row.hasHead else { return }
            if let event, let head = row.head {
                let isBelieved = isQuick && row.form.map { $0 >= .heads } ?? false
                heads.append(
                    (
                        SignedHead(
                            chart: event.chart, dot: event.dot, hash: lines.name, at: head.at, signature: head.signature), place,
                        isBelieved
                    ))
            } else {
                verifier.add(Finding(.head, "the head cannot be read", place: place))
            }
        }
        guard !isReadable else { return }
        taken &+= row.count ?? 0
        verifier.add(
            Finding(
                .envelope,
                row.first < row.id
                    ? "the row of arrivals \(row.first) to \(row.id) cannot be read" : "the row of this event cannot be read",
                place: Int(row.id)))
    }

    private mutating func body(_ lines: SegmentRow.Lines) -> ChartVerifier.RawEvent.Body {
        switch lines.body {
        case .present(let line): return .present(line)
        case .unreadable:
            return .unreadable("the seal of the body does not open: it was altered, or sealed with another store key")
        case .absent:
            bodiless.insert(lines.name)
            return .absent
        }
    }

    private mutating func takeHeads() {
        for (head, place, isBelieved) in heads { verifier.take(head, place: place, isBelieved: isBelieved) }
    }

    private mutating func takeReceipt(_ row: ReceiptRow) {
        guard let receipt = row.receipt else {
            return verifier.add(Finding(.receipt, "a receipt that cannot be read", place: row.place))
        }
        let members = members ?? verifier.members
        self.members = members
        verifier.take(receipt, members: members, place: row.place)
    }

    // MARK: What is kept beside the lines

    /// Segments are found by what they say of themselves or one by the other: both have to come to what the chart's row says.
    private mutating func checkChain(_ counted: Int, _ db: Database) throws {
        let row = try Row.fetchOne(db.cachedStatement(sql: "SELECT first, last FROM chart WHERE id = ?"), arguments: [id])
        guard taken == counted, row?.number("last") == before, row?.number("first") == first else {
            return verifier.add(
                Finding(
                    .database,
                    "\(taken) events say that they are of this chart, and its row counts \(counted), or begins or ends elsewhere")
            )
        }
    }

    private mutating func checkErasures() {
        for (event, _) in verifier.record.erasedEvents where !bodiless.contains(event) {
            guard let position = verifier.record.graph.position(of: event) else { continue }
            let dot = verifier.record.graph.nodes[position].envelope.dot
            verifier.add(
                Finding(
                    .bodyNotErased, "an erasure names it, and its body is here", dot: dot, place: verifier.place(of: position)))
        }
    }

    private mutating func checkTips(_ db: Database) throws {
        let graph = verifier.record.graph
        // Where events could not be taken in, nothing can be said of what follows from them.
        guard verifier.found.count == 0 else { return }
        let heads = graph.heads
        let row = try Row.fetchOne(db.cachedStatement(sql: "SELECT digest, tips FROM chart WHERE id = ?"), arguments: [id])
        let stored = row?.bytes("tips").flatMap { TipList.tips(in: $0) { origins[$0] } } ?? []
        guard stored.count == heads.tips.count, Set(stored) == Set(heads.tips), row?.hash("digest") == heads.digest else {
            return verifier.add(Finding(.derived, "the heads that peers are compared with are not those of the events"))
        }
    }

    private mutating func checkDerived(_ db: Database) throws {
        guard verifier.found.count == 0 else { return }
        let fold = Fold(verifier.record)
        for type in Transaction.kept {
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT digest, sealed FROM projection WHERE chart = ? AND name = ?"),
                arguments: [id, type.name])
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
        if !isLocal { try checkShares(db, fold) }
    }

    private mutating func checkShares(_ db: Database, _ fold: Fold) throws {
        let stored = try Row.fetchAll(
            db.cachedStatement(sql: "SELECT node, until FROM share WHERE chart = ?"), arguments: [id]
        ).map { "\($0.text("node") ?? "") \($0.number("until").map(String.init) ?? "-")" }
        let expected = ShareTable.entries(fold, node: node).map {
            "\($0.node) \($0.coverage.lastDay.map { String($0.number) } ?? "-")"
        }
        guard stored.sorted() == expected.sorted() else {
            return verifier.add(Finding(.derived, "whom the chart may be sent to, as it was kept, is not what the events say"))
        }
    }
}
