public import CareModel
public import EventLog
import Foundation
import GRDB

extension LogStore {
    /// Writes events, all or none, and returns once they are durable. A request id that was answered before gets the same answer again;
    /// nil where nobody repeats it.
    public func author(_ drafts: [Draft], request: String?) async throws -> [Authored] {
        let weight = drafts.reduce(8192) { $0 + $1.members.count }
        return try await write(weight: weight, events: drafts.map(\.chart)) { transaction in
            let author = drafts.first?.author ?? .node
            if let request, let earlier = try transaction.answer(to: request, of: author) { return earlier }
            let written = try transaction.author(drafts)
            if let request { try transaction.remember(written, request: request, of: author) }
            return written
        }
    }

    /// Writes events one after another in one commit, all or none, where what is written later depends on the names of what was written
    /// before. Repeats itself like ``author(_:request:)``; what `compose` throws is thrown here.
    public func author(
        request: String, by author: AuthorID, _ compose: @escaping @Sendable ((Draft) throws -> Authored) throws -> Void
    ) async throws -> [Authored] {
        try await write(weight: 1 << 20) { transaction in
            if let earlier = try transaction.answer(to: request, of: author) { return earlier }
            var written: [Authored] = []
            try compose { draft in
                let authored = try transaction.author(draft)
                written.append(authored)
                return authored
            }
            try transaction.remember(written, request: request, of: author)
            return written
        }
    }

    /// What a request was answered with before; nil for a new one. A command that first looks whether it may do what it is asked asks this
    /// before: after the first time it often may not.
    public func answer(to request: String, of author: AuthorID) async throws -> [Authored]? {
        try await write(weight: 0) { try $0.answer(to: request, of: author) }
    }

    /// Opens a chart of which this node is the founder, and returns its id.
    public func openChart(name: String, nonce: [UInt8], isLocal: Bool = false, when: ClinicalTime, salt: [UInt8]) async throws
        -> ChartID
    {
        let keys = key.keys
        let chart = ChartFounding.chart(founder: keys.first, nonce: nonce)
        let opened = ChartOpened(keys: keys, nonce: Base64URL.encode(nonce), name: name)
        let draft = Draft(chart: chart, saying: opened, when: when, salt: salt)
        try await write { transaction in
            if try transaction.chartID(chart) != nil { return }
            _ = try transaction.createChart(chart, isLocal: isLocal)
            _ = try transaction.author(draft)
        }
        return chart
    }
}

extension Transaction {
    /// Writes events chart by chart, each chart's in their order; returns them in the order of the drafts. Charts do not depend on each other, and so
    /// those that are done can be signed and stored while the next one is written to.
    fileprivate func author(_ drafts: [Draft]) throws -> [Authored] {
        guard drafts.count > 1 else { return try drafts.map { try author($0) } }
        var places: [ChartID: [Int]] = [:]
        var charts: [ChartID] = []
        for (place, draft) in drafts.enumerated() {
            if places[draft.chart] == nil { charts.append(draft.chart) }
            places[draft.chart, default: []].append(place)
        }
        var written = [Authored?](repeating: nil, count: drafts.count)
        for chart in charts { for place in places[chart] ?? [] { written[place] = try author(drafts[place]) } }
        return written.compactMap { $0 }
    }

    func author(_ draft: Draft) throws -> Authored {
        guard let chart = try chartID(draft.chart) else { throw AuthoringError.unknownChart }
        try sayKeys(in: chart, beforeWriting: true)
        return try write(draft, to: chart)
    }

    func write(_ draft: Draft, to chart: Int64) throws -> Authored {
        let origin = Origin(node: store.node, epoch: state.counters.epoch)
        let (written, event) = try withRecord(chart, isWriting: true) { record in
            try record.author(draft, as: origin, at: store.configuration.clock())
        }
        // What is not permitted is not written.
        try insert(event, verdict: .permitted, chart: chart, source: nil)
        noteAuthored(in: draft.chart, chart)
        if Self.touchesErasure(event) { try applyErasures(to: chart) }
        return written
    }

    // MARK: Repeated requests

    func answer(to request: String, of author: AuthorID) throws -> [Authored]? {
        guard
            let sealed = try Data.fetchOne(
                db.cachedStatement(sql: "SELECT sealed FROM request WHERE id = ? AND author = ?"),
                arguments: [request, author.text])
        else { return nil }
        let bytes = try store.configuration.sealer.open(sealed, as: Array("request \(request)".utf8))
        return try LineDecoder.decode([Authored].self, from: bytes)
    }

    func remember(_ written: [Authored], request: String, of author: AuthorID) throws {
        let bytes = try LineEncoder.encode(written)
        let sealed = try store.configuration.sealer.seal(bytes, as: Array("request \(request)".utf8))
        try db.cachedStatement(sql: "INSERT INTO request (id, author, sealed) VALUES (?, ?, ?)")
            .execute(arguments: [request, author.text, sealed])
    }
}
